"""A message box with a sentence, its remedy and buttons, for questions that cannot wait."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, current_colours


def message_box(
    parent: QWidget | None, text: str, hint: str, *, image: str = "circle-help", role: Role = "accent"
) -> QMessageBox:
    """Return a box, still without buttons. One without a parent needs `Theme.apply_to`."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIconPixmap(pixmap(image, current_colours(), role, 4 * GRID))
    box.setWindowTitle("Orca Desk")
    box.setText(text)
    box.setInformativeText(hint)
    return box
