"""Plain text with stretches set off from each other: prompts by speaker, differences by what changed."""

from collections.abc import Iterable
from typing import Literal

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from orca_desk.ui.theme import Colours, Role, Theme, font

Mark = Literal["plain", "heading", "muted", "control", "system", "user", "erased", "inserted"]
COLOURED: dict[Mark, Role] = {
    "muted": "muted",
    "control": "accent",
    "system": "teacher",
    "erased": "bad",
    "inserted": "good",
}
GROUNDED: tuple[Mark, ...] = ("control", "system", "erased", "inserted")


class MarkedText(QPlainTextEdit):
    """A read-only text. What it shows is never markup, whoever wrote it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pieces: list[tuple[str, Mark]] = []
        self.setReadOnly(True)
        theme.changed.connect(self._paint)

    def show_pieces(self, pieces: Iterable[tuple[str, Mark]]) -> None:
        """Show stretches of text one after the other, each as its mark says."""
        found = list(pieces)
        if found == self._pieces:
            return
        self._pieces = found
        self._paint()

    def _paint(self) -> None:
        place = self.verticalScrollBar().value()
        self.clear()
        cursor = QTextCursor(self.document())
        for text, mark in self._pieces:
            cursor.insertText(text, text_format(mark, self._theme.colours))
        self.verticalScrollBar().setValue(place)


def text_format(mark: Mark, colours: Colours) -> QTextCharFormat:
    """Return how a mark looks. Each differs by more than its colour: weight, ground, line, or its place."""
    made = QTextCharFormat()
    made.setFont(font("body", bold=mark in ("heading", "control")))
    made.setForeground(colours(COLOURED.get(mark, "text")))
    if mark in GROUNDED:
        made.setBackground(colours.tint(COLOURED[mark], 0.12))
    if mark == "erased":
        made.setFontStrikeOut(True)
    if mark == "inserted":
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    return made
