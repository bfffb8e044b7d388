"""The buttons below a dialog, in the order that the system's other dialogs have."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton

from orca_desk.ui.widgets.text import button


def dialog_buttons(dialog: QDialog, accept: QPushButton) -> QDialogButtonBox:
    """Return a row with `accept`, which Enter presses and which does its work itself, and Cancel."""
    accept.setDefault(True)
    made = QDialogButtonBox()
    made.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    made.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    made.rejected.connect(dialog.reject)
    return made


def closing_buttons(dialog: QDialog, *others: QPushButton) -> QDialogButtonBox:
    """Return a row with Close, which Enter presses, and others that do their work themselves."""
    made, close = QDialogButtonBox(), button("Close")
    made.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)  # first, or Qt leaves others out of Tab
    for one in others:
        made.addButton(one, QDialogButtonBox.ButtonRole.ActionRole)
    close.setDefault(True)
    made.rejected.connect(dialog.reject)
    return made
