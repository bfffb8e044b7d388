"""Clock times: "3:30 pm", "15:30", "15h30", "half past three", "noon"."""

import re
from dataclasses import dataclass

_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TIME = re.compile(
    rf"""(?<![\d:.,/])(?:
        (?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?)?\s?(?P<half>[ap]\.?\s?m\b\.?)
      | (?P<h>\d{{1,2}})[:h](?P<m>\d{{2}})(?::(?P<s>\d{{2}}))?(?![\d:])(?:\s?(?:uhr|o['’]clock|hours|hrs)\b)?
      | (?P<full>\d{{1,2}}|{"|".join(_HOURS)})\s?(?:o['’]?\s?clock|uhr)\b
        (?:\s(?P<day>in\sthe\s(?:morning|afternoon|evening)|at\snight))?
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:12\s)?(noon|midnight|midday)\b", re.IGNORECASE)
_MINUTES = {"half": 30, "quarter": 15, "five": 5, "ten": 10, "twenty": 20, "twenty-five": 25}
_PAST = re.compile(
    rf"\b(?P<part>half|(?:a )?quarter|\d{{1,2}} minutes|twenty-five|twenty|ten|five) "
    rf"(?P<side>past|after|to|before) (?P<hour>\d{{1,2}}|{'|'.join(_HOURS)})\b"
    r"(?:\s?(?P<half>[ap]\.?m\b\.?))?",
    re.IGNORECASE,
)
_LATER = re.compile(r"\A\s?(?:in the (?:afternoon|evening)|at night)", re.IGNORECASE)
_EARLIER = re.compile(r"\A\s?in the morning", re.IGNORECASE)


@dataclass(frozen=True)
class ClockTime:
    """A time of day in a text: seconds since midnight, and where it stands.

    `exact`: written with "am" or "pm", or in a way that only 24 hours have ("15:30"). "3:30" alone is not: it
    may be either. `padded`: "03:30", which is never in the afternoon.
    """

    seconds: int
    exact: bool
    padded: bool
    start: int
    end: int


def find_times(text: str) -> list[ClockTime]:
    """Return the clock times in `text`, from left to right."""
    found = [one for match in _TIME.finditer(text) if (one := _read(text, match))]
    for match in _NAMED.finditer(text):
        seconds = 0 if match[1].lower() == "midnight" else 12 * 3600
        found.append(
            ClockTime(seconds=seconds, exact=True, padded=False, start=match.start(), end=match.end())
        )
    found += [one for match in _PAST.finditer(text) if (one := _past(match))]
    kept: list[ClockTime] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def read_time(text: str) -> ClockTime | None:
    """Return `text` as a clock time, None if it is anything else or more."""
    bare = text.strip().rstrip(".").strip()
    times = find_times(bare)
    whole = len(times) == 1 and times[0].start == 0 and times[0].end >= len(bare)
    return times[0] if whole else None


def same_time(answer: ClockTime, expected: ClockTime) -> bool:
    """Return whether two times are the same; an open reference ("3:30") is met by either half of the day."""
    if answer.seconds == expected.seconds:
        return True
    either = answer.exact and not expected.exact and not expected.padded
    return either and abs(answer.seconds - expected.seconds) == 12 * 3600


def _read(text: str, match: re.Match[str]) -> ClockTime | None:
    hour = _hour(match["hour"] or match["h"] or match["full"])
    minute = int(match["minute"] or match["m"] or 0)
    second = int(match["second"] or match["s"] or 0)
    half = (match["half"] or "")[:1].lower()
    after = text[match.end() : match.end() + 20]
    end = match.end()
    if not half and (said := _LATER.match(after) or _EARLIER.match(after)):
        half = "a" if _EARLIER.match(after) else "p"
        end += said.end()
    if match["day"]:
        half = "a" if "morning" in match["day"].lower() else "p"
    written = match["h"] or match["full"] or ""
    exact = bool(half) or hour >= 12 or hour == 0
    return _time(
        hour, minute, second, half, (match.start(), end), exact=exact, padded=written.startswith("0")
    )


def _hour(word: str) -> int:
    return int(word) if word.isdigit() else _HOURS.index(word.lower()) + 1


def _past(match: re.Match[str]) -> ClockTime | None:
    hour = _hour(match["hour"])
    part = match["part"].lower()
    minutes = _MINUTES[part.removeprefix("a ")] if not part[0].isdigit() else int(part.split()[0])
    before = match["side"].lower() in ("to", "before")
    half = (match["half"] or "")[:1].lower()
    total = hour * 60 + (-minutes if before else minutes)
    return _time(total // 60, total % 60, 0, half, match.span(), exact=bool(half), padded=False)


def _time(
    hour: int, minute: int, second: int, half: str, span: tuple[int, int], *, exact: bool, padded: bool
) -> ClockTime | None:
    if hour > 24 or minute > 59 or second > 59 or (half and hour == 0):
        return None
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    seconds = (hour % 24) * 3600 + minute * 60 + second
    return ClockTime(seconds=seconds, exact=exact, padded=padded, start=span[0], end=span[1])
