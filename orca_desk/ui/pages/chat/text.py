"""A box for plain text of any length: a text too long to be edited is kept whole, its ends are shown."""

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QPlainTextEdit

LONGEST_EDITED = 20_000  # characters that are laid out in a few milliseconds, on one line or many
END_SHOWN = 300  # characters of each end of a longer text


class TextBox(QPlainTextEdit):
    """Edits short texts. A longer one is held beside the document, which shows its ends, read-only."""

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self._held = self._before = ""
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)

    @property
    def is_held(self) -> bool:
        """Whether the text is too long to be edited."""
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
        """Take a long text out; what was there before it was pasted comes back."""
        self.set_text(self._before)
        self.moveCursor(self.textCursor().MoveOperation.End)
        self.setFocus()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Insert text; what becomes too long by it is held."""
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
        left_out = f"[{len(text) - 2 * END_SHOWN:,} more characters, kept whole; too long to be edited here]"
        return f"{text[:END_SHOWN].rstrip()}\n{left_out}\n{text[-END_SHOWN:].lstrip()}"
