"""A list to select families from, each with its number of tasks."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.shorten import shorten

NAME = Qt.ItemDataRole.UserRole
COUNT = Qt.ItemDataRole.UserRole + 1
WIDEST = 32 * GRID  # px, of a name


class FamilyChoice(QListWidget):
    """Families with a check box and their number of tasks."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._unchecked: set[str] = set()
        self._known: set[str] = set()  # the families that were shown once
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setAccessibleName("Families of held-out tasks")
        self.itemChanged.connect(self._toggled)

    def show_families(self, families: Mapping[str, int], *, left_out: Collection[str] = ()) -> None:
        """Show families with their counts; unchecked ones stay so, as do new ones that are `left_out`."""
        self._unchecked |= {name for name in left_out if name not in self._known}
        self._known |= families.keys()
        if dict(self._counts()) == dict(families):
            return
        self.blockSignals(True)
        self.clear()
        texts = {name: self._text(name, count) for name, count in families.items()}
        wide = max(map(self.fontMetrics().horizontalAdvance, texts.values()), default=0)
        for name, count in families.items():
            item = QListWidgetItem(texts[name])
            item.setToolTip(safe_tip(name))
            item.setData(NAME, name)
            item.setData(COUNT, count)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            checked = name not in self._unchecked
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            item.setSizeHint(QSize(wide + 6 * GRID, 4 * GRID))
            self.addItem(item)
        self.blockSignals(False)
        self._fit()
        self.changed.emit()

    def chosen(self) -> tuple[str, ...]:
        """Return the checked families."""
        return tuple(name for name, _ in self._counts() if name not in self._unchecked)

    def count_tasks(self, per_family: int | None) -> int:
        """Return the number of tasks that will be asked, with a limit per family."""
        counts = [count for name, count in self._counts() if name not in self._unchecked]
        return sum(count if per_family is None else min(count, per_family) for count in counts)

    def check_all(self, checked: bool) -> None:
        """Check every family, or none."""
        state = Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
        for place in range(self.count()):
            self.item(place).setCheckState(state)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Grow to the height that the families need, at most five lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.count():
            in_line = max(1, self.viewport().width() // max(1, self.item(0).sizeHint().width()))
            lines = min(5, -(-self.count() // in_line))
            self.setFixedHeight(lines * 4 * GRID + GRID)

    def _counts(self) -> list[tuple[str, int]]:
        items = [self.item(place) for place in range(self.count())]
        return [(item.data(NAME), item.data(COUNT)) for item in items]

    def _text(self, name: str, count: int) -> str:
        shown = self.fontMetrics().elidedText(shorten(name), Qt.TextElideMode.ElideRight, WIDEST)
        return f"{shown}  ({count:,})"

    def _toggled(self, item: QListWidgetItem) -> None:
        if item.checkState() == Qt.CheckState.Checked:
            self._unchecked.discard(item.data(NAME))
        else:
            self._unchecked.add(item.data(NAME))
        self.changed.emit()
