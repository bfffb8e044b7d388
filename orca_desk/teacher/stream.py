"""Turns tokens into text where characters and stop strings can span tokens."""

import codecs
from collections.abc import Sequence


class TextStream:
    """The text of an answer as it grows, from `opening` on. `shown` of its characters are not fresh.

    `text` is decoded and cut before the first stop string. It excludes a character whose bytes have not all
    arrived.
    """

    def __init__(self, stop: Sequence[str] = (), *, opening: str = "", shown: int = 0) -> None:
        self.text = opening
        self._stop = [text for text in stop if text]
        self._longest = max(map(len, self._stop), default=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.shown = shown

    def push(self, data: bytes) -> bool:
        """Add a token's bytes; return True once a stop string has appeared and cut the text."""
        return self._add(self._decoder.decode(data))

    def finish(self) -> None:
        """End the text. Bytes of an incomplete character become U+FFFD."""
        self._add(self._decoder.decode(b"", final=True))

    def fresh(self, *, last: bool = False) -> str:
        """Return the text not yet returned. Unless `last`, hold back what can become a stop string."""
        end = len(self.text) if last else len(self.text) - self._held_back()
        fresh = self.text[self.shown : end]
        self.shown = max(self.shown, end)
        return fresh

    def _add(self, text: str) -> bool:
        start = max(0, len(self.text) - self._longest + 1)
        self.text += text
        found = [place for stop in self._stop if (place := self.text.find(stop, start)) >= 0]
        if found:
            self.text = self.text[: min(found)]
        return bool(found)

    def _held_back(self) -> int:
        """Return the length of the longest suffix of the text that begins a stop string."""
        for length in range(min(self._longest - 1, len(self.text)), 0, -1):
            if any(stop.startswith(self.text[-length:]) for stop in self._stop):
                return length
        return 0
