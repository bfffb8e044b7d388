"""How well a few typed letters match a text: "ne ch" and "nwc" both find "New chat"."""

START, AFTER, APART = 10, 6, 1  # a letter at a word's start, right after the one before, anywhere else
WHOLE = 40  # the typed text stands in the text as it is
LENGTH = 0.05  # taken off a letter of the text: of two equal matches the shorter text is meant


def score(typed: str, text: str) -> float | None:
    """Return how well `typed` matches `text`, more is better; None where it does not.

    Each word of `typed` must be found: its letters in their order, not necessarily together.
    """
    lowered = text.casefold()
    total = 0.0
    for word in typed.casefold().split():
        points = _word(word, lowered)
        if points is None:
            return None
        total += points
    return total - LENGTH * len(text)


def _word(word: str, text: str) -> float | None:
    at = _whole(word, text)
    if at is not None:
        begins = at == 0 or not text[at - 1].isalnum()
        return WHOLE + len(word) * AFTER + (START if begins else 0)
    best: float | None = None
    for start, sign in enumerate(text):
        if sign == word[0]:
            points = _from(word, text, start)
            if points is not None and (best is None or points > best):
                best = points
    return best


def _whole(word: str, text: str) -> int | None:
    """The best place at which the word stands as it is: at a word's start, else anywhere."""
    at = text.find(word)
    first = at
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return at
        at = text.find(word, at + 1)
    return first if first >= 0 else None


def _from(word: str, text: str, start: int) -> float | None:
    """Points for the letters of `word`, taken greedily from `start` on; word starts are preferred."""
    points, at = 0.0, start - 1
    for letter in word:
        after = at + 1
        place = after if text[after : after + 1] == letter else _next(letter, text, after)
        if place is None:
            return None
        if place == 0 or not text[place - 1].isalnum():
            points += START
        else:
            points += AFTER if place == at + 1 and at >= start else APART
        at = place
    return points


def _next(letter: str, text: str, after: int) -> int | None:
    """The next place of a letter: a word's start if there is one, else the first."""
    first: int | None = None
    for place in range(after, len(text)):
        if text[place] == letter:
            if place == 0 or not text[place - 1].isalnum():
                return place
            first = place if first is None else first
    return first
