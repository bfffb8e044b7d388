"""How much proposed tasks differ from one another, and from the tasks that there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from orca_desk.method.duplicates import find_alike
from orca_desk.method.overlap import words_of
from orca_desk.method.records import Task

OPENING = 3  # words


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Measures of some tasks; `of` is how many there are where these are only the first ones.

    `families` has the number of tasks by family, largest first. `shortest`, `median` and `longest` are words
    of a question. `openings` is the number of different first three words. `repeated` counts tasks that ask
    nearly or exactly what an earlier one asks, `known` those that ask what a task of the library asks, out of
    `compared` of its tasks. Runs of words that more than 20 questions share count for nothing there: two
    questions of one template are not alike.
    """

    tasks: int
    families: dict[str, int] = field(default_factory=dict)
    shortest: int = 0
    median: int = 0
    longest: int = 0
    openings: int = 0
    repeated: int = 0
    known: int = 0
    compared: int = 0
    of: int = 0


def measure(tasks: Sequence[Task]) -> Diversity:
    """Measure tasks among themselves; `known` and `compared` stay 0."""
    if not tasks:
        return Diversity(tasks=0)
    words = [words_of(task.user_text) for task in tasks]
    lengths = sorted(map(len, words))
    alike = find_alike(task.user_text for task in tasks)
    later = {place for group in alike.same for place in group[1:]} | {pair.second for pair in alike.near}
    return Diversity(
        tasks=len(tasks),
        families=dict(Counter(task.family for task in tasks).most_common()),
        shortest=lengths[0],
        median=lengths[len(lengths) // 2],
        longest=lengths[-1],
        openings=len({tuple(one[:OPENING]) for one in words}),
        repeated=len(later),
    )
