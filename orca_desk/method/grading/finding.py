"""What a kind's check says about one final answer, in words that a user understands."""

from dataclasses import dataclass

_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether the answer is right, the answer as it was read (None: there is none), and why."""

    correct: bool
    answer: str | None
    reason: str


def shown(text: str) -> str:
    """Return `text` on one line and short enough for a sentence."""
    flat = " ".join(text[: 4 * _SHOWN].split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def _inside(text: str) -> str:
    """Return `text` as a part of a sentence that goes on after it."""
    return shown(text).removesuffix(".")


def right(answer: str, expected: str) -> Finding:
    """The answer that was expected was found."""
    found, wanted = _inside(answer), _inside(expected)
    how = "as expected" if found == wanted else f"the same as {wanted}"
    return Finding(correct=True, answer=answer, reason=f"The answer is {found}, {how}.")


def wrong(answer: str, expected: str) -> Finding:
    """Another answer was found."""
    found, wanted = _inside(answer), _inside(expected)
    if found == wanted:  # their ends tell them apart
        found, wanted = shown(answer), shown(expected)
    reason = f"The answer is {found}, but {wanted} was expected."
    return Finding(correct=False, answer=answer, reason=reason)


def missing(what: str, expected: str) -> Finding:
    """No answer was found; `what` names what was looked for ("number", "option" ...)."""
    reason = f"The response gives no final {what}; {shown(expected)} was expected."
    return Finding(correct=False, answer=None, reason=reason)


def several(answer: str, expected: str) -> Finding:
    """More than one answer was found, so none of them is the answer."""
    reason = (
        f"The response gives more than one answer ({shown(answer)}); only {shown(expected)} was expected."
    )
    return Finding(correct=False, answer=answer, reason=reason)
