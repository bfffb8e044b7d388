"""A card of settings: an icon, a heading, a description, and rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.outside import open_outside
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button, label


class SettingsCard(QFrame):
    """A frame with an icon, a heading, a description, and rows in `self.rows`."""

    def __init__(self, desk: Desk, *, image: str, title: str, about: str = "") -> None:
        super().__init__()
        self.desk = desk
        self._image = image
        self.icons: list[tuple[QAbstractButton, str]] = []
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID + 4)
        layout.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        self._picture = QLabel()
        head.addWidget(self._picture)
        head.addWidget(label(title, size="heading", bold=True), 1)
        layout.addLayout(head)
        if about:
            layout.addWidget(label(about, tone="muted", wrap=True))
            layout.addSpacing(GRID // 2)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(GRID)
        layout.addLayout(self.rows)
        desk.theme.changed.connect(self.paint)

    def tool(self, text: str, image: str, run: Callable[[], Any], *, tip: str = "") -> QPushButton:
        """Return a button with an icon that follows the theme."""
        made = button(text, run, tip=tip)
        self.icons.append((made, image))
        return made

    def paint(self) -> None:
        """Draw the icons in the theme's colours."""
        colours = self.desk.theme.colours
        self._picture.setPixmap(pixmap(self._image, colours, "accent", 20))
        for one, image in self.icons:
            one.setIcon(icon(image, colours))

    def open_folder(self, folder: Path) -> None:
        """Show a folder in the system's file manager."""
        open_outside(folder)

    def copy(self, text: str) -> None:
        """Copy a text to the clipboard."""
        QGuiApplication.clipboard().setText(text)
        self.desk.say("Copied.")


def row(*widgets: QWidget) -> FlowRow:
    """Return a row of widgets, aligned to the left; it continues below where the card is narrow."""
    return FlowRow(*widgets)
