"""Dates in the usual spellings: "5 March 2021", "March 5th, 2021", "2021-03-05", "Fri, 5 Mar", "July 1969".

A date of digits alone, such as 05/03/2021, is 5 March in one country and 3 May in another: it equals nothing
but the same digits, unless only one reading exists (25/12/2024).
"""

import re
from dataclasses import dataclass

from dateutil.parser import parserinfo

_INFO = parserinfo()
_MONTH = (
    "jan(?:uary|\\.)?|feb(?:ruary|\\.)?|mar(?:ch|\\.)?|apr(?:il|\\.)?|may|june?|july?|aug(?:ust|\\.)?"
    "|sept?(?:ember|\\.)?|oct(?:ober|\\.)?|nov(?:ember|\\.)?|dec(?:ember|\\.)?"
)
_WEEKDAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_NAMED_DATE = re.compile(
    rf"""\b(?:(?P<weekday>{_WEEKDAY})\b[.,]?\s(?:the\s)?)?(?:
        (?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-](?:of\s)?(?P<month>{_MONTH})(?![a-z])(?:[,\s-]{{1,2}}(?P<year>\d{{4}}))?(?!\d)
      | (?P<month2>{_MONTH})(?![a-z])\s(?:the\s)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])
        (?:,?\s(?:in\s)?(?P<year2>\d{{4}}))?(?!\d)
      | (?P<month3>{_MONTH})(?![a-z]),?\s(?:of\s)?(?P<year3>\d{{4}})(?!\d)
      | (?P<year4>\d{{4}})[\s-](?P<month4>{_MONTH})(?![a-z])[\s-](?P<day4>\d{{1,2}})(?!\d)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_DIGITS = re.compile(
    r"(?<![\d/.-])(?:(?P<iso>(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2}))(?:T[\d:.]+Z?)?"
    r"|(?P<a>\d{1,2})(?P<s2>[-/.])(?P<b>\d{1,2})(?P=s2)(?P<y2>\d{4}|\d{2}))(?![\d/-])"
)
_CJK = re.compile(r"(?:(?P<y>\d{4})\s?[年년]\s?)?(?P<m>\d{1,2})\s?[月월]\s?(?:(?P<d>\d{1,2})\s?[日号號일])?")
_FOREIGN = {
    "januar": 1, "janvier": 1, "enero": 1, "gennaio": 1, "janeiro": 1, "februar": 2, "février": 2,
    "febrero": 2, "febbraio": 2, "fevereiro": 2, "märz": 3, "mars": 3, "marzo": 3, "março": 3, "avril": 4,
    "abril": 4, "aprile": 4, "mai": 5, "mayo": 5, "maggio": 5, "maio": 5, "juni": 6, "juin": 6, "junio":
    6, "giugno": 6, "junho": 6, "juli": 7, "juillet": 7, "julio": 7, "luglio": 7, "julho": 7, "août": 8,
    "agosto": 8, "septembre": 9, "septiembre": 9, "settembre": 9, "setembro": 9, "oktober": 10, "octobre":
    10, "octubre": 10, "ottobre": 10, "outubro": 10, "novembre": 11, "noviembre": 11, "novembro": 11,
    "dezember": 12, "décembre": 12, "diciembre": 12, "dicembre": 12, "dezembro": 12,
}  # fmt: skip
_FOREIGN_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:er|\.|º)?\s(?:de\s)?(?P<month>{'|'.join(_FOREIGN)}|april|august|september|november)\b"
    r"(?:\s(?:de\s|del\s)?(?P<year>\d{4}))?",
    re.IGNORECASE,
)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HAS_MONTH = re.compile(rf"\b(?:{_MONTH})\b", re.IGNORECASE)


@dataclass(frozen=True)
class DateValue:
    """A date in a text, with the parts that it names (None: not named), and where (text[start:end]).

    `digits`: the first two numbers of a date of digits whose order is unknown; its day and month are None.
    """

    year: int | None
    month: int | None
    day: int | None
    weekday: int | None
    start: int
    end: int
    digits: tuple[int, int] | None = None


def find_dates(text: str) -> list[DateValue]:
    """Return the dates in `text`, from left to right."""
    found: list[DateValue] = []
    if _HAS_MONTH.search(text):
        found += [one for match in _NAMED_DATE.finditer(text) if (one := _named(match))]
    found += [one for match in _DIGITS.finditer(text) if (one := _of_digits(match))]
    found += [one for match in _FOREIGN_DATE.finditer(text) if (one := _foreign(match))]
    found += [one for match in _CJK.finditer(text) if match["d"] or match["y"] if (one := _cjk(match))]
    return _apart(sorted(found, key=lambda one: (one.start, -one.end)))


def read_date(text: str) -> DateValue | None:
    """Return `text` as a date, None if it is anything else or more."""
    bare = text.strip().rstrip(".").strip()
    bare = re.sub(r"\A(?:on|in|the|on the)\s", "", bare, count=1, flags=re.IGNORECASE)
    dates = find_dates(bare)
    whole = len(dates) == 1 and dates[0].start == 0 and dates[0].end >= len(bare)
    return dates[0] if whole else None


def same_date(answer: DateValue, expected: DateValue) -> bool:
    """Return whether the answer names every part of the reference, and names it the same."""
    if answer.digits or expected.digits:
        return answer.digits == expected.digits and answer.year == expected.year
    parts = ((getattr(answer, name), getattr(expected, name)) for name in ("year", "month", "day"))
    if not all(wanted is None or got == wanted for got, wanted in parts):
        return False
    return None in (answer.weekday, expected.weekday) or answer.weekday == expected.weekday


def _apart(found: list[DateValue]) -> list[DateValue]:
    """Return the dates that do not lie in another one."""
    kept: list[DateValue] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _named(match: re.Match[str]) -> DateValue | None:
    def part(name: str) -> str | None:
        return next(
            (
                match[key]
                for key in (name, *(f"{name}{n}" for n in (2, 3, 4)))
                if key in match.re.groupindex and match[key]
            ),
            None,
        )

    month = _INFO.month((part("month") or "").rstrip("."))
    weekday = _INFO.weekday(match["weekday"]) if match["weekday"] else None
    return _date(part("year"), month, part("day"), weekday, match)


def _of_digits(match: re.Match[str]) -> DateValue | None:
    if match["iso"]:
        return _date(match["y"], int(match["m"]), match["d"], None, match)
    first, second, year = int(match["a"]), int(match["b"]), match["y2"]
    if len(year) == 2 and match["s2"] != "/":
        return None  # a version or a section
    full = int(year) if len(year) == 4 else 2000 + int(year)
    if match["s2"] == "." or first > 12 or first == second:  # dots stand in dates that begin with the day
        return _date(str(full), second, str(first), None, match)
    if second > 12:
        return _date(str(full), first, str(second), None, match)
    if not first or not second:
        return None
    return DateValue(full, None, None, None, match.start(), match.end(), digits=(first, second))


def _foreign(match: re.Match[str]) -> DateValue | None:
    name = match["month"].casefold()
    month = _FOREIGN.get(name) or _INFO.month(name)
    return _date(match["year"], month, match["day"], None, match)


def _cjk(match: re.Match[str]) -> DateValue | None:
    return _date(match["y"], int(match["m"]), match["d"], None, match)


def _date(
    year: str | None, month: int | None, day: str | None, weekday: int | None, match: re.Match[str]
) -> DateValue | None:
    """Return a date whose month and day exist, else None."""
    number = int(day) if day else None
    if (
        month is None
        or not 1 <= month <= 12
        or (number is not None and not 1 <= number <= _MONTH_DAYS[month - 1])
    ):
        return None
    return DateValue(int(year) if year else None, month, number, weekday, match.start(), match.end())
