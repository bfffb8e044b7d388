"""What repairing and compacting a library came to, in words."""

from orca_desk.library.compacting import Compacted, Space
from orca_desk.library.recovery import Recovered
from orca_desk.models.fits import human_bytes
from orca_desk.ui.words.counting import counted

TOLD = {
    "tasks": "task",
    "records": "teacher record",
    "snapshots": "snapshot",
    "trainings": "training",
    "chats": "chat",
}
INCOMPLETE = (
    "Nobody can tell how many rows are missing there. The damaged library was only read, and is as it was."
)


def recovered_lines(made: Recovered) -> list[str]:
    """Return what was recovered, what was not, and where it is."""
    counts = ", ".join(counted(made.found.get(name, 0), noun) for name, noun in TOLD.items())
    lines = [f"Recovered into {made.folder}: {counts}."]
    if made.header:
        lines.append("The first bytes of the file were lost and were written anew in the copy.")
    if made.damaged:
        lines.append(f"Damaged, and read as far as possible: {', '.join(made.damaged)}. {INCOMPLETE}")
    else:
        lines.append("Every table could be read from end to end.")
    if made.dropped:
        lines.append(f"{counted(made.dropped, 'row')} left out, as what they belong to is lost.")
    return lines


def compacted_sentence(done: Compacted) -> str:
    """Return how much space the disk got back."""
    return f"Gave back {human_bytes(done.given_back)}: the library has {human_bytes(done.after)} now."


def not_worth_it(space: Space) -> str:
    """Return why compacting would give back little."""
    return f"{human_bytes(space.unused)} of {human_bytes(space.size)} are unused, which later rows will fill."
