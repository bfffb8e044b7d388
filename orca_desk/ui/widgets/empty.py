"""The empty state of a page: what belongs there, and a button to begin."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button, label


class EmptyState(QWidget):
    """An icon, a heading, a sentence and a button, centred in an empty page."""

    def __init__(
        self,
        theme: Theme,
        *,
        image: str,
        title: str,
        text: str,
        action: str = "",
        run: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._image = theme, image
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID)
        layout.addStretch(2)
        self._picture = QLabel()
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = label(title, size="heading", bold=True)
        layout.addWidget(self.title, 0, Qt.AlignmentFlag.AlignHCenter)
        self.text = label(text, tone="muted", wrap=True)
        self.text.setMinimumWidth(30 * GRID)
        self.text.setMaximumWidth(55 * GRID)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()  # an alignment would ask for the height at the full width of the layout
        row.addStretch(1)
        row.addWidget(self.text, 100)  # takes its full width before the space beside it gets any
        row.addStretch(1)
        layout.addLayout(row)
        self.button = button(action, run, primary=True)
        layout.addSpacing(GRID)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.button.setVisible(bool(action))  # only now: without a parent it would become a window
        layout.addStretch(3)
        theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self._picture.setPixmap(pixmap(self._image, self._theme.colours, "muted", 5 * GRID))
