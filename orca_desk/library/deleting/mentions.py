"""Whether a text or a file mentions one of some texts: as it is, or inside of JSON."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SHORTEST = 12  # characters; a shorter text would be found inside of others that have nothing to do with it
FEW = 30  # texts; more are looked up by their beginnings, which takes the same time for any number
BLOCK = 1 << 22  # characters of a file that are looked at together
BLANK = "[deleted]"


class Mentions:
    """Finds texts of at least SHORTEST characters; shorter ones are left aside."""

    def __init__(self, texts: Iterable[str]) -> None:
        forms = {form for text in texts if len(text) >= SHORTEST for form in spellings(text)}
        self._forms = sorted(
            forms, key=len, reverse=True
        )  # else a part of a longer one would be blanked first
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for form in self._forms:
            self._by_start[form[:SHORTEST]].append(form)

    def in_text(self, text: str | None) -> bool:
        """Return whether one of the texts occurs."""
        return any(True for _ in self._found(text or ""))

    def in_file(self, path: Path) -> bool:
        """Return whether one of the texts occurs in a file; reads a few MiB at a time."""
        longest = max(map(len, self._forms), default=0)
        end = ""
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            while block := file.read(BLOCK):
                data = end + block
                if self.in_text(data):
                    return True
                end = data[-longest:] if longest else ""
        return False

    def blank(self, text: str) -> str:
        """Return a text without the texts that it mentions."""
        for form in list(self._found(text)):
            text = text.replace(form, BLANK)
        return text

    @contextmanager
    def in_sql(self, db: sqlite3.Connection) -> Iterator[None]:
        """Let SQL call `mentioned(text)` and `blanked(text)` inside the block."""
        db.create_function("mentioned", 1, self.in_text)
        db.create_function("blanked", 1, self.blank)
        try:
            yield
        finally:
            for name in ("mentioned", "blanked"):
                db.create_function(name, 1, None)

    def _found(self, text: str) -> Iterator[str]:
        if len(self._forms) <= FEW:
            yield from (form for form in self._forms if form in text)
            return
        starts = {text[place : place + SHORTEST] for place in range(len(text) - SHORTEST + 1)}
        for start in starts & self._by_start.keys():
            yield from (form for form in self._by_start[start] if form in text)


def spellings(text: str) -> set[str]:
    """Return a text as it is, and as JSON has it with and without escapes."""
    return {text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]}
