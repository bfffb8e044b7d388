"""The bar below a record: where the reviewer is, and what can be done, each with its key."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton

from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button, label

if TYPE_CHECKING:
    from orca_desk.ui.pages.records.page import RecordsPage

# What a button says where the action's whole name is too long for it
_SHORT = {"Edit the answer": "Edit"}
_OFTEN = frozenset({"Keep", "Drop", "Edit the answer"})
LEVELS = 4  # of how much the buttons say


class ReviewBar(QFrame):
    """Buttons for the page's actions, and the place in the list."""

    def __init__(self, desk: Desk, page: "RecordsPage") -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self._buttons: list[tuple[QPushButton, QAction, tuple[str, ...]]] = []
        for action in (page.keep_it, page.drop_it, page.undecide):
            row.addWidget(self._button(action))
        row.addSpacing(GRID)
        for action in (page.edit_it, page.again):
            row.addWidget(self._button(action))
        row.addStretch(1)
        self.place = label(tone="muted")
        row.addWidget(self.place)
        for action in (page.previous, page.next):
            row.addWidget(_quiet(action))
        # As wide as there is room for: the buttons then say less
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumWidth(40 * GRID)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_place(self, row: int, count: int, chosen: int) -> None:
        """Show which record of how many is current, and how many are selected."""
        if chosen > 1:
            self.place.setText("{} selected".format(f"{chosen:,}"))
        elif row >= 0:
            self.place.setText("{} of {}".format(f"{row + 1:,}", f"{count:,}"))
        else:
            self.place.setText("")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Names with keys, names alone, only the names of what is done most, or icons alone."""
        row = self.layout()
        for level in range(LEVELS):
            for made, _, texts in self._buttons:
                if made.text() != texts[level]:
                    made.setText(texts[level])
            row.invalidate()
            if row.sizeHint().width() <= self.width():
                break

    def _button(self, action: QAction) -> QPushButton:
        """Return a button for an action that shows its key."""
        name = action.text().replace("&", "").rstrip("…")
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = action.toolTip() if action.toolTip() != name else name
        short = _SHORT.get(name, name)
        made = button(short, action.trigger, tip=f"{tip} ({key})")
        made.setAccessibleName(name)
        self._buttons.append((made, action, (f"{short}  {key}", short, short if name in _OFTEN else "", "")))
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
