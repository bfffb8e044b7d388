"""Values: what a text means (an amount, a date, a time, a ratio, a range), and when two are the same."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orca_desk.method.grading.clock import find_times, read_time, same_time
from orca_desk.method.grading.dates import find_dates, read_date, same_date
from orca_desk.method.grading.markup import plain_latex
from orca_desk.method.grading.numerals import find_quantities, plain
from orca_desk.method.grading.pairs import (
    Solutions,
    find_comma_pairs,
    find_proportions,
    find_ranges,
    find_ratios,
    find_solutions,
    same_range,
    same_ratio,
    same_solutions,
)
from orca_desk.method.grading.quantities import Quantity, same_quantity
from orca_desk.method.grading.units import measures

_LONGEST = 500
_NAME_BEFORE = re.compile(r"\s{0,4}(?:[A-Za-z]\w?\s?=\s{0,4})?[\"'“]?\Z")
_UNIT_AFTER = re.compile(
    r"[\s-]?(?:[^\W\d_]+|′′|[°%'\"′″¢$€£¥])?(?:(?:[ ./·*-]|\^-?)?(?:[^\W\d_]+|\d(?![\d])|°)){0,4}"
    r"[\s\"'”)\]]{0,2}\.?"
)
_NOT_UNITS = re.compile(
    r"\b(?:of|[ap]\.?\s?m|am|pm|noon|bc|ad|st|nd|rd|th|o|and|or|is|are|was|the|in(?!\W*\Z)|(?:jan|febr)uary|march|april|may|june|july|august"
    r"|(?:septem|octo|novem|decem)ber)\b",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"(?<![A-Za-z])([A-Za-z]\w?)\s?=\s?\Z")
_LIST = re.compile(r"=\s*-?\d{1,2},-?\d{1,2}\Z")  # "x=2,3" names two solutions
_BOUND = re.compile(r"\A\W*(?:after|before|until)\s(?:the\s)?\Z", re.IGNORECASE)
_OR_ANOTHER = re.compile(r"\s(?:or|and|to)\s\d{1,2}\b|[-–]\d{1,2}\b")
_SHORT_LIST = re.compile(r"\d,-?\d{1,2},-?\d{1,2}(?!\d)")  # "7,5,3" is not 7.5 and 3
_PLAIN = re.compile(r"-?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?")  # most references, and no time, date or pair
# What a reference may say beside its value.
_HEDGE = re.compile(
    r"(?:(?:about|approximately|approx\.?|around|roughly|exactly|precisely|nearly|circa|ca?\.)\s|[~≈∼]\s?)+",
    re.IGNORECASE,
)
_REMARK = re.compile(r"([^()]+?)\s?\(([^()]+)\)\.?")
_CHANCE = re.compile(r"(\d+) (?:in|out of) (\d+)")
_ARITHMETIC = re.compile(r"[\d\s.,$€£%()+*/×÷·^-]+")
_FIRST_YEAR, _LAST_YEAR = 1000, 2999


@dataclass(frozen=True)
class Meaning:
    """One way to read a reference: its value, how values of its kind are found, and when two are the same."""

    value: Any
    find: Callable[[str], list[Any]]
    same: Callable[[Any, Any], bool]
    name: str = ""  # the variable that the text gives the value to: "x = 5"

    def meets(self, answer: Any, text: str) -> bool:
        """Return whether a value found in `text` is the same, of no other variable, and no bound."""
        if self.find in (find_dates, find_times) and _one_of_several(text, answer):
            return False
        named = variable_before(text, answer.start)
        return not (named and self.name and named != self.name) and self.same(answer, self.value)


def _one_of_several(text: str, answer: Any) -> bool:
    """Return whether a date or time is a bound ("after 3:30 pm") or one of two ("March 5 or 6")."""
    return _BOUND.search(text[: answer.start]) is not None or _OR_ANOTHER.match(text, answer.end) is not None


def is_value(reference: str) -> bool:
    """Return whether a text is one value and nothing else, perhaps with a short unit."""
    return len(reference) <= _LONGEST and any(meanings(plain(plain_latex(reference))))


def bare_value(reference: str) -> str:
    """Return the value alone of a reference that says more: "≈ 5", "5 (five)", "2 + 3 = 5", "1 in 4".

    Any other reference is returned as it is.
    """
    text = reference.strip()
    if len(text) > _LONGEST or not _may_be_value(text):
        return reference
    if chance := _CHANCE.fullmatch(text):
        return f"{chance[1]}/{chance[2]}"
    hedged, remark = _HEDGE.sub("", text, count=1), _REMARK.fullmatch(text)
    sides = re.split(r"\s*[=≈]\s*", text)
    if len(sides) > 1 and all(map(_ARITHMETIC.fullmatch, sides[:-1])) and is_value(sides[-1]):
        return sides[-1]
    if remark and is_value(remark[1]) and (is_value(remark[2]) or _ARITHMETIC.fullmatch(remark[2])):
        return remark[1]
    return hedged if hedged != text and is_value(hedged) else reference


def same_value(answer: str, expected: str) -> bool | None:
    """Return whether two texts are the same value; None if either is anything but one value."""
    wanted = plain(plain_latex(expected))
    got = plain(plain_latex(answer))
    if not (_may_be_value(wanted) and _may_be_value(got)):
        return None
    comparable = False
    for meaning in meanings(wanted):
        for other in meanings(got):
            if other.find is meaning.find:
                comparable = True
                if meaning.meets(other.value, got):
                    return True
    return False if comparable else None


def parse_number(text: str) -> Quantity | None:
    """Return `text` as a number or an amount, with at most a name before it and a short unit after it."""
    bare = text.strip()
    if len(bare) > _LONGEST:
        return None
    found = find_quantities(bare)
    if len(found) != 1 or found[0].part or not _NAME_BEFORE.match(bare[: found[0].start]):
        return None
    after = bare[found[0].end :]
    if "=" in bare and _LIST.search(bare):
        return None
    if not _UNIT_AFTER.fullmatch(after) or _NOT_UNITS.search(after) or _is_variable(after):
        return None
    return found[0]


def _is_variable(after: str) -> bool:
    """Return whether what follows a number is the name of a variable: "2x" and "5 y" are not amounts."""
    word = after.strip(" .")
    return len(word) == 1 and word.isascii() and word.isalpha() and not measures(word) and word not in "CF"


def meanings(text: str) -> Iterator[Meaning]:
    """Yield what a text that is one value may mean, the likeliest first."""
    if len(text) > _LONGEST:
        return
    bare = text.strip().rstrip(".").strip()
    for read, find, same in () if _PLAIN.fullmatch(bare) else _KINDS:
        value = read(bare)
        if value is not None:
            yield Meaning(value, find, same, variable_before(bare, value.start))
    quantity = parse_number(text)
    if quantity is not None:
        yield amount(quantity, variable_before(text.strip(), quantity.start))


def variable_before(text: str, start: int) -> str:
    """Return the variable to which `text` gives the value at `start` ("x = 5"), "" if there is none."""
    match = _VARIABLE.search(text, max(0, start - 8), start)
    return match[1] if match else ""


def amount(quantity: Quantity, name: str = "") -> Meaning:
    """Return the meaning of an amount; a year is also found in a date."""
    year = quantity.unit is None and quantity.places == 0 and _FIRST_YEAR <= quantity.value <= _LAST_YEAR
    return Meaning(quantity, _find_years if year else find_quantities, same_quantity, name)


def _find_years(text: str) -> list[Quantity]:
    """Return the numbers of a text, of a date its year alone: "July 20, 1969" holds the asked 1969."""
    dates = [one for one in find_dates(text) if one.year is not None]
    return [
        quantity
        for quantity in find_quantities(text)
        if not any(one.start <= quantity.start < one.end and quantity.value != one.year for one in dates)
    ]


def _whole(find: Callable[[str], list[Any]]) -> Callable[[str], Any]:
    """Return the function that reads a text which is one such value."""

    def read(text: str) -> Any:
        found = find(text)
        if len(found) != 1:
            return None
        before, after = text[: found[0].start], text[found[0].end :]
        fits = _NAME_BEFORE.match(before) or before.casefold().strip() in ("between", "from", "about")
        return found[0] if fits and _UNIT_AFTER.fullmatch(after) and not _NOT_UNITS.search(after) else None

    return read


def _two(find: Callable[[str], list[Solutions]]) -> Callable[[str], Solutions | None]:
    """Return the function that reads a text which is two solutions; more may be in an order."""
    read = _whole(find)

    def read_two(text: str) -> Solutions | None:
        found: Solutions | None = None if _SHORT_LIST.search(text) else read(text)
        return found if found and len(found.values) == 2 else None

    return read_two


def _comma_pair(text: str) -> Solutions | None:
    """Return "-2,1" as two solutions, which it may be besides a decimal."""
    return None if find_solutions(text) else _two(find_comma_pairs)(text)


def _find_plain_ratios(text: str) -> list[Any]:
    """Return the ratios of a text that are not times of day: 12:00 is not 1:00."""
    times = find_times(text)
    return [one for one in find_ratios(text) if not any(time.start == one.start for time in times)]


_KINDS: list[tuple[Callable[[str], Any], Callable[[str], list[Any]], Callable[[Any, Any], bool]]] = [
    (read_date, find_dates, same_date),
    (read_time, find_times, same_time),
    (_whole(_find_plain_ratios), find_proportions, same_ratio),
    (_whole(find_ranges), find_ranges, same_range),
    (_two(find_solutions), find_comma_pairs, same_solutions),
    (_comma_pair, find_solutions, same_solutions),  # "1,2" may be a decimal, and so may "2,1"
]
_VALUE_SIGN = re.compile(
    r"\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand|million"
    r"|dozen|half|quarters?|noon|midday|midnight|none|nil|nought|zilch|first|second|thirds?|\w+th)\b|[零〇一二两兩三四五六七八九十百千]",
    re.IGNORECASE,
)


def _may_be_value(text: str) -> bool:
    """Return whether a text can be a value at all: a quick look before it is read."""
    return len(text) <= _LONGEST and _VALUE_SIGN.search(text) is not None
