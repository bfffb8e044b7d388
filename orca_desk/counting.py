"""Numbers with their nouns."""

import re

# What takes "es": the plural of "match", "box", "class", "wish". And "y" after a consonant becomes "ies".
_HISSES = re.compile(r"(s|x|z|ch|sh)$")
_Y = re.compile(r"(?<=[^aeiou])y$")


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: "1 task", "2,194 tasks", "3 families".

    `plural` is for nouns whose plural is irregular, or is not at the end of the text.
    """
    return f"{count:,} {singular if count == 1 else plural or plural_of(singular)}"


def plural_of(noun: str) -> str:
    """Return the regular plural of an English noun."""
    if _Y.search(noun):
        return _Y.sub("ies", noun)
    return f"{noun}es" if _HISSES.search(noun) else f"{noun}s"


def unit_for(count: float, units: str) -> str:
    """Return `units`, such as "answers" or "rows read", in the form for `count`: 1 answer, 0 answers."""
    first, _, rest = units.partition(" ")
    if count != 1 or not first:
        return units
    if first.endswith("ies"):
        noun = f"{first[:-3]}y"
    else:
        hissing = first.endswith("es") and _HISSES.search(first[:-2])
        noun = first[:-2] if hissing else first.removesuffix("s")
    return f"{noun} {rest}".rstrip()
