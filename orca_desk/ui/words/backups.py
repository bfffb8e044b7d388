"""What a backup has in it, and what it has not."""

from orca_desk.counting import counted
from orca_desk.library.backups.backup import Backup, BackupPart
from orca_desk.models.fits import human_bytes

PARTS: dict[BackupPart, str] = {"adapters": "trained adapters", "checkpoints": "checkpoints"}


def backup_content(made: Backup) -> str:
    """Return the counts of a backup: "12 tasks, 1 record, 0 snapshots and 4 files of trainings"."""
    counts = [
        counted(made.tasks, "task"),
        counted(made.records, "record"),
        counted(made.snapshots, "snapshot"),
    ]
    if made.files:
        counts.append(f"{counted(made.files, 'file')} of trainings")
    return f"{', '.join(counts[:-1])} and {counts[-1]}"


def not_in_backup(made: Backup) -> str:
    """Return the sentence that says what the library has and its new backup has not; logs never are."""
    missing = [f"{PARTS[part]} ({human_bytes(size)})" for part, size in made.left_out.items()]
    return f"Not in it: {', '.join([*missing, 'logs'])}."
