"""A box for plain text of any length. A text that is too long to edit stays whole; only its ends show."""

from PySide6.QtCore import QEvent, QMimeData
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPlainTextEdit

LONGEST_EDITED = 20_000  # characters that are laid out in a few milliseconds, on one line or many
END_SHOWN = 300  # characters of each end of a longer text


class TextBox(QPlainTextEdit):
    """Edits short texts. Holds a longer one beside the document, which shows the ends of it, read-only."""

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self._held = self._before = ""
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)

    @property
    def is_held(self) -> bool:
        """Whether the text is too long to edit."""
        return bool(self._held)

    def text(self) -> str:
        """Return the whole text."""
        return self._held or self.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a text, or the ends of a long one."""
        is_long = len(text) > LONGEST_EDITED
        self._held, self._before = text if is_long else "", ""
        self.setReadOnly(is_long)
        self.setPlainText(self._ends(text) if is_long else text)

    def remove(self) -> None:
        """Remove a long text and restore what was there before it was pasted."""
        self.set_text(self._before)
        self.moveCursor(self.textCursor().MoveOperation.End)
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        """Leave Ctrl+Z to the window while there is no typing to take back; Qt would do nothing at all."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            document, keys = self.document(), QKeySequence.StandardKey
            if (event.matches(keys.Undo) and not document.isUndoAvailable()) or (
                event.matches(keys.Redo) and not document.isRedoAvailable()
            ):
                event.ignore()
                return True
        return bool(super().event(event))

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Insert text; hold what becomes too long to edit."""
        text = source.text()
        if len(text) + self.document().characterCount() <= LONGEST_EDITED:
            self.insertPlainText(text)
            return
        before, cursor = self.toPlainText(), self.textCursor()
        units = before.encode("utf-16-le", "surrogatepass")  # Qt counts in these, two bytes each
        start, end = (
            units[: 2 * cursor.selectionStart()].decode("utf-16-le", "surrogatepass"),
            units[2 * cursor.selectionEnd() :].decode("utf-16-le", "surrogatepass"),
        )
        self.set_text(start + text.replace("\r\n", "\n") + end)
        self._before = before

    def _ends(self, text: str) -> str:
        left_out = f"[{len(text) - 2 * END_SHOWN:,} more characters. Too long to edit here; sent in full.]"
        return f"{text[:END_SHOWN].rstrip()}\n{left_out}\n{text[-END_SHOWN:].lstrip()}"
