"""Numbers written as words: "one hundred and five", "two and a half", "half a million", "a dozen", 四十二."""

import re
from collections.abc import Iterator
from fractions import Fraction

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VALUES = {word: value for value, word in enumerate(_SMALL)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
NUMBER_WORDS = frozenset(_VALUES) | frozenset(_SCALES) | {"hundred"}


def digits_for(word: str) -> str:
    """Return "7" for "seven"; any other word as it is."""
    value = _VALUES.get(word)
    return word if value is None else str(value)


def parse_words(words: list[str]) -> int | None:
    """Return the value of a phrase such as ["one", "hundred", "and", "five"], None if it is not a number."""
    total = current = 0
    seen = False
    for word in words:
        if word in _VALUES:
            value = _VALUES[word]
            if seen and current % 100 and not (current % 100 >= 20 and current % 10 == 0 and value < 10):
                return None
            current += value
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total += max(current, 1) * _SCALES[word]
            current = 0
        elif word == "and" and seen:
            continue
        else:
            return None
        seen = True
    return total + current if seen else None


_IRREGULAR = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_ORDINALS = (
    {f"{word}th": value for value, word in enumerate(_SMALL) if value > 3}
    | {f"{word[:-1]}ieth": value for word, value in _VALUES.items() if word in _TENS}
    | {"hundredth": 100, "thousandth": 1000}
    | _IRREGULAR
)
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")
_SEARCHED = 300
_MULTIPLES = {"dozen": 12, "score": 20, "pair": 2, "pairs": 2}
# "one" is a pronoun after these words and before those.
_NO_NUMBER_AFTER = {
    *["no", "the", "this", "that", "which", "any", "every", "each", "some", "another", "other", "last"],
    *_ORDINALS,
}
_NO_NUMBER_BEFORE = {
    "of", "who", "that", "which", "another", "can", "could", "must", "should", "would", "will", "has", "is",
    "was", "more", "thing",
}  # fmt: skip
_CHINESE = re.compile("[零〇一二两兩三四五六七八九十百千][零〇一二两兩三四五六七八九十百千万萬亿億]*")
_CHINESE_DIGITS = dict(
    zip("〇零一二两兩三四五六七八九", (0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
_CHINESE_GROUPS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_MIXED = re.compile(
    "(?<![\\d.,百千万萬亿億])(?:\\d{1,9}[百千万萬亿億])+(?:[万萬亿億]|\\d{1,9}[百千万萬亿億]?)(?![\\d.,百千万萬亿億])"
)
_MIXED_PART = re.compile("(\\d*)([百千万萬亿億]?)")
# Words that hold a sign for a number and mean none.
_CHINESE_NO_NUMBER = re.compile(
    "一[共起样樣般定些直切种種旦律致下会會点點次边邊面]|[统統第唯万萬同单單逐某][一]|十分|千万别|百分"
)


def find_number_words(text: str) -> Iterator[tuple[Fraction, int, int, bool]]:
    """Yield each number in words (of the first 300 characters): value, start, end, whether it ranks."""
    if not text.isascii():
        yield from _chinese(text[:_SEARCHED])
    words = list(_WORD.finditer(text[:_SEARCHED]))
    position = 0
    while position < len(words):
        value, length, ordinal = _number_at([word[0].lower() for word in words[position : position + 12]])
        if value is None or _pronoun(words, position, length):
            position += 1
            continue
        negative = position > 0 and words[position - 1][0].lower() in ("minus", "negative")
        start = words[position - negative].start()
        yield -value if negative else value, start, words[position + length - 1].end(), ordinal
        position += length


def _pronoun(words: list[re.Match[str]], position: int, length: int) -> bool:
    """Return whether a lone "one" is not a number: "no one", "the one", "one of them"."""
    if length != 1 or words[position][0].lower() != "one":
        return False
    before = words[position - 1][0].lower() if position else ""
    if before == "only" and position > 1:
        before = words[position - 2][0].lower()  # "the only one", but "only one"
    after = words[position + 1][0].lower() if position + 1 < len(words) else ""
    return before in _NO_NUMBER_AFTER or after in _NO_NUMBER_BEFORE


def _number_at(words: list[str]) -> tuple[Fraction | None, int, bool]:
    """Return the longest number that `words` begin with, how many words it takes, and whether it ranks."""
    if (
        words[0] in ("a", "an")
        and len(words) > 1
        and words[1] in ("hundred", "thousand", "million", "billion", "dozen", "pair")
    ):
        value, length, ordinal = _number_at(["one", *words[1:]])
        return value, length, ordinal
    if words[0] == "half":
        return _half(words) if words[1:2] not in (["past"], ["way"]) else (None, 0, False)
    length = 0
    while length < len(words) and (words[length] in NUMBER_WORDS or (length and words[length] == "and")):
        length += 1
    while length and (words[length - 1] == "and" or parse_words(words[:length]) is None):
        length -= 1
    if words[length - 2 : length - 1] == ["and"] and words[length : length + 1] and words[length] in _PARTS:
        length -= 2  # "one hundred and three quarters"
    if not length:
        if words[0] in ("a", "an") and words[1:2] and words[1] in _PARTS and not words[1].endswith("s"):
            return Fraction(1, _PARTS[words[1]]), 2, False
        return (Fraction(_ORDINALS[words[0]]), 1, True) if words[0] in _ORDINALS else (None, 0, False)
    if words[length - 1] in _TENS and words[length : length + 1] and 0 < _ORDINALS.get(words[length], 0) < 10:
        return Fraction((parse_words(words[:length]) or 0) + _ORDINALS[words[length]]), length + 1, True
    value = Fraction(parse_words(words[:length]) or 0)
    rest = words[length : length + 3]
    if rest[:1] and rest[0] in _MULTIPLES:
        return value * _MULTIPLES[rest[0]], length + 1, False
    if rest[:1] == ["and"] and rest[2:] and rest[2] in _PARTS and (count := _count_of_parts(rest[1])):
        return value + Fraction(count, _PARTS[rest[2]]), length + 3, False
    if rest[:1] == ["point"] and (decimals := _decimals(words[length + 1 :])):
        return value + Fraction(int(decimals), 10 ** len(decimals)), length + 1 + len(decimals), False
    if rest[:1] and rest[0] in _PARTS and (rest[0].endswith("s") or value == 1):
        return value / _PARTS[rest[0]], length + 1, False
    return value, length, False


def _count_of_parts(word: str) -> int:
    """Return how many parts "a", "one", "three" ... are; 0 for any other word."""
    return 1 if word in ("a", "one") else _VALUES.get(word, 0)


def _decimals(words: list[str]) -> str:
    """Return the digits that `words` begin with: "25" for "two five"."""
    digits = ""
    for word in words:
        if not 0 <= _VALUES.get(word, 10) < 10:
            break
        digits += str(_VALUES[word])
    return digits


def _half(words: list[str]) -> tuple[Fraction | None, int, bool]:
    """Return the value of "half", "half a dozen", "half a million"."""
    if words[1:2] in (["a"], ["an"]) and len(words) > 2:
        factor = _MULTIPLES.get(words[2]) or _SCALES.get(words[2])
        if factor:
            return Fraction(factor, 2), 3, False
    return Fraction(1, 2), 1, False


def with_digits(text: str) -> str:
    """Return `text` with numbers of digits and signs in digits alone: 1億2000万 is 120000000."""
    return _MIXED.sub(lambda match: str(_mixed_value(match[0])), text)


def _mixed_value(text: str) -> int:
    total = group = 0
    for digits, sign in _MIXED_PART.findall(text):
        if sign in _CHINESE_SCALES:
            group += int(digits) * _CHINESE_SCALES[sign]
        else:
            total, group = total + (group + int(digits or 0)) * _CHINESE_GROUPS.get(sign, 1), 0
    return total + group


def _chinese(text: str) -> Iterator[tuple[Fraction, int, int, bool]]:
    """Yield the numbers in Chinese signs, which Japanese uses too: 四十二 is 42."""
    words = [match.span() for match in _CHINESE_NO_NUMBER.finditer(text)]
    for match in _CHINESE.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in words):
            continue
        yield Fraction(_chinese_value(match[0])), match.start(), match.end(), False


def _chinese_value(signs: str) -> int:
    """Return the value of Chinese signs: 一百二十三, 二〇二一."""
    if not any(sign in _CHINESE_SCALES or sign in _CHINESE_GROUPS for sign in signs):
        return int("".join(str(_CHINESE_DIGITS[sign]) for sign in signs))
    total = group = digit = 0
    for sign in signs:
        if sign in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[sign]
        elif sign in _CHINESE_SCALES:
            group, digit = group + (digit or 1) * _CHINESE_SCALES[sign], 0
        else:
            total, group, digit = (total + group + digit) * _CHINESE_GROUPS[sign], 0, 0
    return total + group + digit
