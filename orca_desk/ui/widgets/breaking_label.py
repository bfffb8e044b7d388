"""A label whose text breaks anywhere, so that a long path neither widens a page nor is cut off."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QSizePolicy

from orca_desk.ui.widgets.text import Tone

BREAK = "\N{ZERO WIDTH SPACE}"
_STRETCH = re.compile(r"[^\s/\\._-]{1,12}[/\\._-]?|[/\\._-]")


class BreakingLabel(QLabel):
    """Wrapped plain text, selectable; what is copied from it has no marks of breaks."""

    def __init__(self, *, tone: Tone = "") -> None:
        super().__init__()
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # its "Copy" would copy the breaks
        if tone:
            self.setProperty("tone", tone)

    def text(self) -> str:
        """Return the text as it was set."""
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show another text."""
        self._text = text
        super().setText(_STRETCH.sub(rf"\g<0>{BREAK}", text))
        self.setAccessibleName(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy the selection without the breaks."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selectedText().replace(BREAK, ""))
        else:
            super().keyPressEvent(event)
