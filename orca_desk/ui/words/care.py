"""What repairing and compacting a library came to, in words."""

from collections.abc import Sequence

from orca_desk.counting import counted
from orca_desk.library.care.compacting import Compacted, Space
from orca_desk.library.care.integrity import FILES, PAGES, REFERENCES, SNAPSHOTS, checks_of
from orca_desk.library.care.recovery import Recovered
from orca_desk.models.fits import human_bytes

TOLD = {
    "tasks": "task",
    "records": "teacher record",
    "snapshots": "snapshot",
    "trainings": "training",
    "chats": "chat",
}
INCOMPLETE = (
    "How many rows are missing there is unknown. The damaged library was only read, and is unchanged."
)


def recovered_lines(made: Recovered) -> list[str]:
    """Return what was recovered, what was not, and where it is."""
    counts = ", ".join(counted(made.found.get(name, 0), noun) for name, noun in TOLD.items())
    lines = [f"Recovered into {made.folder}: {counts}."]
    if made.header:
        lines.append("The first bytes of the file were lost and were rewritten in the copy.")
    if made.damaged:
        lines.append(f"Damaged, and read as far as possible: {', '.join(made.damaged)}. {INCOMPLETE}")
    else:
        lines.append("Every table could be read from end to end.")
    if made.dropped:
        lines.append(f"{counted(made.dropped, 'row')} left out, as what they belong to is lost.")
    return lines


def checked_sentence(version: int, *, thorough: bool) -> str:
    """Return what was checked: of which kinds, without the names of the single rules."""
    names = checks_of(version, thorough=thorough)
    named = [PAGES if thorough else "the pages of the file", REFERENCES]
    rules = len(names) - len(named) - 1 - thorough
    last = [SNAPSHOTS, f"{FILES} and their hashes"] if thorough else [f"that {FILES} are there"]
    return f"Checked: {', '.join([*named, counted(rules, 'rule') + ' of the tables', *last])}."


def what_to_do(problems: Sequence[str], backup: str) -> str:
    """Return what helps against problems; `backup` says of when the newest backup is, empty without any."""
    lines = []
    if any(not problem.startswith(("The adapter", "The weights", "The snapshot")) for problem in problems):
        lines.append("Mending rebuilds indexes and counts in place; nothing that was written is changed.")
    if any(problem.startswith(("The adapter", "The weights")) for problem in problems):
        lines.append("To get a missing or changed adapter back, restore a backup or train again.")
    if backup:
        lines.append(f"A backup brings back what cannot be mended: the newest is from {backup}.")
    else:
        lines.append("There is no backup: recover what can be read into a new library.")
    return " ".join(lines)


def compacted_sentence(done: Compacted) -> str:
    """Return how much space the disk got back."""
    return f"Freed {human_bytes(done.given_back)}: the library now takes up {human_bytes(done.after)}."


def not_worth_it(space: Space) -> str:
    """Return why compacting would give back little."""
    return f"{human_bytes(space.unused)} of {human_bytes(space.size)} is unused; later rows will fill it."
