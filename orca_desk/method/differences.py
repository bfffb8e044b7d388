"""The differences between two texts, word by word, for people to read."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Change:
    """A stretch of text that was kept, erased or inserted; never empty."""

    text: str
    state: Literal["kept", "erased", "inserted"]


def word_changes(before: str, after: str) -> tuple[Change, ...]:
    """Return what turns `before` into `after`, in reading order, by whole words.

    The kept and erased texts joined are `before`, the kept and inserted ones `after`.
    """
    old, new = WORD.findall(before), WORD.findall(after)
    found: list[Change] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Change(text="".join(old[a:b]), state="kept"))
            continue
        if b > a:
            found.append(Change(text="".join(old[a:b]), state="erased"))
        if d > c:
            found.append(Change(text="".join(new[c:d]), state="inserted"))
    return tuple(found)
