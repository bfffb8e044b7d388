"""The result of checking one final answer, with the reason in words for the user."""

from dataclasses import dataclass

_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether the answer is correct, the answer as it was read (None: not found), and the reason."""

    correct: bool
    answer: str | None
    reason: str


def shown(text: str) -> str:
    """Return `text` on one line, shortened to fit a sentence."""
    flat = " ".join(text[: 4 * _SHOWN].split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def _inside(text: str) -> str:
    """Return `text` for the middle of a sentence."""
    return shown(text).removesuffix(".")


def correct(answer: str, expected: str) -> Finding:
    """Return the finding for the expected answer."""
    found, wanted = _inside(answer), _inside(expected)
    how = "as expected" if found == wanted else f"the same as {wanted}"
    return Finding(correct=True, answer=answer, reason=f"The answer is {found}, {how}.")


def incorrect(answer: str, expected: str) -> Finding:
    """Return the finding for another answer."""
    found, wanted = _inside(answer), _inside(expected)
    if found == wanted:  # they differ at their ends
        found, wanted = shown(answer), shown(expected)
    reason = f"The answer is {found}, but {wanted} was expected."
    return Finding(correct=False, answer=answer, reason=reason)


def missing(what: str, expected: str) -> Finding:
    """Return the finding for no answer; `what` names what was expected ("number", "option" ...)."""
    reason = f"The response has no final {what}; {shown(expected)} was expected."
    return Finding(correct=False, answer=None, reason=reason)


def several(answer: str, expected: str) -> Finding:
    """Return the finding for more than one answer, none of which counts."""
    reason = (
        f"The response gives more than one answer ({shown(answer)}); only {shown(expected)} was expected."
    )
    return Finding(correct=False, answer=answer, reason=reason)
