"""Characters that nobody sees, and that change what is seen: they are shown by their names.

A bidirectional override makes "12" read "21", a zero-width space hides inside a word. Where answers are
compared, nothing may look like something else. Joiners that emoji and scripts need stay as they are, and so
do the marks of direction on a line with letters that are written from right to left.
"""

import re
import unicodedata

NAMES = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
    "\u200b": "ZWSP", "\u2060": "WJ", "\ufeff": "BOM", "\u00ad": "SHY", "\u180e": "MVS",
}  # fmt: skip
DIRECTIONS = {"\u200e": "LRM", "\u200f": "RLM", "\u061c": "ALM"}
_HIDDEN = re.compile(
    f"[{''.join(NAMES)}{''.join(DIRECTIONS)}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """Return `text` with each hidden character that could mislead as its name between ‹ and ›."""
    if not _HIDDEN.search(text):
        return text
    return "\n".join(_visible_line(line) for line in text.split("\n"))


def _visible_line(line: str) -> str:
    is_mixed = any(unicodedata.bidirectional(one) in ("R", "AL") for one in line if one not in DIRECTIONS)
    return _HIDDEN.sub(lambda found: _name(found[0], is_mixed), line)


def _name(character: str, is_mixed: bool) -> str:
    if character in DIRECTIONS:
        return character if is_mixed else f"‹{DIRECTIONS[character]}›"
    return f"‹{NAMES.get(character, f'U+{ord(character):04X}')}›"
