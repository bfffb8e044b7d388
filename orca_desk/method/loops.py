"""Loops: a model that got stuck and wrote the same words over and over, back to back."""

import re
from collections import Counter
from collections.abc import Sequence

# A letter of a script without spaces between words is a word of its own
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|[^\w\s]")
GRAM = 4  # words
COPIES = 4  # of the same words, one after the other
LEAST = 16  # words in all the copies together: "ha ha ha ha" is not a loop
LONGEST = 64  # words of what is repeated


def loop_in(text: str) -> str:
    """Return the words that are repeated at least four times back to back, or an empty text.

    The copies together have at least 16 words, and what is repeated has a letter: rows of zeros or dashes are
    no loop, and neither are lines that differ, if only in a number.
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in spans]
    if not _may_loop(words):
        return ""
    for period in range(1, min(LONGEST, len(words) // COPIES) + 1):
        run = 0
        for place in range(period, len(words)):
            run = run + 1 if words[place] == words[place - period] else 0
            if run < period * (COPIES - 1) or run + period < LEAST:
                continue
            first = place - run - period + 1
            unit = text[spans[first][0] : spans[first + period - 1][1]]
            if any(character.isalpha() for character in unit):
                return unit
    return ""


def _may_loop(words: Sequence[str]) -> bool:
    """Return whether some four words in a row occur three times: far cheaper than to look at each period."""
    if len(words) < LEAST:
        return False
    grams = Counter(zip(*(words[start:] for start in range(GRAM)), strict=False))
    return max(grams.values()) >= COPIES - 1
