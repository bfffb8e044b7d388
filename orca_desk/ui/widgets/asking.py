"""Dialogs that ask for a name or a note, and stay open until it is stored."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from orca_desk.errors import UserError
from orca_desk.library.notes import LONGEST_NAME, check_note
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label


class AskingDialog(EditDialog):
    """Asks for a text, and stays open until that is stored: nothing typed is lost by a full disk."""

    stores_unchanged = False  # whether the text with which it opens is stored too

    def __init__(
        self, parent: QWidget, title: str, text: str, store: Callable[[str, "AskingDialog"], Any]
    ) -> None:
        """`title` stands above the text. `store` writes it and ends by `close_saved` or `refuse`."""
        super().__init__(parent)
        self._store, self._before = store, text
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._layout = column_of(self)
        self._layout.addWidget(label(title, bold=True, wrap=True))
        self.problem = label(tone="bad", wrap=True)
        self.problem.hide()

    def value(self) -> str:
        """Return what was typed, as it is stored. Raises UserError if it cannot be."""
        raise NotImplementedError

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self.value() != self._before

    def accept(self) -> None:
        """Store the text if it is another one, and close."""
        try:
            text = self.value()
            self.check(text)
        except UserError as error:
            self.refuse(error)
            return
        if text == self._before and not self.stores_unchanged:
            super().accept()
        else:
            self.setEnabled(False)
            self._store(text, self)

    def check(self, text: str) -> None:
        """Raise UserError for a text that cannot be stored."""

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stay open while the text is stored: it closes by itself then, or says what is wrong."""
        if self.isEnabled():
            super().closeEvent(event)
        else:
            event.ignore()

    def close_saved(self) -> None:
        """Close: the text is stored."""
        super().accept()

    def refuse(self, error: Exception) -> None:
        """Say why the text is not stored; it stays here to be changed, copied or stored again."""
        self.setEnabled(True)
        text = f"{error.message} {error.hint}" if isinstance(error, UserError) else str(error)
        self.problem.setText(text)
        self.problem.show()
        self._field.setFocus()

    def _end(self, field: QWidget, accept_text: str) -> None:
        self._field = field
        self._layout.addWidget(self.problem)
        self._layout.addWidget(dialog_buttons(self, button(accept_text, self.accept, primary=True)))


class LineDialog(AskingDialog):
    """Asks for a name. That of something new cannot be empty, and may be the one that is suggested."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str,
        store: Callable[[str, AskingDialog], Any],
        *,
        action: str = "Rename",
        is_new: bool = False,
    ) -> None:
        super().__init__(parent, title, text, store)
        self.stores_unchanged = is_new
        self.setWindowTitle(action)
        self.setMinimumWidth(50 * GRID)
        self.line = QLineEdit(text)
        self.line.setMaxLength(LONGEST_NAME)
        self.line.setAccessibleName(title)
        self.line.selectAll()
        self._layout.addWidget(self.line)
        self._end(self.line, action)

    def value(self) -> str:
        """See AskingDialog."""
        return " ".join(self.line.text().split())

    def check(self, text: str) -> None:
        """See AskingDialog."""
        if self.stores_unchanged and not text:
            raise UserError("A name is needed.")


class NoteDialog(AskingDialog):
    """Shows a note, and stores what becomes of it; an empty one is removed."""

    def __init__(
        self, parent: QWidget, title: str, text: str, store: Callable[[str, AskingDialog], Any]
    ) -> None:
        super().__init__(parent, title, text, store)
        self.setWindowTitle("Note")
        self.setMinimumWidth(56 * GRID)
        self.text = QPlainTextEdit(text)
        self.text.setAccessibleName(title)
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText("What to remember of it. Only you see this note.")
        self._layout.addWidget(self.text, 1)
        self._end(self.text, "Save")

    def value(self) -> str:
        """See AskingDialog."""
        return self.text.toPlainText().strip()

    def check(self, text: str) -> None:
        """See AskingDialog."""
        check_note(text)


def store_by(
    desk: Desk,
    notice: Notice,
    change: str,
    write: Callable[[str], str],
    *,
    parts: tuple[str, ...],
    shows: tuple[str, Mapping[str, Any]],
) -> Callable[[str, AskingDialog], None]:
    """Return what stores the text that a dialog asks for, to be undone as `change`.

    `write` returns what was there before. If it fails, the dialog stays and says why; of an undo or a redo
    `notice` says it. `parts` are announced, and `shows` is the page, and the target on it, with the thing.
    """

    def store(text: str, asking: AskingDialog) -> None:
        desk.do(
            change,
            lambda: write(text),
            write,
            *parts,
            then=lambda _: asking.close_saved(),
            failed=refuse_in(asking, notice.show_error),
            shows=lambda _: shows,
        )

    return store


def refuse_in(asking: AskingDialog, otherwise: Callable[[Exception], Any]) -> Callable[[Exception], None]:
    """Return what tells of an error in the dialog that asked, or `otherwise` once that is closed."""

    def refuse(error: Exception) -> None:
        if isValid(asking) and asking.isVisible():
            asking.refuse(error)
        else:
            otherwise(error)

    return refuse


def column_of(dialog: QDialog) -> QVBoxLayout:
    """Give a dialog the layout of a column, with the usual margins; return it."""
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
    layout.setSpacing(GRID)
    return layout
