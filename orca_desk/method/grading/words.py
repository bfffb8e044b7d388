"""Numbers written as words."""

_SMALL = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
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
