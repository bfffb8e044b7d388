"""A few check boxes with a title each, of which some are chosen: arms, or system messages."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label

Choice = TypeVar("Choice", bound=str)


class _Signals(QWidget):
    changed = Signal()


class CheckList(_Signals, Generic[Choice]):
    """One box per choice, with what it means beside it. `changed` fires when the user checks one."""

    def __init__(self, names: Mapping[Choice, str], meanings: Mapping[Choice, str]) -> None:
        super().__init__()
        self.boxes: dict[Choice, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        for row, (choice, name) in enumerate(names.items()):
            self.boxes[choice] = box = QCheckBox(name)
            box.setAccessibleDescription(meanings[choice])
            box.toggled.connect(lambda checked: self.changed.emit())
            grid.addWidget(box, row, 0)
            grid.addWidget(label(meanings[choice], tone="muted", size="caption", wrap=True), row, 1)

    def chosen(self) -> tuple[Choice, ...]:
        """Return what is checked."""
        return tuple(choice for choice, box in self.boxes.items() if box.isChecked())

    def choose(self, choices: Sequence[Choice]) -> None:
        """Check these, and no others. Emits nothing."""
        for choice, box in self.boxes.items():
            box.blockSignals(True)
            box.setChecked(choice in choices)
            box.blockSignals(False)
