"""Numbers as people write them: separators, signs, currency, fractions, percent, powers of ten, words."""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from orca_desk.method.grading.units import Unit, known_unit
from orca_desk.method.grading.words import NUMBER_WORDS, parse_words

_MOST_DIGITS = 400
_MAGNITUDES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
}
_TOKEN = re.compile(
    r"""
    (?P<compound>\d+(?:[:]\d+)+ | \d+(?:/\d+){2,} | \d+-\d+-\d+ | \d+(?:\.\d+){2,}(?!\d*,) )
  | (?P<sign>(?<![\w)\]])[-+])?
    (?P<currency>(?:US|C|A)?[$€£¥₹]\s?)?
    (?P<inner>-)?
    (?P<body>
        (?<![\d.])\d{1,3}(?:\.\d{3})+,\d+(?!\d)             # 1.234,56
      | \d{1,3}(?:[, '’\u00a0\u2009\u202f_]\d{3})+(?!\d)(?:\.\d+)?  # 1,234.56
      | \d+(?:,\d{1,2}(?![\d,]))                            # 2,5
      | \d+(?:\.\d+)?
      | \.\d+
    )
    (?:
        \s?[×x*]\s?10\s?(?:\^|\*\*)\s?[{(]?(?P<power>[-+]?\d+)[})]?
      | [eE](?P<exponent>[-+]?\d+)(?![\w.])
      | (?:[ ](?P<over>\d+))?\s?/\s?(?P<under>\d+)(?![\d.])
    )?
    (?P<percent>\s?%|\s(?:percent|per\scent|percentage\spoints?)\b)?
    (?:\s?(?P<magnitude>hundred|thousand|million|billion|trillion|bn|k)\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNIT = re.compile(r"[ -]?([A-Za-z¢€£¥₹]+)")
_ATTACHED_BEFORE = re.compile(r"[A-Za-z_]-?\Z")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_WORDS = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Quantity:
    """A number in a text: its exact value, how it was written, and where (text[start:end])."""

    value: Fraction
    places: int | None  # digits after the decimal point; None for a fraction
    percent: bool
    unit: Unit | None
    start: int
    end: int


def plain(text: str) -> str:
    """Return `text` with the signs, digits and fractions of Unicode written in ASCII."""
    if text.isascii():
        return text
    spaced = _VULGAR.sub(lambda match: " " + unicodedata.normalize("NFKC", match[0]), text)
    folded = unicodedata.normalize("NFKC", spaced.replace("\u00a0", "\u202f").replace("\u2009", "\u202f"))
    return folded.replace("−", "-").replace("⁄", "/").replace("–", "-").replace("‑", "-")


def find_quantities(text: str) -> list[Quantity]:
    """Return the numbers in `text` (as `plain` left it), from left to right.

    Dates, times, versions ("3.11.2") and numbers in a name ("A1", "x2") are not numbers; neither is one of
    more than 400 digits.
    """
    found = []
    for match in _TOKEN.finditer(text):
        quantity = _quantity(text, match)
        if quantity is not None:
            found.append(quantity)
    return found


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    if match["compound"] or end - start > _MOST_DIGITS or _named(text, match):
        return None
    value, places = _value(match)
    if value is None:
        return None
    negative = (match["sign"] == "-") != (match["inner"] == "-")
    magnitude = match["magnitude"]
    if magnitude:
        value *= _MAGNITUDES[magnitude.lower()]
    return Quantity(
        value=-value if negative else value,
        places=places,
        percent=match["percent"] is not None,
        unit=_unit(text, end, match["currency"]),
        start=start,
        end=end,
    )


def _named(text: str, match: re.Match[str]) -> bool:
    """Return whether the number is part of a name, such as B12 or COVID-19."""
    start = match.start()
    return match["currency"] is None and _ATTACHED_BEFORE.search(text, max(0, start - 2), start) is not None


def _value(match: re.Match[str]) -> tuple[Fraction | None, int | None]:
    body = match["body"]
    if re.fullmatch(r"\d+,\d{1,2}|[\d.]+,\d+", body) and not re.fullmatch(r"\d{1,3}(,\d{3})+", body):
        body = body.replace(".", "").replace(",", ".")
    digits = re.sub(r"[^\d.]", "", body)
    places = len(digits.partition(".")[2])
    value = Fraction(digits)
    power = match["power"] or match["exponent"]
    if power:
        if abs(int(power)) > _MOST_DIGITS:
            return None, None
        return value * Fraction(10) ** int(power), max(0, places - int(power))
    if match["under"]:
        under = int(match["under"])
        if under == 0:
            return None, None
        if match["over"]:
            return value + Fraction(int(match["over"]), under), None
        return value / under, None
    return value, places


def _unit(text: str, end: int, currency: str | None) -> Unit | None:
    if currency:
        return known_unit(currency.strip()[-1])
    match = _UNIT.match(text, end)
    if match is None or text[match.end() : match.end() + 1] in ("/", "²", "³", "^"):
        return None
    if re.match(r"\s*(?:per|an|each|every)\b", text[match.end() : match.end() + 12]):
        return None
    return known_unit(match[1])


def quantity_in_words(text: str) -> Quantity | None:
    """Return the one number that `text` (up to 300 characters) writes in words, or None."""
    words = _WORDS.findall(text[:300].lower())
    runs: list[list[str]] = [[]]
    for word in words:
        if word in NUMBER_WORDS or (
            word == "and" and runs[-1] and runs[-1][-1] in ("hundred", "thousand", "million")
        ):
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    values = [parse_words(run) for run in runs if run]
    if len(set(values)) != 1 or values[0] is None:
        return None
    negative = "minus" in words or "negative" in words
    value = Fraction(-values[0] if negative else values[0])
    return Quantity(value=value, places=0, percent="percent" in words, unit=None, start=0, end=len(text))


def same_quantity(answer: Quantity, expected: Quantity) -> bool:
    """Return whether two numbers are the same.

    - A unit or percent sign may be left out; where both name a unit, they are converted, and must measure the
      same thing. A percentage may be written as its fraction: 50%, 50, 0.5 and 1/2 all meet 50%.
    - Values are compared exactly, but a reference with two or more decimals is met by any number that rounds
      to it, and a fraction without a finite decimal by its rounding to two or more decimals.
    """
    value = answer.value
    if answer.unit and expected.unit:
        if answer.unit.dimension != expected.unit.dimension:
            return False
        value = value * answer.unit.factor / expected.unit.factor
    if _meets(value, answer.places, expected):
        return True
    if answer.percent == expected.percent:
        return False
    places = None if answer.places is None else answer.places
    if answer.percent:
        return _meets(value / 100, None if places is None else places + 2, expected)
    return _meets(value * 100, None if places is None else max(0, places - 2), expected)


def _meets(value: Fraction, places: int | None, expected: Quantity) -> bool:
    if value == expected.value:
        return True
    if expected.places is not None:
        fine = expected.places >= 2 and (places is None or places > expected.places)
        return fine and abs(value - expected.value) * 2 * 10**expected.places <= 1
    endless = not _finite(expected.value.denominator)
    return (
        endless and places is not None and places >= 2 and abs(value - expected.value) * 2 * 10**places <= 1
    )


def _finite(denominator: int) -> bool:
    """Return whether a fraction in lowest terms with this denominator has a finite decimal."""
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1
