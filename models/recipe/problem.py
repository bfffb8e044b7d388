"""What a problem is, and the border between training and held-out problems."""

import hashlib
from dataclasses import dataclass

HELDOUT_ONE_IN = 8

WORKED_EXAMPLE = (
    "John and Mark are in a room with a ball, a basket and a box. John puts the ball in the box, then leaves "
    "for work. While John is away, Mark puts the ball in the basket, and then leaves for school. They both "
    "come back together later in the day, and they do not know what happened in the room after each of them "
    "left. Where do they think the ball is?"
)
WORKED_ANSWER = "John: the box. Mark: the basket."


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A question with its answer and its work: the lines that lead to the answer, without the answer."""

    family: str
    query: str
    answer: str
    answer_kind: str
    work: str
    topic: str  # what it is about, for strategies that only take on a form
    context: str = ""

    @property
    def user_text(self) -> str:
        """The user message, as `orca_desk.method.records.Task` makes it."""
        return f"{self.context}\n\n{self.query}" if self.context else self.query


def is_heldout(problem: Problem) -> bool:
    """Return on which side of the border a problem lies, by its text alone: one in eight is held out."""
    text = " ".join(problem.user_text.split())
    if text == WORKED_EXAMPLE:
        return True
    return hashlib.sha256(text.encode()).digest()[0] % HELDOUT_ONE_IN == 0


def listed(words: list[str]) -> str:
    """Join words as English does: "a, b and c"."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
