"""Kept backups in words: why each is kept, whether it is whole, and what restoring one would change."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from orca_desk.counting import counted
from orca_desk.library.backups.difference import BackupDifference
from orca_desk.library.backups.keeping import DAYS_BEFORE_RESTORE, Verified
from orca_desk.library.backups.keeping_settings import Every, Keeping
from orca_desk.library.backups.kept import KeptBackup
from orca_desk.library.backups.thinning import DAYS, HOURS, MONTHS, NEWEST, WEEKS, Reason
from orca_desk.models.fits import human_bytes

EVERY: dict[Every, str] = {
    "off": "Off",
    "hour": "Every hour",
    "day": "Every day",
    "week": "Every week",
}
REASONS: dict[Reason, str] = {
    "newest": f"One of the newest {NEWEST}",
    "hour": f"One for each of the last {HOURS} hours",
    "day": f"One for each of the last {DAYS} days",
    "week": f"One for each of the last {WEEKS} weeks",
    "month": f"One for each of the last {MONTHS} months",
    "future": "Its date is in the future: a clock was wrong",
}
THINNING = (
    f"Kept: the newest {NEWEST}, one for each of the last {HOURS} hours, {DAYS} days, {WEEKS} weeks"
    f" and {MONTHS} months, and those that you made or keep."
    " What has not changed is stored only once."
)
NOUNS = {
    "tasks": "task",
    "strategies": "version of a strategy",
    "pairings": "pairing",
    "records": "teacher record",
    "decisions": "kept or dropped record",
    "revisions": "edit of a record",
    "snapshots": "snapshot",
    "trainings": "training",
    "evaluations": "evaluation",
    "chats": "chat",
    "messages": "message in chats",
    "proposals": "proposal",
    "notes": "note",
    "trash": "deletion in the trash",
    "settings": "setting",
}
PLURALS = {
    "strategies": "versions of strategies",
    "decisions": "kept or dropped records",
    "revisions": "edits of records",
    "messages": "messages in chats",
    "trash": "deletions in the trash",
}


def reason_text(backup: KeptBackup, reasons: dict[str, Reason]) -> str:
    """Return why a backup is kept."""
    if backup.pinned:
        return "Kept by you"
    if backup.why == "asked":
        return "Made by you"
    if backup.why == "before-restore":
        return f"Before a restore; {DAYS_BEFORE_RESTORE} days"
    reason = reasons.get(backup.name)
    return REASONS[reason] if reason else "Goes with the next backup"


def state_text(backup: KeptBackup) -> str:
    """Return when a backup was verified, or what is damaged: "Verified yesterday"."""
    if backup.lost:
        return f"Damaged: {counted(len(backup.lost), 'file')} cannot be read"
    if not backup.verified_at:
        return "Not verified yet"
    return f"Verified {ago(datetime.fromisoformat(backup.verified_at))}"


def local_time(moment: datetime) -> str:
    """Return a time in this computer's zone: "28 Nov, 09:00", in another year "28 Nov 2025, 09:00"."""
    local = moment.astimezone()
    year = "" if local.year == datetime.now().astimezone().year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a time was: "today", "yesterday", "5 days ago"."""
    days = ((now or datetime.now(UTC)).astimezone().date() - moment.astimezone().date()).days
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"


def kept_content(backup: KeptBackup) -> str:
    """Return the counts of a kept backup, and the trained files that are not in it."""
    counts = [
        counted(backup.counts.get(name, 0), NOUNS[name])
        for name in ("tasks", "records", "trainings")
        if name == "tasks" or backup.counts.get(name)
    ]
    parts = [f"{part} ({human_bytes(size)})" for part, size in backup.left_out.items()]
    return ", ".join(counts) + (f"; without {' and '.join(parts)}" if parts else "")


def keeping_text(keeping: Keeping) -> str:
    """Return how backups are kept, in one sentence."""
    if keeping.every == "off":
        return "No automatic backups."
    added = ", with adapters and checkpoints" if keeping.checkpoints else ", with adapters"
    return f"{EVERY[keeping.every]}{added}, while the app is open and nothing else runs."


def verified_lines(verified: Verified) -> list[str]:
    """Return what verifying came to, and what to do about damage."""
    whole = verified.backups - len(verified.damaged)
    if not verified.backups and not verified.unreadable:
        return ["There are no backups yet."]
    lines = [f"{counted(whole, 'backup')} whole; {human_bytes(verified.size)} read and compared by SHA-256."]
    lines += [
        f"{one.name} is damaged: {counted(len(one.lost), 'file')} cannot be read ({_few(one.lost)})."
        for one in verified.damaged
    ]
    lines += [
        f"The list of files of {path.name} cannot be read: it is damaged, or of a newer Orca Desk."
        for path in verified.unreadable
    ]
    if verified.damaged:
        lines.append(
            "Damaged pieces were taken out: the next backup stores them again where the library has them."
            " Check the disk."
        )
    return lines


SAME = "It is identical to the library as it is now."
UNKNOWN = "The library is damaged, so what differs is unknown. It will be kept aside, unchanged."


def difference_lines(difference: BackupDifference) -> tuple[list[str], list[str], list[str]]:
    """Return what restoring a backup would take away, bring back, and set back to an earlier content."""
    lost = [_line(kind, one.lost, one.lost_names) for kind, one in difference.kinds.items() if one.lost]
    back = [_line(kind, one.back, one.back_names) for kind, one in difference.kinds.items() if one.back]
    changed = [_line(kind, one.changed, ()) for kind, one in difference.kinds.items() if one.changed]
    return lost, back, changed


def loose_sentence(names: Sequence[str]) -> str:
    """Return what a restore does with the folders that no training has; "" without any."""
    if not names:
        return ""
    it, goes = ("a training", "is moved") if len(names) == 1 else ("trainings", "are moved")
    return (
        f"{_few(names)} in the library's folder of trainings {'has' if len(names) == 1 else 'have'} the name"
        f" of {it} that the library does not know, and {goes} into its folder of backups."
    )


def _line(kind: str, count: int, names: Sequence[str]) -> str:
    text = counted(count, NOUNS[kind], PLURALS.get(kind))
    named = [name for name in names if name]
    if not named:
        return text
    more = ", …" if count > len(names) else ""
    return f"{text}: {', '.join(named)}{more}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:2]) + (", …" if len(names) > 2 else "")


def place_text(folder: Path, size: int, free: int | None) -> str:
    """Return where the backups are, what they take, and what is free there."""
    there = f"{human_bytes(size)} in {folder}"
    return there if free is None else f"{there}; {human_bytes(free)} free on its disk"
