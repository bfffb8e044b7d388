"""The sign over a page while the user drags files over it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from orca_desk.ui.theme import GRID, Theme, font


class DropSign(QLabel):
    """Covers its parent with a dashed frame and a sentence; ignores the mouse."""

    def __init__(self, theme: Theme, parent: QWidget, text: str) -> None:
        super().__init__(text, parent)
        self._theme, self._covered = theme, parent
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(font("heading", bold=True))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def appear(self) -> None:
        """Cover the parent."""
        colours = self._theme.colours
        self.setStyleSheet(
            f"DropSign {{ color: {colours.css('accent')}; background: {colours.tint('accent').name()};"
            f" border: 2px dashed {colours.css('accent')}; border-radius: 8px; }}"
        )
        self.setGeometry(self._covered.rect().adjusted(GRID, GRID, -GRID, -GRID))
        self.show()
        self.raise_()
