"""Deleting, renaming and notes in words, for pages and commands."""

from collections import Counter
from collections.abc import Sequence

from orca_desk.counting import counted
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.trash import Restored, TrashEntry
from orca_desk.library.runs import Run
from orca_desk.models.fits import human_bytes
from orca_desk.steps.tidy.deletion import Deletion, Item, Refusal, Refused
from orca_desk.ui.words.shorten import shorten

NOUNS: dict[Kind, tuple[str, str]] = {
    Kind.TRAINING: ("training", "trainings"),
    Kind.SNAPSHOT: ("snapshot", "snapshots"),
    Kind.EVALUATION: ("evaluation", "evaluations"),
    Kind.EXPERIMENT: ("experiment", "experiments"),
    Kind.RECORD: ("record", "records"),
    Kind.RUN: ("job", "jobs"),
    Kind.CHECKPOINTS: ("training's checkpoints", "trainings' checkpoints"),
    Kind.CHAT: ("chat", "chats"),
}
RENAMED = (Kind.TRAINING, Kind.SNAPSHOT, Kind.EVALUATION, Kind.EXPERIMENT, Kind.RUN)
SHOWN = 4  # names that one sentence lists
TRASH = "It waits in the trash, from where it can come back (Settings > Storage)."
TRASH_OF_SEVERAL = "They wait in the trash, from where they can come back (Settings > Storage)."


def tidying_of(*kinds: Kind) -> tuple[tuple[str, str], ...]:
    """Return what can be done with things of some kinds, each with its key or "": see `Page.on_rows`."""
    return tuple(
        action
        for kind in kinds
        for action in (
            *((("F2", f"Rename {NOUNS[kind][1]}…"),) if kind in RENAMED else ()),
            ("", f"Note on {NOUNS[kind][1]}…"),
            ("Del", f"Delete {NOUNS[kind][1]}"),
        )
    )


def run_title(run: Run) -> str:
    """Return what a run is called: the user's name for it and its id, or the id alone."""
    return f"{run.label} ({run.id})" if run.label else run.id


def things(kind: Kind, items: Sequence[Item]) -> str:
    """Return what several things are: "training train-3", "snapshot first-try", "12 records"."""
    noun, plural = NOUNS[kind]
    if len(items) == 1 and kind is Kind.CHECKPOINTS:
        return f"checkpoints of {item_name(items[0])}"
    if len(items) == 1 and kind is not Kind.RECORD:
        return f"{noun} {item_name(items[0])}"
    return counted(len(items), noun, plural)


def item_name(item: Item) -> str:
    """Return the name of a thing, or its id; the id of a run with a name follows it."""
    if not item.name or item.kind is Kind.SNAPSHOT:
        return shorten(item.name or item.id, 60)
    return f"{shorten(item.name, 60)} ({item.id})"


def deletion_title(deletion: Deletion) -> str:
    """Return what a deletion does, for the menu and the undo stack: "delete training train-3"."""
    return f"delete {things(deletion.kind, deletion.items)}"


def deleted_sentence(deletion: Deletion) -> str:
    """Return what was deleted."""
    return f"Deleted {_listed([things(deletion.kind, deletion.items), *_along(deletion)])}."


def deletion_lines(deletion: Deletion) -> list[tuple[str, str]]:
    """Return what a deletion would do beyond what was chosen: pairs of heading and text."""
    lines = []
    if deletion.along:
        lines.append(("Also deleted, as it was made from it", f"{_listed(_along(deletion, name=True))}."))
    if deletion.measured:
        answers = counted(deletion.measured, "answer")
        told = f"{answers} of the untrained student, by which a snapshot takes learnable tasks."
        lines.append(("Also deleted, as it was measured with it", told))
    if deletion.losing:
        names = _listed([item_name(one) for one in deletion.losing])
        lines.append(
            (
                "Keeps its figures, but its adapter is deleted"
                if len(deletion.losing) == 1
                else "Keep their figures, but the adapter is deleted",
                f"{names}.",
            )
        )
    if deletion.losing_chats:
        names = _listed([f"“{shorten(title, 40)}”" for title in deletion.losing_chats])
        lines.append(("Keeps its text, but the adapter can no longer be asked", f"Chat {names}."))
    if deletion.unfinished:
        names = _listed([item_name(one) for one in deletion.unfinished])
        lines.append(("Cannot be resumed without them", f"{names}."))
    for reason in Refusal:
        held = [one for one in deletion.refused if one.reason is reason]
        if held:
            lines.append(("Stays", refusal_sentence(held)))
    if deletion.bytes:
        lines.append(
            ("Space", f"{human_bytes(deletion.bytes)} of files, which are free once the trash is emptied.")
        )
    return lines


