"""Units: what stands after a number ("km/h", "square metres", "apples"), and whether two of them agree.

The words that people write are mapped to names of `pint`, which converts. Only words of this table are
measured; all others ("12 cats", which pint would read as centi-technical-atmospheres) are things that are
counted, and must be the same things. pint is loaded when two different units meet for the first time, so
plain numbers never wait for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING

from orca_desk.method.grading.unit_names import (
    ALSO,
    CJK,
    LONG_PREFIXES,
    MONEY,
    NAMES,
    NO_UNIT,
    PREFIXES,
    SYMBOLS,
    UNPREFIXED,
)

if TYPE_CHECKING:
    from pint import UnitRegistry

_POWERS = {"square": 2, "sq": 2, "sq.": 2, "cubic": 3, "cu": 3, "cu.": 3}
_AFTER_POWERS = {"squared": 2, "cubed": 3}
_ATOM = r"[^\W\d_]+\$?|[°℃℉](?:\s?[CF](?![a-z]))?|[$€£¥₹₩¢Ω]"
_TOKEN = re.compile(
    rf"\s?(?:(?P<atom>{_ATOM})(?P<dot>\.(?=\s|\Z|/))?(?:\s?\^\s?\(?(?P<power>-?\d)\)?|(?<=[a-z])(?P<small>[23])(?![\d.,/]))?|(?P<over>/|(?<=\w)·|(?<=\w)\*))"
)
_MARKUP = re.compile(r"\*\*|__|`|\A\*(?=\s)|(?<=\s)[*_](?=\w)")  # "**10** km", "10 *km*"
_RATE = re.compile(r"\s?(?:/|per\b|an?\b)")
# What is said of things after their name: "72 cards drawn", "8 books bought".
_SAID_OF = re.compile(
    r"\w+(?:ed|ing|ly)|drawn|sold|bought|made|won|lost|read|taken|given|found|kept|eaten|spent|born|sent|seen"
)
_MOST_WORDS = 5
_MOST_READINGS = 12
_INCHES = re.compile(r"\s?in\.?(?:\s*\Z|[,;)])")
_PRIME = re.compile(r"\s?(′′?)")
# Phrases of several words for one unit, at the start of what follows a number.
_PHRASES = [
    (
        re.compile(r"\A(\s?-?)(?:degrees?|deg\.?|grad|°)\s?(celsius|c(?=\W|\Z)|centigrade)", re.IGNORECASE),
        r"\1°C",
    ),
    (re.compile(r"\A(\s?-?)(?:degrees?|deg\.?|°)\s?(fahrenheit|f(?=\W|\Z))", re.IGNORECASE), r"\1°F"),
    (re.compile(r"\A(\s?-?)(?:degrees?|deg\.?)\s?kelvins?", re.IGNORECASE), r"\1K"),
    (re.compile(r"\A(\s?-?)fl(?:uid|\.)?\s?(?:oz|ounces?)", re.IGNORECASE), r"\1floz"),
    (re.compile(r"\A(\s?-?)metric tons?", re.IGNORECASE), r"\1tonne"),
    (re.compile(r"\A(\s?-?)nautical miles?", re.IGNORECASE), r"\1nmi"),
    (re.compile(r"\A(\s?-?)kilowatt[ -]hours?", re.IGNORECASE), r"\1kWh"),
    (re.compile(r"\A(\s?-?)pounds? sterling", re.IGNORECASE), r"\1GBP"),
    (re.compile(r"\A(\s?-?)(?:us|u\.s\.|american) dollars?", re.IGNORECASE), r"\1USD"),
    (re.compile(r"\A(\s?-?)australian dollars?", re.IGNORECASE), r"\1AUD"),
    (re.compile(r"\A(\s?-?)canadian dollars?", re.IGNORECASE), r"\1CAD"),
]
_CJK_LETTER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Unit:
    """What a number counts or measures.

    `readings`: the measures that it may mean, as expressions for pint, the usual first; `also`: measures that
    count only against a unit that fits ("m" for minutes); `things`: what is counted, where nothing is
    measured, the head of the phrase last.
    """

    readings: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    things: tuple[str, ...] = ()


_PRIMES = {
    "′": Unit(readings=("foot",), also=("arcminute",)),
    "′′": Unit(readings=("inch",), also=("arcsecond",)),
}


def measures(word: str) -> tuple[str, ...]:
    """Return the pint expressions that one word or sign may mean; () for a word that measures nothing."""
    table = _table()
    return table.get(word) or table.get(word.casefold()) or ()


@lru_cache(maxsize=4096)
def unit_at(text: str) -> Unit | None:
    """Return the unit with which `text`, what follows a number, begins; None if it names none."""
    text = _MARKUP.sub("", text)
    text = f" {text.lstrip()}" if text.startswith("  ") else text
    if _CJK_LETTER.match(text.lstrip()[:1]):
        return _cjk_unit(text.lstrip())
    if prime := _PRIME.match(text):
        return _PRIMES[prime[1]]
    if _INCHES.match(text):
        return Unit(readings=("inch",), things=("in",))
    for written, instead in _PHRASES:
        text = written.sub(instead, text, count=1)
    parts = _parts(text)
    if not parts:
        return None
    known = [_measured(part) for part in parts]
    if known[0] is None:
        things = _things(parts)
        return replace(things, also=ALSO.get(parts[0].word, ())) if things else None
    usable = []
    for part, options in zip(parts, known, strict=True):
        if options is None and not part.below:
            break
        usable.append(options or (f"thing_{_stem(part.word)}",))
    readings = tuple(" * ".join(combination) for combination in product(*usable))
    also = ALSO.get(parts[0].word, ()) if len(parts) == 1 and parts[0].power == 1 else ()
    words = tuple(_stem(part.word) for part in parts[: len(usable)])
    return Unit(readings=readings[:_MOST_READINGS], also=also, things=words)


def unit_of_sign(sign: str, after: str) -> Unit:
    """Return the unit of a currency sign before a number ("$", "Rs."), with what follows it ("per hour")."""
    sign = sign.strip().rstrip(".")
    if _RATE.match(after) and (rate := unit_at(sign + after)):
        return rate
    return Unit(readings=MONEY.get(sign.casefold(), (sign,)))


def fits(answer: Unit, expected: Unit) -> Iterator[tuple[str, str]]:
    """Yield the pairs of measures to compare; a second meaning counts only against a first one."""
    yield from product(_earned(answer, expected), _earned(expected, answer))
    yield from product(answer.also, expected.readings)
    yield from product(answer.readings, expected.also)


def _earned(unit: Unit, other: Unit) -> tuple[str, ...]:
    """Return the measures of a unit; of "$3 a year" the money alone if the other leaves out the year."""
    if any(" * " in reading for reading in other.readings):
        return unit.readings
    money = [reading.partition(" * ")[0] for reading in unit.readings if " * " in reading]
    return (*unit.readings, *(one for one in money if one in other.readings and one in _currencies()))


@cache
def _currencies() -> frozenset[str]:
    return frozenset(option for options in MONEY.values() for option in options)


def convert(value: Fraction, source: str, target: str) -> Fraction | None:
    """Return `value` of `source` as a value of `target`; None if they measure different things."""
    if source == target:
        return value
    scale = _scale(source, target)
    return None if scale is None else value * scale[0] + scale[1]


def same_things(answer: Unit, expected: Unit) -> bool:
    """Return whether two units count the same things, by the heads of their phrases.

    "Red apples" are apples, and "apple trees" are not.

    Two measures count the same only as the same phrase, since "square feet" are not feet.
    """
    if not answer.things or not expected.things:
        return False
    if answer.readings and expected.readings:
        return answer == expected
    return expected.things[-1] == answer.things[-1]


@dataclass(frozen=True)
class _Part:
    """One factor of a unit: the word, its power, and whether it stands below the line ("per hour")."""

    word: str
    power: int
    below: bool


def _is_ampere(word: str, after: str) -> bool:
    """Return whether an A is the unit, not an article or a grade: "2 A", not "2 A students"."""
    return word == "A" and not after.lstrip()[:1].isalpha()


def _parts(text: str) -> list[_Part]:
    """Return the factors that `text` begins with, up to a word that names none."""
    found: list[_Part] = []
    position, below, before = 0, False, 1
    if text[:1] == "-":
        position = 1
    while len(found) < _MOST_WORDS and (match := _TOKEN.match(text, position)):
        word = match["atom"]
        position = match.end()
        if word is None:
            below = below or match["over"] == "/"
            continue
        lower = word.casefold()
        if found and lower in _AFTER_POWERS:
            last = found.pop()
            found.append(_Part(last.word, last.power * _AFTER_POWERS[lower], last.below))
        elif lower in _POWERS:
            before = _POWERS[lower]
        elif lower == "per" or (
            found and (lower in ("each", "every") or (lower in ("a", "an") and measures(found[-1].word)))
        ):
            below = True
        elif lower in NO_UNIT and not (below and measures(word)) and not _is_ampere(word, text[position:]):
            break
        else:
            found.append(
                _Part(word.replace(" ", ""), before * int(match["power"] or match["small"] or 1), below)
            )
            before = 1
        if match["dot"] and not measures(word) and lower not in _POWERS:
            break
    return found


def _measured(part: _Part) -> tuple[str, ...] | None:
    """Return pint's expressions for a factor, None for a thing."""
    options = measures(part.word)
    power = -part.power if part.below else part.power
    if not options:
        return None
    return options if power == 1 else tuple(f"({option})**{power}" for option in options)


