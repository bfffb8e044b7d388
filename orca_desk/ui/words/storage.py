"""What a library takes on the disk, and what can be freed, in words."""

from orca_desk.counting import counted
from orca_desk.models.fits import human_bytes
from orca_desk.steps.tidy.storage import Freeable, StorageKind, Suggestion
from orca_desk.ui.words.progress import duration

STORED: dict[StorageKind, str] = {
    StorageKind.DATABASE: "Database: tasks, records, chats and results",
    StorageKind.TRAINED: "Trained adapters",
    StorageKind.CHECKPOINTS: "Checkpoints of trainings",
    StorageKind.CONVERTED: "Converted students",
    StorageKind.BACKUPS: "Backups",
    StorageKind.LOGS: "Logs",
    StorageKind.TRASH: "Trash",
    StorageKind.OTHER: "Other files",
}
# What each is called where it is freed
FREEABLE: dict[Freeable, str] = {
    Freeable.TRASH: "Empty the trash",
    Freeable.CONVERTED: "Delete converted students",
    Freeable.CHECKPOINTS: "Delete checkpoints of finished trainings",
    Freeable.LOGS: "Delete logs older than 30 days",
    Freeable.UNUSED: "Compact the database",
}
MINUTE = 60.0


def free_text(suggestion: Suggestion) -> str:
    """Return what a suggestion would give back: "Free 3.1 GiB"."""
    return f"Free {human_bytes(suggestion.bytes)}"


def consequence(suggestion: Suggestion) -> str:
    """Return what is lost with it, and whether and how it can be had again."""
    match suggestion.what:
        case Freeable.TRASH:
            kept = counted(suggestion.count, "deletion")
            return f"{kept} can no longer be undone. Nothing else is touched."
        case Freeable.CONVERTED:
            return (
                "They are re-created when a student is next trained or served, in about"
                f" {_time(suggestion)}. Nothing is lost."
            )
        case Freeable.CHECKPOINTS:
            is_one = suggestion.count == 1
            keep = (
                "training keeps its adapter, but its"
                if is_one
                else "trainings keep their adapters, but their"
            )
            return (
                f"{suggestion.count:,} {keep} earlier steps can no longer be evaluated."
                f" Training again would take about {_time(suggestion)}. Cannot be undone."
            )
        case Freeable.LOGS:
            return f"{counted(suggestion.count, 'log')} of workers. Cannot be undone."
        case Freeable.UNUSED:
            return "Gives the space of deleted rows back to the disk. Nothing is lost."


def freed_sentence(what: Freeable, size: int) -> str:
    """Return what was freed."""
    if not size:
        return f"{FREEABLE[what]}: nothing could be freed."
    return f"Freed {human_bytes(size)}."


def _time(suggestion: Suggestion) -> str:
    seconds = suggestion.seconds or 0
    return duration(max(1.0, seconds)) if seconds < MINUTE else duration(round(seconds / MINUTE) * MINUTE)
