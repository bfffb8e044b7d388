"""Texts cut to a length that fits a row, a menu or a card."""

from orca_desk.method.hidden_characters import visible

LONGEST = 300


def shorten(text: str, longest: int = LONGEST, *, keep_lines: bool = False) -> str:
    """Return at most `longest` characters of a text, ending in "…" where something was cut off.

    White space, line breaks included, collapses to single spaces unless `keep_lines` is true. Characters that
    hide or turn text around are named, as in the whole text.
    """
    beginning = text[: 4 * longest]  # a text may be megabytes long, and this runs for each painted row
    if not keep_lines:
        beginning = " ".join(beginning.split())
    beginning = visible(beginning)
    if len(beginning) <= longest and len(text) <= 4 * longest:
        return beginning
    return f"{beginning[: longest - 1].rstrip()}…"
