"""Numbers that are one answer: a ratio "5:3", a range "10-15" or "between 10 and 15", solutions "-1, 2"."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import gcd

from orca_desk.method.grading.numerals import BOTH_SIGNS, all_quantities, find_quantities
from orca_desk.method.grading.quantities import Quantity, same_quantity

_RATIO = re.compile(
    r"(?<![\d:.,])\d{1,9}(?:\.\d{1,9})?(?:\s?:\s?\d{1,9}(?:\.\d{1,9})?){1,5}(?![\d:]|\s?[ap]\.?m\b)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(?<![\d:.,/])([1-9]\d{0,8})\s?/\s?([1-9]\d{0,8})(?![\d/]|[.,]\d)")
_RATIO_IN_WORDS = re.compile(r"(?<![\d:.,])(\d{1,9}) to (\d{1,9})(?: to (\d{1,9}))?(?![\d:])", re.IGNORECASE)
_TO = re.compile(r"\s?[A-Za-z°$€£%²³/]{0,12}\s?(?:-|to|through|until|bis|à)\s?[$€£]?", re.IGNORECASE)
_AND = re.compile(r"\s?[A-Za-z°$€£%]{0,12}\s?and\s?[$€£]?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|anywhere between)\s?[$€£]?\Z", re.IGNORECASE)
_COMMA_PAIR = re.compile(r"(?<![\d.,])(-?\d{1,2}),(-?\d{1,2})(?![\d.,])")
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
class Solutions:
    """Numbers that are one answer, in any order: "-1, 2", "x = 1 or x = 2", "±5" (text[start:end])."""

    values: tuple[Quantity, ...]
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


def find_proportions(text: str) -> list[Ratio]:
    """Return the ratios in `text`, or where it has none, the fractions that say the same: 3/4 for 3:4."""
    return find_ratios(text) or [
        Ratio(_lowest([Fraction(match[1]), Fraction(match[2])]), match.start(), match.end())
        for match in _FRACTION.finditer(text)
    ]


def find_ranges(text: str) -> list[Range]:
    """Return the ranges in `text`, from left to right."""
    found = []
    for low, high in pairwise(find_quantities(text)):
        gap = text[low.end : high.start]
        between = _AND.fullmatch(gap) and _BETWEEN.search(text[: low.start])
        if between or _TO.fullmatch(gap):
            percent = low.percent or (high.percent and low.unit is None)  # "10-15%"
            ends = replace(low, part=False, percent=percent), replace(high, part=False)
            found.append(Range(*ends, low.start, high.end))
    return found


def find_solutions(text: str) -> list[Solutions]:
    """Return the numbers that `text` names together, but for points and intervals such as "(1, 2)"."""
    found: list[Solutions] = []
    for quantity in all_quantities(text):
        one = _signed(text, quantity)
        last = found[-1] if found else None
        if last and _JOINS.fullmatch(text, last.end, one.start):
            found[-1] = Solutions((*last.values, *one.values), last.start, one.end)
        else:
            found.append(one)
    return [one for one in found if len(one.values) > 1 and not _bracketed(text, one)]


def find_comma_pairs(text: str) -> list[Solutions]:
    """Return the numbers that `text` names together, where "1,2" is two numbers and no decimal."""
    return (
        find_solutions(_COMMA_PAIR.sub(r"\1, \2", text)) if _COMMA_PAIR.search(text) else find_solutions(text)
    )


def _signed(text: str, quantity: Quantity) -> Solutions:
    """Return a number alone, or with its negative if both signs stand before it."""
    quantity = replace(quantity, part=False)
    sign = BOTH_SIGNS.search(text, max(0, quantity.start - 16), quantity.start)
    if sign is None or quantity.value <= 0:
        return Solutions((quantity,), quantity.start, quantity.end)
    return Solutions((quantity, replace(quantity, value=-quantity.value)), sign.start(), quantity.end)


def _bracketed(text: str, one: Solutions) -> bool:
    return text[one.start - 1 : one.start] in ("(", "[") and text[one.end : one.end + 1] in (")", "]")


def same_ratio(answer: Ratio, expected: Ratio) -> bool:
    """Return whether two ratios are the same: 6:4 is 3:2."""
    return answer.terms == expected.terms


def same_range(answer: Range, expected: Range) -> bool:
    """Return whether two ranges have the same ends."""
    return same_quantity(answer.low, expected.low) and same_quantity(answer.high, expected.high)


def same_solutions(answer: Solutions, expected: Solutions) -> bool:
    """Return whether two answers of several numbers have the same ones, in any order."""
    left = list(expected.values)
    for value in answer.values:
        twin = next((other for other in left if same_quantity(value, other)), None)
        if twin is None:
            return False
        left.remove(twin)
    return not left


def _lowest(terms: list[Fraction]) -> tuple[Fraction, ...]:
    """Return the terms of a ratio as the smallest whole numbers."""
    scale = 1
    for term in terms:
        scale = scale * term.denominator // gcd(scale, term.denominator)
    whole = [int(term * scale) for term in terms]
    common = gcd(*whole)
    return tuple(Fraction(term // common) for term in whole)
