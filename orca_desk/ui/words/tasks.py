"""Words for tasks, shared by the Tasks page and the commands."""

from orca_desk.counting import counted
from orca_desk.method.records import AnswerKind, Split, Task

SPLITS: dict[Split, str] = {"train": "Train", "heldout": "Held-out"}
FAMILY_STRATEGY = "Family's strategy"  # for a task without a strategy of its own
ANSWER_TYPES: dict[AnswerKind, str] = {
    "exact": "exact",
    "text": "text",
    "number": "number",
    "math": "mathematics",
    "choice": "choice",
    "ordering": "ordering",
    "keyed": "key-value",
}
MATCHES: dict[AnswerKind, str] = {
    "exact": "the same characters",
    "text": "the same words, ignoring case and punctuation",
    "number": "the same value, in any notation or unit",
    "math": "an equal expression",
    "choice": "the same option, by letter or by text",
    "ordering": "the same items in the same order",
    "keyed": "the same value for every name",
}


def asked_line(task: Task) -> str:
    """Return what a task asks for one line of a list, with a mark for earlier turns."""
    return f"(after {counted(len(task.turns), 'turn')}) {task.query}" if task.turns else task.query


def sentence(problem: str) -> str:
    """Return the problem of a row, which begins in lower case, as a sentence."""
    return f"{problem[:1].upper()}{problem[1:]}."


def regraded_sentence(records: int) -> str:
    """Return how many records received a different verdict when reference answers were changed."""
    return f"Under the present reference answers, {counted(records, 'record')} received a different verdict."
