"""A box with a sentence, its remedy and buttons, in the app's look: for what cannot wait beside its cause."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, shown_colours


def message_box(
    parent: QWidget | None, text: str, hint: str, *, image: str = "circle-help", role: Role = "accent"
) -> QMessageBox:
    """Return a box without buttons yet. One without a parent has to be dressed by the theme."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIconPixmap(pixmap(image, shown_colours(), role, 4 * GRID))
    box.setWindowTitle("Orca Desk")
    box.setText(text)
    box.setInformativeText(hint)
    return box