def refusal_sentence(refused: Sequence[Refused]) -> str:
    """Return why some things stay, all for one reason."""
    first = refused[0]
    what = things(first.item.kind, [one.item for one in refused])
    subject, is_one = what[0].upper() + what[1:], len(refused) == 1
    holders = _listed(list(dict.fromkeys(shorten(one.holder, 40) for one in refused)))
    match first.reason:
        case Refusal.RUNNING:
            return f"{subject} {'is' if is_one else 'are'} running. Stop {'it' if is_one else 'them'} first."
        case Refusal.IN_USE:
            return f"{subject} {'is' if is_one else 'are'} in use by {holders}. Stop the job first."
        case Refusal.OF_EXPERIMENT:
            return f"{subject} {'belongs' if is_one else 'belong'} to {holders}. Delete the experiment."
        case Refusal.FROZEN:
            return (
                f"{subject} {'is' if is_one else 'are'} frozen in the snapshot {holders}."
                " Drop a record, so that no new snapshot takes it, or delete the snapshot first."
            )
        case Refusal.MADE_FROZEN:
            made = "its answers are" if is_one else "answers of theirs are"
            return f"{subject}: {made} frozen in the snapshot {holders}. Delete the snapshot first."


def entry_text(entry: TrashEntry) -> str:
    """Return what an entry of the trash is: "training train-3"."""
    kind = Kind(entry.kind)
    noun, plural = NOUNS[kind]
    if kind is Kind.CHECKPOINTS:
        return f"checkpoints of {shorten(entry.label, 60)}"
    if kind is Kind.RECORD or len(entry.items) > 1:
        return counted(len(entry.items), noun, plural)
    return f"{noun} {shorten(entry.label, 60)}"


def restored_sentence(restored: Restored) -> str:
    """Return what came back, and what did not."""
    noun, plural = NOUNS[Kind(restored.kind)]
    sentence = f"Restored {counted(len(restored.items), noun, plural)}."
    if restored.there:
        sentence += f" {counted(restored.there, 'row')} had been made again, and stay unchanged."
    if restored.missing:
        files = counted(len(restored.missing), "file")
        sentence += f" {files} could not be found: {restored.missing[0].name}."
    return sentence


def brought_back_text(entries: Sequence[TrashEntry]) -> str:
    """Return what came back as the library was opened, since Orca Desk had ended in the middle of it."""
    deleting = [entry_text(one) for one in entries if not one.created_at]
    restoring = [entry_text(one) for one in entries if one.created_at]
    sentences = []
    if deleting:
        sentences.append(f"Orca Desk ended while it deleted {_listed(deleting)}: nothing was deleted.")
    if restoring:
        sentences.append(f"Orca Desk ended while it restored {_listed(restoring)}: everything is back now.")
    return " ".join(sentences)


def _along(deletion: Deletion, *, name: bool = False) -> list[str]:
    counts = Counter(one.kind for one in deletion.along)
    parts = []
    for kind, count in counts.items():
        of_kind = [one for one in deletion.along if one.kind is kind]
        told = counted(count, *NOUNS[kind])
        named = name and kind is not Kind.RECORD
        parts.append(f"{told} ({_listed([item_name(one) for one in of_kind])})" if named else told)
    return parts


def _listed(names: Sequence[str]) -> str:
    shown, more = list(names[:SHOWN]), len(names) - SHOWN
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
