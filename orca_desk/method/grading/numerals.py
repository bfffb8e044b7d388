"""Amounts as people write them: "1,234.56", "2 1/2", "5 × 10⁶", "$5M", "1 hour 30 minutes", "a dozen"."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from orca_desk.method.grading.directions import directions
from orca_desk.method.grading.quantities import Quantity, add_up
from orca_desk.method.grading.terms import is_part
from orca_desk.method.grading.unit_names import CURRENCY_SIGNS
from orca_desk.method.grading.units import measures
from orca_desk.method.grading.words import find_number_words, with_digits

_MOST_DIGITS = 400
_TAIL = 60  # characters after a number in which its unit stands
_MAGNITUDES: dict[str, int | Fraction] = {
    "hundred": 10**2, "thousand": 10**3, "k": 10**3, "million": 10**6, "millions": 10**6,
    "mn": 10**6, "mio": 10**6,
    "billion": 10**9, "billions": 10**9, "bn": 10**9, "mrd": 10**9, "trillion": 10**12, "tn": 10**12,
    "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7, "dozen": 12, "dozens": 12,
    "tenth": Fraction(1, 10), "tenths": Fraction(1, 10), "hundredths": Fraction(1, 100),
    "thousandths": Fraction(1, 1000), "thirds": Fraction(1, 3), "fifths": Fraction(1, 5),
    "sixths": Fraction(1, 6), "eighths": Fraction(1, 8), "twelfths": Fraction(1, 12),
    "千": 10**3, "万": 10**4, "萬": 10**4, "만": 10**4, "億": 10**8, "亿": 10**8, "억": 10**8,
}  # fmt: skip
_LETTERS = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_GROUP_SPACES = "\u00a0\u2009\u202f"
_BASES = {"x": 16, "o": 8, "b": 2}
_LITERAL = r"(?<![\w.)\]])0(?P<base>x[\da-f]+|b[01]+|o[0-7]+)(?![\w^])"  # as programs write numbers: 0xff
_BODY = rf"""
        \d{{1,3}}(?:\.\d{{3}}){{2,}}(?:,\d+)?(?![\d.]*\d)         # 1.234.567
      | (?<![\d.])\d{{1,3}}(?:\.\d{{3}})+,\d+(?!\d)               # 1.234,56
      | \d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?![\d,])(?:\.\d+)?         # 12,34,567
      | \d{{1,3}}(?P<gap>[, '’_{_GROUP_SPACES}])\d{{3}}(?:(?P=gap)\d{{3}})*(?!\d)
        (?:[.]\d+|(?<=\ \d\d\d),\d+)?                         # 1,234.56
      | \d+(?:,\d{{1,2}}(?![\d,]))                                # 2,5
      | \d+(?:\.\d+)?
      | \.\d+
"""
_TOKEN = re.compile(
    rf"""
    (?P<literal>-?{_LITERAL})
  | (?P<compound>\d+(?:[:]\d+)+ | \d+(?:/\d+){{2,}} | \d+-\d+-\d+
      | (?!\d{{1,3}}(?:\.\d{{3}}){{2,}}(?!\.?\d))\d+(?:\.\d+){{2,}}(?!\d*,) )
  | (?P<sign>(?<![\w)\]])[-+]|\A\s*-\s(?=[\d.,]+\s*\.?\Z))?
    (?:(?P<currency>(?<![A-Za-z])(?:{CURRENCY_SIGNS})\s?)(?P<inner>-)?)?
    (?P<body>{_BODY})
    (?:
        \s?[×x*·⋅]\s?10\s?(?:\^|\*\*)\s?[{{(]?(?P<power>[-+]?\d+)[}})]?
      | (?:\^|\*\*)[{{(]?(?P<raised>-?\d{{1,4}})[}})]?
      | [eE](?P<exponent>[-+]?\d+)(?![\w.])
      | (?:[ ](?P<over>\d+))?\s?/\s?(?P<under>-?\d+)(?!\.?\d|\s?/)
      | \s(?:and\s)?(?P<half>a\s(?:half|quarter)|three\squarters)\b
    )?
    (?P<percent>\s?[%٪]|\s?(?:percent|per\scent|percentage\spoints?|pct)\b)?
    (?:\s?(?P<magnitude>hundred|thousand|millions?|billions?|trillion|lakhs?|crores?|dozens?|tenths?|(?:hundred|thousand)ths|thirds|fifths|sixths|eighths|twelfths|bn|mn|tn|(?:mio|mrd)\.?|[千万萬만億亿억])(?![^\W\d_\u3040-\u9fff\uac00-\ud7af])
      | (?P<letter>(?P<apart>\s?)[kKmMbBtT])(?![\w/°²³^·'’])
    )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ATTACHED_BEFORE = re.compile(
    r"(?<!\d[hH])[A-Za-z_]-?(?<!\d[hH])\Z|[\^_]\{?\Z|(?:√|√\(|sqrt[({]|\\(?:log|ln))\s?\Z"
)
# A number with a name or a sign of mathematics after it is a term: "2x", "3π", "5√2".
_TERM = re.compile(
    r"\s?(?:[πθ√∞]|\\(?:pi|sqrt|theta|p?mod)|sqrt\b|\(?p?mod\b)|(?P<name>[A-Za-z])(?![^\W\d_])"
)
_OF = re.compile(r"\sof\s\$?(?:\d|[b-z]\b)")
_BASE = re.compile("(?<=\\d)(?=[₀-₉])")  # between a number and its base: 1011₂
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_SUPERSCRIPTS = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FROM_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_BELOW_ZERO = re.compile(
    r"\A\s?(?:°|degrees?)?\s?(?:[CF]\b|celsius|fahrenheit)?\s?below zero\b", re.IGNORECASE
)
_COUNTED_NOTES = re.compile(
    r"\A(?:-[A-Za-z]"
    r"|\s?(?:dollar|euro|pound|rupee|cent|yen|g|kg|ml|l|cm|mm|m|page|watt|gram|metre|meter)s?[ -][a-z]+s\b)"
)
_AND_PART = re.compile(
    r"\b(?P<whole>an?|\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?P<unit>[a-z]+)"
    r" and (?P<part>a (?:half|quarter)|three quarters)\b",
    re.IGNORECASE,
)
_HALVES = {"half": Fraction(1, 2), "quarter": Fraction(1, 4), "quarters": Fraction(3, 4)}
BOTH_SIGNS = re.compile(r"(?:±|\+/-|\\pm|plus or minus)\s?\Z", re.IGNORECASE)
_ARTICLE = re.compile(r"\A\s(?:of\s)?an?\s")  # "half an hour"
_RANK_ALONE = re.compile(r"\W*(?:the )?\w+(?:-\w+)?(?: (?:place|position))?\W*", re.IGNORECASE)
_MINUS_BEFORE = re.compile(r"(?:\A|[^\d\s)\]]\s?)\b(?<!plus or )(?P<word>minus|negative)\s\Z", re.IGNORECASE)
# Signs anywhere; words only where a text begins with them: "She needs at least
# 5" may well answer "5".
_BOUND_BEFORE = re.compile(
    r"(?:(?P<tag><[^<>\s]{1,40})?(?<![<>=|-])(?:[<>]=?|[≤≥≠]|!=)"
    r"|\A\W*(?:is |are )?(?:at (?:least|most)|up to|(?:no |not )?(?:more|less|fewer) than|over|under"
    r"|minimum of|maximum of))\s?[$€£]?\Z",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"\+(?!\s?[\d(A-Za-z])|\s?(?:[a-z]+\s)?or (?:more|less|fewer|above|over|under)\b", re.IGNORECASE
)
_ORDINAL = re.compile(r"\A(?:st|nd|rd|th)\b", re.IGNORECASE)
_ONE_PERIOD = re.compile(
    r"\A\W*(?:(?:about|exactly|approximately|it takes|it took|takes) )?(?P<article>an?) "
    r"(?:second|minute|hour|day|week|fortnight|month|year|decade|century)\W*\Z",
    re.IGNORECASE,
)
_DECADE = re.compile(r"\A['’]?s\b")
_NONE = re.compile(
    r"\b(?:none|nil|nought|zilch)\b(?! of (?:the|these|those) (?:above|options|choices))"
    r"|\b(?:are|were|has|have|had|be|remain|leaves?) no (?!one\b|longer\b)(?:more )?[a-z]+s\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return `text` with the signs, digits, powers and fractions of Unicode written in ASCII.

    "An hour and a half" becomes "one and a half hour".
    """
    text = _AND_PART.sub(_with_part, text) if " and " in text or " And " in text else text
    if text.isascii():
        return text
    text = _SUPERSCRIPTS.sub(lambda match: "^" + match[0].translate(_FROM_SUPERSCRIPT), text)
    text = _BASE.sub("_", text)
    spaced = _VULGAR.sub(lambda match: " " + unicodedata.normalize("NFKC", match[0]), text)
    folded = unicodedata.normalize("NFKC", spaced.replace("\u00a0", "\u202f").replace("\u2009", "\u202f"))
    folded = "".join(map(_ascii_digit, folded)) if not folded.isascii() else folded
    folded = re.sub("(?<=\\d)٬(?=\\d)", ",", re.sub("(?<=\\d)٫(?=\\d)", ".", folded))
    folded = with_digits(folded)
    return folded.replace("−", "-").replace("⁄", "/").replace("–", "-").replace("‑", "-").replace("μ", "µ")


def _with_part(match: re.Match[str]) -> str:
    """Return "an hour and a half" as "one and a half hour", whatever it measures."""
    if not measures(match["unit"]):
        return match[0]
    whole = "one" if match["whole"].lower() in ("a", "an") else match["whole"]
    return f"{whole} and {match['part']} {match['unit']}"


def _ascii_digit(character: str) -> str:
    """Return a decimal digit of any script ("٤", "४") as ASCII, any other character as it is."""
    if character.isdecimal() and not character.isascii():
        return str(unicodedata.decimal(character))
    return character


def has_literal(text: str) -> bool:
    """Return whether a text has a number as programs write it: in hexadecimal, octal or binary, 0xff."""
    return re.search(_LITERAL, text, re.IGNORECASE) is not None


def find_quantities(text: str) -> list[Quantity]:
    """Return the numbers in `text` (as `plain` left it), from left to right.

    Dates, times, versions ("3.11.2") and numbers in a name ("A1", "x2") are not numbers; neither is one of
    more than 400 digits, nor "±5", which is two. Numbers in words count where no digits are.
    """
    found = all_quantities(text)
    if "±" in text or "+/-" in text or "plus or minus" in text:
        return [one for one in found if not BOTH_SIGNS.search(text, max(0, one.start - 16), one.start)]
    return found


def all_quantities(text: str) -> list[Quantity]:
    """Return the numbers in `text` as `find_quantities` does, with those that have both signs."""
    if any(character.isdigit() for character in text):
        return list(
            add_up(text, [one for match in _TOKEN.finditer(text) for one in _quantities(text, match)])
        )
    found = [
        Quantity(
            value=value,
            places=0 if value.denominator == 1 else None,
            percent=_percent_after(text, end),
            start=start,
            end=end,
            tail=_ARTICLE.sub(" ", text[end : end + _TAIL], count=1),
            ordinal=ordinal,
            part=is_part(text, start, end),
            ways=directions(text, start, end),
        )
        for value, start, end, ordinal in find_number_words(text)
        if not ordinal or _RANK_ALONE.fullmatch(text)
    ]
    if not found and (one := _ONE_PERIOD.search(text)):
        return [_one(text, one)]
    if not found and (none := _NONE.search(text)):
        return [Quantity(value=Fraction(0), places=0, percent=False, start=none.start(), end=none.end())]
    return list(add_up(text, found))


def _one(text: str, period: re.Match[str]) -> Quantity:
    """Return the one hour of "an hour"; a fortnight is two weeks."""
    end = period.end("article")
    value, tail = Fraction(1), text[end : end + _TAIL]
    if "fortnight" in period[0].lower():
        value, tail = Fraction(2), " weeks" + text[period.end() :][:_TAIL]
    return Quantity(value=value, places=0, percent=False, start=period.start(), end=period.end(), tail=tail)


def _percent_after(text: str, end: int) -> bool:
    return re.match(r"\s?(?:percent|per cent|pct|%)", text[end : end + 12], re.IGNORECASE) is not None


def _quantities(text: str, match: re.Match[str]) -> Iterator[Quantity]:
    """Yield the number of a token; "5 100 dollar bills" are two, of which the first counts the bills."""
    start, end = match.span()
    if match["literal"]:
        base = _BASES[match["base"][0].lower()]
        value, tail = Fraction(int(match["literal"], base)), text[end : end + _TAIL]
        yield Quantity(value=value, places=0, percent=False, start=start, end=end, tail=tail, base=base)
        return
    if match["compound"] or end - start > _MOST_DIGITS or _named(text, match):
        return
    if match["gap"] == " " and _COUNTED_NOTES.match(text[match.end("body") : match.end("body") + 40]):
        first = re.compile(r"\d+").match(text, match.start("body"))
        assert first
        yield Quantity(value=Fraction(int(first[0])), places=0, percent=False, start=start, end=first.end())
        return
    read, places = _value(match)
    if read is None:
        return
    negative = ("-" in (match["sign"] or "")) != (match["inner"] == "-")
    if minus := _MINUS_BEFORE.search(text, max(0, start - 20), start):
        negative, start = not negative, minus.start("word")
    negative = negative or _BELOW_ZERO.match(text[end : end + 40]) is not None
    made = Quantity(
        value=-read if negative else read,
        places=places,
        percent=match["percent"] is not None,
        start=start,
        end=end,
        tail=text[end : end + _TAIL],
        sign=(match["currency"] or "").strip(),
        bound=_bounds(text, start, end),
        ways=directions(text, start, end),
        exact_to=_exact_to(match),
        part=is_part(text, start, end) or (match["percent"] is not None and _OF.match(text, end) is not None),
    )
    if _DECADE.match(made.tail) and re.fullmatch(r"1\d\d0|20\d0|\d0", match["body"]):
        return
    if _ORDINAL.match(made.tail) and places == 0:
        yield replace(made, ordinal=True, end=end + 2, tail=text[end + 2 : end + 2 + _TAIL])
        return
    yield _with_letter(text, match, made)


def _exact_to(match: re.Match[str]) -> int | None:
    """Return the power of ten of the last decimal in "6.02e23", which is 21; None with fewer than two."""
    power = match["power"] or match["exponent"]
    decimals = len(match["body"].partition(".")[2])
    return int(power) - decimals if power and decimals >= 2 else None


def _bounds(text: str, start: int, end: int) -> bool:
    """Return whether a number is a bound: "< 5", "5+", "5 or more", or a text that begins with "at least"."""
    if _BOUND_AFTER.match(text, end):
        return True
    before = _BOUND_BEFORE.search(text, max(0, start - 30), start)
    return before is not None and before["tag"] is None


def _with_letter(text: str, match: re.Match[str], made: Quantity) -> Quantity:
    """Return a number with its magnitude: "5k", "$5M"; a letter that may be a unit gives two readings."""
    if match["magnitude"]:
        factor = _MAGNITUDES[match["magnitude"].lower().rstrip(".")]
        places = made.places if isinstance(factor, int) else None
        return replace(made, value=made.value * factor, places=places)
    if not match["letter"]:
        return made
    letter = match["letter"].strip()
    unit = replace(
        made, end=match.start("letter"), tail=text[match.start("letter") : match.start("letter") + _TAIL]
    )
    many = replace(made, value=made.value * _LETTERS[letter.lower()])
    if made.sign or letter == "k":
        return many
    if letter == "b":
        return replace(unit, part=True)  # "5b" is a name or a product
    if match["apart"] or letter in ("m", "t", "b"):
        return unit
    return replace(many, also=unit)


def _named(text: str, match: re.Match[str]) -> bool:
    """Return whether the number is part of a name, such as B12 or COVID-19, a power, or a term."""
    start = match.start()
    if match["currency"] is None and _ATTACHED_BEFORE.search(text, max(0, start - 6), start):
        return True
    term = _TERM.match(text, match.end()) if not match["letter"] and not match["magnitude"] else None
    return term is not None and not (term["name"] and (measures(term["name"]) or term["name"] in "sCF"))


def _value(match: re.Match[str]) -> tuple[Fraction | None, int | None]:
    body = match["body"]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", body):
        body = body.replace(".", "")
    elif re.fullmatch(r"\d+,\d{1,2}|[\d.]+,\d+|[\d ]+,\d+", body) and not re.fullmatch(
        r"\d{1,3}(,\d{3})+", body
    ):
        body = body.replace(".", "").replace(",", ".")
    digits = re.sub(r"[^\d.]", "", body)
    places = len(digits.partition(".")[2])
    value = Fraction(digits)
    power = match["power"] or match["exponent"]
    if power:
        if abs(int(power)) > _MOST_DIGITS:
            return None, None
        return value * Fraction(10) ** int(power), max(0, places - int(power))
    if match["raised"]:
        return _raised(value, int(match["raised"]))
    if match["half"]:
        return value + _HALVES[match["half"].split()[-1].lower()], None
    if match["under"]:
        under = int(match["under"])
        if under == 0:
            return None, None
        if match["over"]:
            return value + Fraction(int(match["over"]), under), None
        return value / under, None
    return value, places


def _raised(value: Fraction, exponent: int) -> tuple[Fraction | None, int | None]:
    """Return a power, None for one of more than 400 digits."""
    if abs(exponent) * max(len(str(value.numerator)), len(str(value.denominator))) > _MOST_DIGITS:
        return None, None
    if exponent < 0 and value == 0:
        return None, None
    raised = value**exponent
    return raised, 0 if raised.denominator == 1 else None
