"""Answers that are values: a number or an amount, a date, a time, a ratio, a range, a number with both signs.

Which value of a response is its answer says `choosing`; what is written, and whether two are the same, say
`quantities`, `dates`, `clock` and `pairs`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.choosing import concluded, stated
from orca_desk.method.grading.clauses import offers_another
from orca_desk.method.grading.expressions import is_unsolved
from orca_desk.method.grading.finding import Finding, correct, incorrect, missing, several
from orca_desk.method.grading.markup import plain_latex
from orca_desk.method.grading.numerals import find_quantities, plain
from orca_desk.method.grading.quantities import Quantity
from orca_desk.method.grading.values import Meaning, amount, is_value, meanings

_READ = 8_000  # characters at the end of an unmarked response
_NUMBER_WORDS = 120  # characters of an unmarked response whose number may be in words
_CHANCE = re.compile(r"\b(1) in (\d+)(?=\W*\Z|,|\.\s| (?:chance|odds|probability))")
_OUT_OF = re.compile(r"\b(\d+) (?:out of(?: every)?|in every) (\d+)\b")
_WORKING = re.compile(r"\s\((?:[\d\s+*/×÷.=-]*|(?:i\.e\.|(?:that is|since|because|from)\b)[^()]*)\)\W*\Z")
_ASIDE = re.compile(r"\s\(([^()]*)\)\W*\Z")
_GROUP = re.compile(r"(?<![\d.,])([1-9]\d{0,2})\.(\d{3})(?![.,]?\d)")  # 1.500
_NOT_READ = re.compile(r"\\[A-Za-z]{2,}|\d\s?!")


@dataclass(frozen=True)
class ExpectedNumber:
    """A reference that is a value. "1h30" has two meanings, a time and a duration: either will do."""

    reference: str
    meanings: Sequence[Meaning]

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the value that the final answer states, or that a response without a marker concludes."""
        readings = _readings(final, self.reference)
        findings = [self._compare(meaning, one) for one in readings for meaning in self.meanings]
        return next((one for one in findings if one.correct), findings[0])

    def _compare(self, meaning: Meaning, final: FinalAnswer) -> Finding:
        whole = plain(plain_latex(final.text if final.marked else final.whole[-_READ:]))
        whole = _CHANCE.sub(r"\1/\2", whole)
        whole = _OUT_OF.sub(r"\1/\2", whole) if _is_share(meaning.value) else whole
        find = meaning.find if final.marked or len(whole) <= _NUMBER_WORDS else _digits_of(meaning.find)
        text, found = (stated if final.marked else concluded)(whole, find)
        if not found:
            return self._otherwise(meaning, final, whole)
        answer = text[found[0].start : found[-1].end].strip()
        if any(not meaning.same(found[0], other) for other in found[1:]):
            return several(answer, self.reference)
        if final.marked and offers_another(final.block, answer):
            return several(final.block, self.reference)
        if final.marked and _is_unsolved(text, in_math=final.in_math):
            return incorrect(text, self.reference)
        matches = meaning.meets(found[0], text)
        return correct(answer, self.reference) if matches else incorrect(answer, self.reference)

    def _otherwise(self, meaning: Meaning, final: FinalAnswer, whole: str) -> Finding:
        """Return the finding where nothing of the expected kind is stated: another number, or none at all."""
        if meaning.find is not find_quantities:
            text, found = (stated if final.marked else concluded)(whole, find_quantities)
            if found:
                return incorrect(text[found[0].start : found[-1].end].strip(), self.reference)
        return missing("number", self.reference)


def expected_number(reference: str) -> ExpectedNumber | None:
    """Return the check for a reference that contains a value, or None."""
    text = plain(plain_latex(reference))
    meant = list(meanings(text))
    if not meant:
        found = stated(text, find_quantities)[1]
        meant = [amount(found[0])] if found else []
    return ExpectedNumber(reference, meant) if meant else None


def _readings(final: FinalAnswer, reference: str) -> list[FinalAnswer]:
    """Return an answer as its language groups digits, and as a decimal point if it may be one.

    Many write 3.142 in every language; 1.500 is not a decimal unless the reference is written so.
    """
    groups = list(_GROUP.finditer(final.text)) if final.points_group else []
    if not groups:
        return [final]
    text, block = (_GROUP.sub(r"\1\2", one) for one in (final.text, final.block))
    grouped = replace(final, text=text, block=block)
    may_be_decimals = all(one[0] in reference or not one[2].endswith("0") for one in groups)
    return [grouped, final] if may_be_decimals else [grouped]


def _is_share(value: Any) -> bool:
    """Return whether a value is a fraction or a percentage, which "5 out of 8" may be."""
    return isinstance(value, Quantity) and (value.percent or value.value.denominator != 1)


def _is_unsolved(text: str, *, in_math: bool) -> bool:
    """Return whether a marked answer has no value; "5!" is a factorial where mathematics is set."""
    if in_math and _NOT_READ.search(text):
        return True
    aside = _ASIDE.search(text)
    if aside and is_value(aside[1]):  # "5 km/h (1.39 m/s)"
        text = text[: aside.start()]
    return is_unsolved(_WORKING.sub("", text if in_math else text.rstrip("!")))


def _digits_of(find: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    """Return `find` for a long text, where a number in words is seldom the answer."""

    def in_digits(text: str) -> list[Any]:
        return find(text) if any(character.isdigit() for character in text) else []

    return in_digits
