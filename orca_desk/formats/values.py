"""The values of a row: texts in one form, and the words that say that nothing is there."""

import re
import unicodedata
from html import unescape

from orca_desk.method.records import Split

_MISSING = frozenset({
    "nan", "null", "<na>", "<null>", "<nan>",
    "#n/a", "#div/0!", "#ref!", "#name?", "#value!", "#num!", "#null!",  # what Excel writes for an error
})  # fmt: skip
_NOTHING = _MISSING | {"none", "n/a", "na", "noinput", "<noinput>", "no input", "<no input>", "-"}
_SPLITS: dict[str, Split] = {
    "train": "train",
    **dict.fromkeys(("heldout", "test", "valid", "val", "dev", "eval"), "heldout"),
}
_BLOCK = re.compile(r"(?i)<\s*(?:br|/?div|/?p|/?li|/?tr|/?ul|/?ol|/?h[1-6])\b[^>]*>")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
# A pattern for the end of a text would try each of its runs of spaces again
_BLANK = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\ufeff"
_STYLE = re.compile(r"(?is)<(style|script)\b.*?</\1\s*>")


def tidy(text: str) -> str:
    """Return a text as every system writes it: line ends as \\n, composed letters, no white space around it.

    A text of several lines keeps the indentation of its first line if other lines are indented too.
    """
    if text.isascii() and "\n" not in text and "\r" not in text:  # most texts
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").rstrip(_BLANK)
    text = unicodedata.normalize("NFC", text)
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and not any(line[:1].isspace() for line in lines[1:]):
        lines[0] = lines[0].lstrip()
    return "\n".join(lines)


def is_missing(text: str) -> bool:
    """Return whether a text says that a value is missing: blank, NaN or null. "None" can be an answer."""
    return not text.strip() or text.strip().casefold() in _MISSING


def is_nothing(text: str) -> bool:
    """Return whether an optional text, such as a context, says that there is none."""
    return not text.strip() or text.strip().casefold() in _NOTHING


def split_of(text: str) -> Split | None:
    """Return the split that a word means, such as "Test" or "validation_matched"; None for any other."""
    plain = text.strip().casefold().replace("held-out", "heldout").replace("held_out", "heldout")
    word = re.split(r"[^a-z]", plain)[0]
    return next((split for name, split in _SPLITS.items() if word in _forms(name)), None)


def plain_html(text: str) -> str:
    """Return the text that a browser would show of a note in HTML."""
    text = _BLOCK.sub("\n", _STYLE.sub("", text))
    return unescape(_TAG.sub("", text)).replace("\u00a0", " ")


def _forms(name: str) -> tuple[str, ...]:
    return {
        "train": ("train", "training", "tr"),
        "test": ("test", "testing"),
        "valid": ("valid", "validation"),
        "dev": ("dev", "development"),
        "eval": ("eval", "evaluation"),
    }.get(name, (name,))
