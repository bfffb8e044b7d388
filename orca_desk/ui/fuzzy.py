"""How well a few typed letters match a text: "new chat", "ne ch" and "nch" all find "New chat"."""

from collections.abc import Iterable

START, AFTER = 10, 6  # a letter at the start of a word; right after the previous one
WHOLE = 40  # the typed word occurs in the text as a whole
SAME, BEGINS = 200, 60  # the typed text is the whole text; its beginning
OTHER_WORDS = -20  # the text is found by other words that mean it, or by what stands beside it
LENGTH = 0.05  # deducted per letter of the text: of two equal matches, the shorter text wins


def score(typed: str, text: str, *, loose: bool = True) -> float | None:
    """Return how well `typed` matches `text` (higher is better), or None if it does not match.

    Each word of `typed` must occur in the text. With `loose`, a word also matches if each of its letters
    follows the previous one or starts a word.
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


def rank(typed: str, title: str, detail: str = "", also: Iterable[str] = ()) -> float | None:
    """Return how well `typed` matches a line of a list (higher is better), or None if it does not.

    The title counts most: all of it, its beginning, whole words, then single letters. `also` are other titles
    of the same thing; of them, and of the `detail` beside the title, whole words count.
    """
    found = [_ranked(typed, title, score(typed, title))]
    for one in also:
        points = score(typed, one, loose=False)
        is_same = one.casefold() == typed.casefold().strip()
        found.append(_less(points if points is None or not is_same else points + BEGINS))
    if detail:
        found.append(_less(score(typed, f"{title} {detail}", loose=False)))
    return max((points for points in found if points is not None), default=None)


def _ranked(typed: str, title: str, points: float | None) -> float | None:
    folded, wanted = title.casefold(), typed.casefold().strip()
    if points is None:
        return None
    return points + (SAME if folded == wanted else BEGINS if folded.startswith(wanted) else 0)


def _less(points: float | None) -> float | None:
    return None if points is None else points + OTHER_WORDS


def _whole(word: str, text: str) -> float | None:
    """Return the points of a word that occurs in the text: more if it starts a word there."""
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
    """Return the points of letters that follow each other or start words, from the best first letter."""
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
