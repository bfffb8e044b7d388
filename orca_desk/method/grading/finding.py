"""The result of checking one final answer."""

from dataclasses import dataclass

from orca_desk.method.grading.reasons import Why, pair, reason, shown


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether the answer is correct, the answer as it was read (None: not found), and a stored reason."""

    correct: bool
    answer: str | None
    reason: str


def correct(answer: str, expected: str) -> Finding:
    """Return the finding for the expected answer."""
    texts = {"found": shown(answer).removesuffix("."), "expected": shown(expected).removesuffix(".")}
    return Finding(correct=True, answer=answer, reason=reason(Why.SAME, **texts))


def incorrect(answer: str, expected: str) -> Finding:
    """Return the finding for another answer."""
    return Finding(correct=False, answer=answer, reason=reason(Why.OTHER, **pair(answer, expected)))


def missing(what: str, expected: str) -> Finding:
    """Return the finding for no answer; `what` names what was expected ("number", "option" ...)."""
    why = reason(Why.MISSING, what=what, expected=shown(expected))
    return Finding(correct=False, answer=None, reason=why)


def several(answer: str, expected: str) -> Finding:
    """Return the finding for more than one answer, none of which counts."""
    why = reason(Why.SEVERAL, found=shown(answer), expected=shown(expected))
    return Finding(correct=False, answer=answer, reason=why)
