"""The bar below a record: the actions of the review with their keys, and the position in the list."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QToolButton

from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button, label

if TYPE_CHECKING:
    from orca_desk.ui.pages.records.page import RecordsPage

# Button texts of actions whose names are too long
_SHORT = {"Edit the answer": "Edit"}
_OFTEN = frozenset({"Keep", "Drop", "Edit the answer"})
LEVELS = 4  # of button texts, from long to none


class ReviewBar(QFrame):
    """Buttons for the actions of the page, and the position in the list."""

    def __init__(self, desk: Desk, page: "RecordsPage") -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "card")
        self._row = row = FlowRow()
        self.setLayout(row)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        self._buttons: list[tuple[QPushButton, QAction, tuple[str, ...]]] = []
        for action in (page.keep_it, page.drop_it, page.undecide):
            row.addWidget(self._button(action))
        for action in (page.edit_it, page.regenerate_it):
            row.addWidget(self._button(action))
        row.addStretch(1)
        self.position = label(tone="muted")
        row.addWidget(self.position)
        for action in (page.previous, page.next):
            row.addWidget(_quiet(action))
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_position(self, row: int, count: int, selected: int) -> None:
        """Show the current row (from 0) of `count`, or how many records are selected."""
        if selected > 1:
            self.position.setText(f"{selected:,} selected")
        else:
            self.position.setText(f"{row + 1:,} of {count:,}" if row >= 0 else "")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Choose the longest texts that fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show names with keys, only the names of frequent actions, keys alone, or icons alone."""
        for level in range(LEVELS):
            for made, _, texts in self._buttons:
                if made.text() != texts[level]:
                    made.setText(texts[level])
            self._row.invalidate()
            if self._row.sizeHint().width() <= self.width():
                break

    def _button(self, action: QAction) -> QPushButton:
        """Return a button for an action, with its key."""
        name = action.text().replace("&", "").rstrip("…")
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = action.toolTip() if action.toolTip() != name else name
        short = _SHORT.get(name, name)
        made = button(short, action.trigger, tip=f"{tip} ({key})")
        made.setAccessibleName(name)
        whole = f"{short}  {key}"
        self._buttons.append((made, action, (whole, whole if name in _OFTEN else key, key, "")))
        return made

    def _paint(self) -> None:
        for made, action, _ in self._buttons:
            made.setIcon(action.icon())


def _quiet(action: QAction) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(action)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    name = action.text().replace("&", "")
    made.setAccessibleName(name)
    made.setToolTip(f"{name} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
    return made