def _things(parts: list[_Part]) -> Unit | None:
    """Return the unit of counted things: the words up to a measure."""
    words = [part.word for part in parts if not part.below]
    while len(words) > 1 and _SAID_OF.fullmatch(words[-1]):
        words.pop()
    return Unit(things=tuple(map(_stem, words))) if words else None


def _cjk_unit(text: str) -> Unit | None:
    """Return the unit of a script that writes no spaces: the longest known measure, or the text itself."""
    table = _table()
    for length in (7, 6, 5, 4, 3, 2, 1):
        if len(text) >= length and text[:length] in table:
            return Unit(readings=table[text[:length]])
    run = re.match("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,12}", text)
    return Unit(things=(run[0].removesuffix("です"),)) if run else None


_ENDINGS = {"ies": "y", "ches": "ch", "shes": "sh", "xes": "x", "sses": "ss", "oes": "o"}
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "mice": "mouse",
}  # fmt: skip


def _stem(word: str) -> str:
    """Return a word without the ending of its plural."""
    lower = word.casefold()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    for ending, instead in _ENDINGS.items():
        if lower.endswith(ending) and len(lower) > len(ending) + 1:
            return lower.removesuffix(ending) + instead
    return lower[:-1] if lower.endswith("s") and not lower.endswith("ss") and len(lower) > 3 else lower


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """Return what every known word measures."""
    table: dict[str, tuple[str, ...]] = {}
    for name, words in NAMES.items():
        for word in words.split():
            for prefix in ("", *LONG_PREFIXES):
                for ending in ("", "s"):
                    table[prefix + word + ending] = (prefix + name,)
    for name, (symbol, prefixes) in SYMBOLS.items():
        table[symbol] = (name,)
        for prefix in prefixes.split():
            table[prefix + symbol] = (PREFIXES[prefix] + name,)
            if prefix == "µ":
                table["μ" + symbol] = (PREFIXES[prefix] + name,)
    for name, words in (*UNPREFIXED.items(), *CJK.items()):
        for word in words.split():
            table[word] = (name,)
    table |= {
        "L": ("liter",),
        "mL": ("milliliter",),
        "kilo": ("kilogram",),
        "kilos": ("kilogram",),
        "sec": ("second",),
        "secs": ("second",),
        "ohms": ("ohm",),
    }
    for word, names in MONEY.items():
        table[word] = names
        if word.isalpha() and len(word) > 3:
            table[word + "s"] = names
    return table


