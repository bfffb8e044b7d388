"""Plain text with highlighted parts: prompts by speaker, differences by change."""

from collections.abc import Iterable
from typing import Literal

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.theme import Colours, Role, Theme, font

Mark = Literal["plain", "heading", "muted", "control", "system", "user", "assistant", "erased", "inserted"]
MARK_COLOURS: dict[Mark, Role] = {
    "muted": "muted",
    "control": "accent",
    "system": "teacher",
    "assistant": "student",
    "erased": "bad",
    "inserted": "good",
}
HIGHLIGHTED: tuple[Mark, ...] = ("control", "system", "assistant", "erased", "inserted")


class MarkedText(QPlainTextEdit):
    """A read-only text, shown as plain text whatever it contains."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pieces: list[tuple[str, Mark]] = []
        self.setReadOnly(True)
        theme.changed.connect(self._paint)

    def show_pieces(self, pieces: Iterable[tuple[str, Mark]]) -> None:
        """Show parts of text in order, each formatted by its mark."""
        found = list(pieces)
        if found == self._pieces:
            return
        self._pieces = found
        self._paint()

    def _paint(self) -> None:
        position = self.verticalScrollBar().value()
        self.clear()
        cursor = QTextCursor(self.document())
        for text, mark in self._pieces:
            cursor.insertText(visible(text), text_format(mark, self._theme.colours))
        self.verticalScrollBar().setValue(position)


def text_format(mark: Mark, colours: Colours) -> QTextCharFormat:
    """Return the format of a mark. Each differs by more than colour: weight, background, line or position."""
    made = QTextCharFormat()
    made.setFont(font("body", bold=mark in ("heading", "control")))
    made.setForeground(colours(MARK_COLOURS.get(mark, "text")))
    if mark in HIGHLIGHTED:
        made.setBackground(colours.tint(MARK_COLOURS[mark], 0.12))
    if mark == "erased":
        made.setFontStrikeOut(True)
    if mark == "inserted":
        made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    return made


def with_visible_breaks(text: str) -> str:
    """Return a template's text with its line breaks made visible."""
    return text.replace("\n", "↵\n")
