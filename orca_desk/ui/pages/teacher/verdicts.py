"""The verdict on a new answer, in words, an icon and a colour."""

from typing import Literal

from orca_desk.library.new_records import NewRecord
from orca_desk.method.fitness import UNFIT, Unfit

VerdictTone = Literal["good", "bad", "muted"]


def verdict_look(new: NewRecord, rejected: Unfit | None) -> tuple[str, str, VerdictTone]:
    """Return the words for a verdict, the name of its icon, and the icon's colour.

    `rejected` is why the answer is not usable for training.
    """
    if rejected:
        return UNFIT[rejected], "circle-x", "bad"
    if new.verdict is None:
        return "not graded", "circle-help", "muted"
    return "correct", "circle-check", "good"
