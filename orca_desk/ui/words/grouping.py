"""Groups of tasks in words: for the dialog and for the command."""

from collections.abc import Collection

from orca_desk.counting import counted
from orca_desk.steps.collect.group_tasks import Grouping
from orca_desk.ui.words.shorten import shorten

HOW = (
    "Tasks that are worded alike are grouped: by the words and pairs of words that they share (TF-IDF),"
    " whatever their numbers. Groups are merged until they share too few."
)
SEPARATION_TIP = (
    "The mean silhouette of the tasks: how much nearer they are to their own group than to the next one."
    " 1 is the best; below 0.25 there are no clear groups."
)
COHESION_TIP = "How alike the tasks of the group are: their mean cosine similarity to its centre, 1 at best."
AFTERWARDS = "A new family has no strategy yet: measure or choose one on the Strategies page."


def grouping_summary(grouping: Grouping) -> str:
    """Return what was found: "4,261 tasks in 16 groups, well apart (separation 0.61)."."""
    tasks = counted(grouping.tasks, "task")
    if not grouping.is_clear:
        why = "" if grouping.separation is None else f" (separation {grouping.separation:.2f})"
        return (
            f"{tasks} without clear groups{why}, so they stay one. Choose a number of groups to split them."
        )
    groups = sum(not group.is_rest for group in grouping.groups)
    rest = sum(group.tasks for group in grouping.groups if group.is_rest)
    in_none = f"; {rest:,} are in none" if rest else ""
    return f"{tasks} in {counted(groups, 'group')}{in_none}{_apart(grouping.separation)}."


def joined_sentence(grouping: Grouping, others: Collection[str]) -> str:
    """Return which groups would join a family that exists, one of the `others`, or an empty text."""
    joined = [name for name in grouping.names if name in others]
    if not joined:
        return ""
    is_one = len(joined) == 1
    what = "is a family already, which its tasks join" if is_one else "are families already, which they join"
    return f"{', '.join(map(shorten, joined))} {what}."


def applied_sentence(tasks: int, families: int) -> str:
    """Return what became of a grouping that was applied."""
    return f"Moved {counted(tasks, 'task')} to {counted(families, 'family', 'families')}."


def _apart(separation: float | None) -> str:
    if separation is None:
        return ""
    how = "well apart" if separation >= 0.5 else "apart" if separation >= 0.25 else "hardly apart"
    return f", {how} (separation {separation:.2f})"
