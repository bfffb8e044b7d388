"""Two numbers that are one answer: a ratio "5:3", a range "10-15" or "between 10 and 15", both signs "±5"."""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd

from orca_desk.method.grading.numerals import BOTH_SIGNS, all_quantities, find_quantities
from orca_desk.method.grading.quantities import Quantity, same_quantity

_RATIO = re.compile(
    r"(?<![\d:.,])\d{1,9}(?:\.\d{1,9})?(?:\s?:\s?\d{1,9}(?:\.\d{1,9})?){1,5}(?![\d:]|\s?[ap]\.?m\b)",
    re.IGNORECASE,
)
_RATIO_IN_WORDS = re.compile(r"(?<![\d:.,])(\d{1,9}) to (\d{1,9})(?: to (\d{1,9}))?(?![\d:])", re.IGNORECASE)
_TO = re.compile(r"\s?[A-Za-z°$€£%²³/]{0,12}\s?(?:-|to|through|until|bis|à)\s?[$€£]?", re.IGNORECASE)
_AND = re.compile(r"\s?[A-Za-z°$€£%]{0,12}\s?and\s?[$€£]?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|anywhere between)\s?[$€£]?\Z", re.IGNORECASE)
_JOINS = re.compile(r"\s?(?:,|;|and|or|,\s?(?:and|or))\s?(?:[A-Za-z]\w?\s?=\s?)?", re.IGNORECASE)


@dataclass(frozen=True)
class Ratio:
    """Two or more numbers in proportion (text[start:end]), in lowest terms."""

    terms: tuple[Fraction, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Range:
    """All from one number to another (text[start:end])."""

    low: Quantity
    high: Quantity
    start: int
    end: int


@dataclass(frozen=True)
class BothSigns:
    """A number and its negative, as the solutions of a square are: "±5", "5 and -5"."""

    positive: Quantity
    start: int
    end: int


def find_ratios(text: str) -> list[Ratio]:
    """Return the ratios in `text`, from left to right."""
    found = []
    for match in (*_RATIO.finditer(text), *_RATIO_IN_WORDS.finditer(text)):
        terms = [Fraction(term) for term in re.findall(r"\d+(?:\.\d+)?", match[0])]
        if all(terms):
            found.append(Ratio(_lowest(terms), match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


def find_ranges(text: str) -> list[Range]:
    """Return the ranges in `text`, from left to right."""
    found = []
    for low, high in pairwise(find_quantities(text)):
        gap = text[low.end : high.start]
        between = _AND.fullmatch(gap) and _BETWEEN.search(text[: low.start])
        if between or _TO.fullmatch(gap):
            found.append(Range(low, high, low.start, high.end))
    return found


def find_both_signs(text: str) -> list[BothSigns]:
    """Return where `text` names a number and its negative as one answer."""
    quantities = all_quantities(text)
    found = []
    for quantity in quantities:
        sign = BOTH_SIGNS.search(text, max(0, quantity.start - 16), quantity.start)
        if sign and quantity.value > 0:
            found.append(BothSigns(quantity, sign.start(), quantity.end))
    for one, other in pairwise(quantities):
        if one.value == -other.value and one.value and _JOINS.fullmatch(text, one.end, other.start):
            found.append(BothSigns(max(one, other, key=lambda each: each.value), one.start, other.end))
    return found


def same_ratio(answer: Ratio, expected: Ratio) -> bool:
    """Return whether two ratios are the same: 6:4 is 3:2."""
    return answer.terms == expected.terms


def same_range(answer: Range, expected: Range) -> bool:
    """Return whether two ranges have the same ends."""
    return same_quantity(answer.low, expected.low) and same_quantity(answer.high, expected.high)


def same_both_signs(answer: BothSigns, expected: BothSigns) -> bool:
    """Return whether two numbers with both signs are the same."""
    return same_quantity(answer.positive, expected.positive)


def _lowest(terms: list[Fraction]) -> tuple[Fraction, ...]:
    """Return the terms of a ratio as the smallest whole numbers."""
    scale = 1
    for term in terms:
        scale = scale * term.denominator // gcd(scale, term.denominator)
    whole = [int(term * scale) for term in terms]
    common = gcd(*whole)
    return tuple(Fraction(term // common) for term in whole)