@cache
def _registry() -> "UnitRegistry[Fraction]":
    """Return pint's registry, with exact fractions and a dimension for each currency."""
    from pint import UnitRegistry

    registry: UnitRegistry[Fraction] = UnitRegistry(non_int_type=Fraction, cache_folder=None)
    codes = {option.partition("/")[0] for options in MONEY.values() for option in options} - {"pound"}
    for code in sorted(codes | {"KRW", "CNY", "JPY"}):
        registry.define(f"{code} = [money_{code}]")
    return registry


@lru_cache(maxsize=4096)
def _scale(source: str, target: str) -> tuple[Fraction, Fraction] | None:
    """Return factor and offset from `source` to `target`, None where they measure different things."""
    registry = _registry()
    try:
        for name in re.findall(r"thing_\w+", f"{source} {target}"):
            if name not in registry:
                registry.define(f"{name} = [{name}]")
        one, other = (registry.parse_expression(text) for text in (source, target))
        zero = registry.Quantity(Fraction(0), one.units).to(other.units).magnitude
        unit = registry.Quantity(Fraction(1), one.units).to(other.units).magnitude
    except Exception:  # pint raises many kinds for units that do not fit each other
        return None
    ratio = Fraction(one.magnitude) / Fraction(other.magnitude)
    return (Fraction(unit) - Fraction(zero)) * ratio, Fraction(zero)
