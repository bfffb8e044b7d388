"""Answers that are mathematics: roots, fractions of expressions, intervals, sets, equations, matrices.

What is written the same, or is a plain value on both sides, is decided here. All else goes to a `Comparer`,
which knows algebra: sympy in a process of its own (`orca_desk.workers.math`), since it is slow to import and
an expression can keep it busy for ever.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from orca_desk.method.grading.answers import FinalAnswer, find_answer
from orca_desk.method.grading.clauses import before_reason, first_sentence, retracted
from orca_desk.method.grading.expressions import (
    LONGEST,
    bare_math,
    is_expression,
    shape,
    to_latex,
    units_agree,
    without_unit,
    written_same,
)
from orca_desk.method.grading.finding import Finding, correct, incorrect
from orca_desk.method.grading.numerals import has_literal
from orca_desk.method.grading.reasons import Why, reason, shown
from orca_desk.method.grading.values import same_value

Comparison = Literal["same", "different", "unreadable", "unfinished"]
_MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_JOINED = re.compile(r"\s*(?:,|,?\s?(?:and|or))\s*\Z", re.IGNORECASE)
_UNIT_OUTSIDE = re.compile(r"\A\$([^$]+)\$\s+([A-Za-z]{1,12}(?: [A-Za-z]{1,12})?)\.?\Z")  # "$5\sqrt{2}$ cm"
_COPULA = re.compile(r"(?:\b(?:is|are|equals?|gives?|be)\b:?|=)\s", re.IGNORECASE)


class Comparer(Protocol):
    """What knows whether two expressions in LaTeX are equal."""

    @property
    def limits(self) -> dict[str, float]:
        """What one comparison may use: {"seconds", "bytes" of memory}."""
        ...

    def __hash__(self) -> int:
        """Votes keep what was found out by the one that found it."""
        ...

    def compare(self, answer: str, expected: str) -> Comparison:
        """Return whether two expressions are the same; "unfinished" if that took too much time or memory."""
        ...


@dataclass(frozen=True)
class ExpectedMath:
    """A reference that is an expression in LaTeX or in plain signs."""

    reference: str
    comparer: Comparer | None = None

    def with_comparer(self, comparer: Comparer | None) -> "ExpectedMath":
        """Return the check that asks `comparer` where writing and values don't decide."""
        return replace(self, comparer=comparer)

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the expression that the final answer states, or an unmarked response ends with."""
        answer = _stated(final)
        if answer == "":
            return incorrect(final.text, self.reference)
        values = same_value(answer, self.reference)
        if values or written_same(answer, self.reference):
            return correct(answer, self.reference)
        if values is False or not (is_expression(answer) and is_expression(self.reference)):
            return incorrect(answer, self.reference)
        if has_literal(answer) or has_literal(self.reference):  # algebra reads 0xff as 0 times x
            return incorrect(answer, self.reference)
        return self._by_algebra(answer)

    def _by_algebra(self, answer: str) -> Finding:
        """Return what the comparer says of two expressions that are written differently."""
        ours, my_unit = without_unit(to_latex(answer))
        theirs, their_unit = without_unit(to_latex(self.reference))
        if not units_agree(my_unit, their_unit) or (
            shape(ours) != shape(theirs) and "" not in (shape(ours), shape(theirs))
        ):
            return incorrect(answer, self.reference)
        if self.comparer is None:
            return _undecided(Why.NO_COMPARER, answer, self.reference)
        outcome = self.comparer.compare(ours, theirs)
        if outcome == "same":
            return correct(answer, self.reference)
        if outcome == "unfinished":
            return _undecided(Why.UNFINISHED, answer, self.reference, **self.comparer.limits)
        if outcome == "unreadable":
            return _undecided(Why.UNREADABLE, answer, self.reference)
        return incorrect(answer, self.reference)


def expected_math(reference: str) -> ExpectedMath | None:
    """Return the check for a reference in mathematics; None for a blank one."""
    return ExpectedMath(reference.strip()) if reference.strip() else None


def raw_reference(reference: str) -> str:
    """Return the expression of a reference as it is written, out of "#### " or "\\boxed{}"."""
    text = reference.strip()
    if "boxed" in text or "####" in text:
        return find_answer(text).raw.strip() or text
    return bare_math(text) or text


def _stated(final: FinalAnswer) -> str:
    """Return the expression that is the answer, "" if the answer is none."""
    raw = final.raw.strip()
    raw = _UNIT_OUTSIDE.sub(r"$\1\\text{ \2}$", raw)
    if final.marked and is_expression(raw) and raw:
        return bare_math(raw)
    text = first_sentence(raw) if final.marked else final.whole[-4 * LONGEST :].rstrip()
    if not final.marked:
        text = _UNIT_OUTSIDE.sub(r"$\1\\text{ \2}$", _last_line(text))
        if is_expression(text):
            return bare_math(text)
    return _in_prose(before_reason(text))


def _last_line(text: str) -> str:
    """Return the last line, or what is set as mathematics over several lines at the end."""
    shown = list(re.finditer(r"\\\[.+?\\\]|\$\$.+?\$\$", text, re.DOTALL))
    if shown and not text[shown[-1].end() :].strip(" .\n"):
        return shown[-1][0]
    return text.rpartition("\n")[2]


def _in_prose(text: str) -> str:
    """Return the last mathematics of a sentence, "" if there is none; "$2$ or $3$" is both."""
    found = [match for match in _MATH.finditer(text) if not retracted(text, match.start(), match.end())]
    if found:
        pieces = [next(group for group in found[-1].groups() if group)]
        for earlier, later in zip(found[-2::-1], found[:0:-1], strict=False):
            if not _JOINED.match(text[earlier.end() : later.start()]):
                break
            pieces.insert(0, next(group for group in earlier.groups() if group))
        return ", ".join(piece.strip() for piece in pieces)
    copulas = list(_COPULA.finditer(text))
    rest = text[copulas[-1].end() :] if copulas else text
    return bare_math(rest) if is_expression(rest) and rest.strip() else ""


def _undecided(why: Why, answer: str, expected: str, **limits: float) -> Finding:
    """Return the finding for an answer that is not known to be right, which counts as wrong, and says so."""
    stored = reason(why, found=shown(answer), expected=shown(expected), **limits)
    return Finding(correct=False, answer=answer, reason=stored)
