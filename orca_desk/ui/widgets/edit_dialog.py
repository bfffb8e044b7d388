"""A dialog whose edits are lost neither by Escape nor by the window's close button without a question."""

from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog

from orca_desk.ui.widgets.message_box import MessageBox, Roles


class EditDialog(QDialog):
    """Asks before it closes with edits that are not saved. Its Cancel button discards them at once."""

    def is_changed(self) -> bool:
        """Return whether the user has changed anything."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Ask at Escape."""
        if event.matches(QKeySequence.StandardKey.Cancel) and self.is_changed():
            event.accept()
            self._ask()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask where the window system closes it."""
        if self.isVisible() and self.is_changed():
            event.ignore()
            self._ask()
        else:
            super().closeEvent(event)

    def _ask(self) -> None:
        box = MessageBox(self, "Close without saving?", "What you changed here will be lost.")
        box.offer("Discard", self.reject, role=Roles.DestructiveRole)
        box.leave("Keep editing")
        box.open()
