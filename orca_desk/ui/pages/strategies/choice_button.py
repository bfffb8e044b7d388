"""A button that opens a list of things to tick, such as the families to measure."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QPushButton, QWidgetAction

from orca_desk.ui.theme import GRID


class ChoiceButton(QPushButton):
    """Says "All families" or "3 of 7 families"; its list stays open while things are ticked."""

    changed = Signal()

    def __init__(self, noun: str) -> None:
        """`noun` is what the things are, in the plural."""
        super().__init__()
        self._noun = noun
        self.list = QListWidget()
        self.list.setAccessibleName(noun)
        self.list.setMinimumWidth(28 * GRID)
        self.list.itemChanged.connect(self._tell)
        self.list.installEventFilter(self)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.list)
        menu.addAction(action)
        menu.aboutToShow.connect(self.list.setFocus)
        self.setMenu(menu)
        self._tell()

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer these (name, title); what was not ticked before stays so, what is new is ticked."""
        left_out = {self._name(row) for row in range(self.list.count()) if not self._ticked(row)}
        names = [self._name(row) for row in range(self.list.count())]
        if names == [name for name, _ in choices]:
            return
        self.list.blockSignals(True)
        self.list.clear()
        for name, title in choices:
            item = QListWidgetItem(title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if name in left_out else Qt.CheckState.Checked)
        self.list.blockSignals(False)
        self._tell()

    def choose(self, names: Sequence[str] | None) -> None:
        """Tick these alone; None: all."""
        for row in range(self.list.count()):
            ticked = names is None or self._name(row) in names
            self.list.item(row).setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def chosen(self) -> list[str]:
        """Return the names of what is ticked."""
        return [self._name(row) for row in range(self.list.count()) if self._ticked(row)]

    def chosen_or_all(self) -> list[str] | None:
        """Return the names of what is ticked, or None for all: those to come too."""
        chosen = self.chosen()
        return None if len(chosen) == self.list.count() else chosen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Close the list with Return, as Space is what ticks."""
        if event.type() == QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # type: ignore[attr-defined]
            self.menu().close()
            return True
        return super().eventFilter(watched, event)

    def _tell(self) -> None:
        count, ticked = self.list.count(), len(self.chosen())
        self.setText(f"All {self._noun}" if ticked == count else f"{ticked} of {count} {self._noun}")
        self.setAccessibleName(self.text())
        self.changed.emit()

    def _name(self, row: int) -> str:
        return str(self.list.item(row).data(Qt.ItemDataRole.UserRole))

    def _ticked(self, row: int) -> bool:
        return self.list.item(row).checkState() == Qt.CheckState.Checked
