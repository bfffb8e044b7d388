"""How well a few typed letters match a text: "new chat", "ne ch" and "nch" all find "New chat"."""

START, AFTER = 10, 6  # a letter at a word's start, right after the one before
WHOLE = 40  # the typed text stands in the text as it is
LENGTH = 0.05  # taken off for each letter of the text: of two equal matches the shorter text is meant


def score(typed: str, text: str, *, loose: bool = True) -> float | None:
    """Return how well `typed` matches `text`, more is better; None where it does not.

    Each word of `typed` must stand in the text; `loose` also takes one whose letters each follow the one
    before or begin a word.
    """
    lowered = text.casefold()
    total = 0.0
    for word in typed.casefold().split():
        points = _whole(word, lowered)
        if points is None and loose:
            points = _letters(word, lowered)
        if points is None:
            return None
        total += points
    return total - LENGTH * len(text)


def _whole(word: str, text: str) -> float | None:
    """Points for a word that stands in the text as it is: more at a word's start."""
    at = text.find(word)
    if at < 0:
        return None
    points = WHOLE + len(word) * AFTER
    while at >= 0:
        if _begins(text, at):
            return points + START
        at = text.find(word, at + 1)
    return points


def _letters(word: str, text: str) -> float | None:
    """Points for letters that follow each other or begin words, from the best place on."""
    starts = [at for at, letter in enumerate(text) if letter == word[0] and _begins(text, at)]
    found = [points for at in starts if (points := _from(word, text, at)) is not None]
    return max(found, default=None)


def _from(word: str, text: str, start: int) -> float | None:
    points, at = float(START), start
    for letter in word[1:]:
        if text[at + 1 : at + 2] == letter:
            at, points = at + 1, points + AFTER
            continue
        begins = (
            place for place in range(at + 1, len(text)) if text[place] == letter and _begins(text, place)
        )
        at = next(begins, -1)
        if at < 0:
            return None
        points += START
    return points


def _begins(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
