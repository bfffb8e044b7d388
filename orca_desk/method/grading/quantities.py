"""Amounts: a number with what it counts or measures, and when two are the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from orca_desk.method.grading.directions import opposed
from orca_desk.method.grading.units import Unit, convert, fits, same_things, unit_at, unit_of_sign

_LONGEST_JOINT = 20  # characters between the parts of one amount
_FEET = re.compile(r"\s?['′’]\s?\Z")
_INCHES = re.compile(r"\s?(?:[\"″”]|''|’’|′′)|\s*\Z")
_JOINT = re.compile(
    r"\s?-?(?P<unit>[A-Za-z°$€£]+)\.?(?:\s?,?\s?(?:and|&|und|et|y|e)\s|,?\s|(?<=h)(?=\d)|(?<=[a-z])(?=\d))?\Z"
)


@dataclass(frozen=True)
class Quantity:
    """A number in a text: its exact value, how it was written, and where (text[start:end]).

    `places`: digits after the decimal point, None for a fraction. `tail`: what follows, where the unit
    stands. `sign`: a currency sign before the number. `also`: another reading ("300K" may be 300 kelvin),
    which counts only against something with a unit that fits. `bound`: it bounds the answer ("at least 5").
    `part`: it is part of an expression ("x + 5"), of which it is never the value. `base`: 16 for "0xff".
    `exact_to`: the power of ten of the last decimal of a number in scientific notation: 21 for 6.02e23.
    `ways`: the words beside it that say which way it goes ("north", "less").
    """

    value: Fraction
    places: int | None
    percent: bool
    start: int
    end: int
    tail: str = ""
    sign: str = ""
    also: "Quantity | None" = field(default=None, repr=False)
    ordinal: bool = False
    bound: bool = False
    part: bool = False
    summed: Unit | None = None  # the unit of a sum: "1 hour 30 minutes" is 90 minutes
    whole: Fraction | None = None  # a sum in its larger unit: 1.5 hours
    base: int = 10
    exact_to: int | None = None
    ways: frozenset[str] = frozenset()

    @cached_property
    def unit(self) -> Unit | None:
        """What the number counts or measures; None where the text names nothing."""
        if self.summed is not None:
            return self.summed
        if self.sign:
            return unit_of_sign(self.sign, self.tail)
        return unit_at(self.tail)


def same_quantity(answer: Quantity, expected: Quantity) -> bool:
    """Return whether two amounts are the same.

    - A unit may be left out; where both name one, they are converted, and must measure or count the same.
    - A percent sign changes the value: 50% is 0.5 and 1/2, and not 50.
    - A bound is no value: "at least 5" is not 5. Neither is a part of an expression: "x + 5" is not 5.
    - A number in another base is another answer: "0xff" is "0x00FF", and not 255, which says it otherwise.
    - The way it goes may be left out, but not turned: "20% less" is not "20% more".
    - Values are compared exactly, but a reference with two or more decimals, also before a power of ten, is
      met by any number that rounds to it, and a fraction without a finite decimal by its rounding to two or
      more decimals.
    """
    if answer.bound != expected.bound or answer.base != expected.base or answer.part or expected.part:
        return False
    if opposed(answer.ways, expected.ways):
        return False
    return any(
        _same_reading(one, other)
        for one, other in (
            (answer, expected),
            *([(answer.also, expected)] if answer.also and expected.unit else []),
            *([(answer, expected.also)] if expected.also and answer.unit else []),
        )
    )


def _same_reading(answer: Quantity, expected: Quantity) -> bool:
    if answer.percent or expected.percent:
        return _same_share(answer, expected)
    ours, theirs = answer.unit, expected.unit
    if ours is None and expected.whole is not None:  # "90" leaves out which unit it means
        return _meets(answer.value, answer.places, expected.whole, None)
    if theirs is None and answer.whole is not None and answer.whole == expected.value:
        return True
    if ours is None or theirs is None or same_things(ours, theirs):
        return _rounds_to(answer, expected) or _meets(
            answer.value, answer.places, expected.value, expected.places
        )
    for mine, wanted in fits(ours, theirs):
        value = convert(answer.value, mine, wanted)
        if value is None:
            continue
        places = answer.places if mine == wanted else None
        if _meets(value, places, expected.value, expected.places):
            return True
        back = convert(expected.value, wanted, mine)
        if mine != wanted and back is not None and _rounded(answer, back):
            return True
    return False


def _rounded(answer: Quantity, exact: Fraction) -> bool:
    """Return whether a converted reference rounds to the answer, which has at least two decimals."""
    if answer.places is None or answer.places < 2:
        return False
    tolerance = Fraction(1, 2 * 10**answer.places)
    return abs(answer.value - exact) <= tolerance


def _rounds_to(answer: Quantity, expected: Quantity) -> bool:
    """Return whether an answer rounds to a reference in scientific notation with two or more decimals."""
    if answer.exact_to is None or expected.exact_to is None or answer.exact_to >= expected.exact_to:
        return False
    return abs(answer.value - expected.value) * 2 <= Fraction(10) ** expected.exact_to


def _same_share(answer: Quantity, expected: Quantity) -> bool:
    """Compare where at least one is a percentage; the other may be its fraction or decimal."""
    if answer.percent == expected.percent:
        return _meets(answer.value, answer.places, expected.value, expected.places)
    share, other = (answer, expected) if answer.percent else (expected, answer)
    if other.unit is not None and other.unit.readings:
        return False
    fraction_like = other.places != 0 or abs(other.value) <= 1
    if not fraction_like:
        return False
    places = None if share.places is None else share.places + 2
    if answer.percent:
        return _meets(answer.value / 100, places, expected.value, expected.places)
    return _meets(answer.value, answer.places, expected.value / 100, places)


def _meets(value: Fraction, places: int | None, expected: Fraction, expected_places: int | None) -> bool:
    if value == expected:
        return True
    if expected_places is not None:
        fine = expected_places >= 2 and (places is None or places > expected_places)
        return fine and abs(value - expected) * 2 * 10**expected_places <= 1
    endless = not _finite(expected.denominator)
    return endless and places is not None and places >= 2 and abs(value - expected) * 2 * 10**places <= 1


def _finite(denominator: int) -> bool:
    """Return whether a fraction in lowest terms with this denominator has a finite decimal."""
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def add_up(text: str, found: list[Quantity]) -> Iterator[Quantity]:
    """Yield the numbers, with those of one measure added up: "1 hour 30 minutes", "5 feet 6 inches"."""
    pending: Quantity | None = None
    for quantity in found:
        added = None
        if pending is not None and quantity.start - pending.end <= _LONGEST_JOINT:
            added = _add(text, pending, quantity)
        if added is None and pending is not None:
            yield pending
        pending = added or quantity
    if pending is not None:
        yield pending


def _add(text: str, first: Quantity, second: Quantity) -> Quantity | None:
    """Return two neighbours as one amount in the second's unit, None if they are not parts of one."""
    gap = text[first.end : second.start]
    whole: Unit | None
    part: Unit | None
    if _FEET.match(gap) and (inches := _INCHES.match(text, second.end)):
        whole, part = Unit(readings=("foot",)), Unit(readings=("inch",))
        second = replace(second, end=inches.end())
    elif _JOINT.match(gap):
        whole, part = first.unit, _part_unit(first, second)
    else:
        return None
    if whole is None or part is None or not whole.readings or first.percent or second.percent:
        return None
    if first.value.denominator != 1 or second.value < 0:
        return None
    for big in (*whole.readings, *whole.also):
        for small in (*part.readings, *part.also):
            one = None if big == small else convert(Fraction(1), big, small)
            if one is not None and one > 1 and second.value < one:
                sign = -1 if first.value < 0 else 1
                value = first.value * one + sign * second.value
                end = second.end
                summed = replace(second, value=value, start=first.start, end=end, sign="", also=None)
                return replace(summed, summed=Unit(readings=(small,)), whole=value / one)
    return None


def _part_unit(first: Quantity, second: Quantity) -> Unit | None:
    """Return the unit of the second part; "1h30" and "5'6" leave out minutes and inches."""
    if second.unit is not None or first.unit is None:
        return second.unit
    smaller = {"hour": "minute", "foot": "inch", "minute": "second"}
    left_out = smaller.get(first.unit.readings[0]) if first.unit.readings else None
    bare = not second.tail.strip() or second.tail.lstrip()[:1] in "\"″”.,;)'"
    return Unit(readings=(left_out,)) if left_out and bare else None
