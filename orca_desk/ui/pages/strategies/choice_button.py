"""A button that opens a checklist, such as the families to measure."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button

RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ChoiceButton(QPushButton):
    """Reads "All families" or "3 of 7 families". Its list stays open while the user checks items."""

    changed = Signal()

    def __init__(self, noun: str) -> None:
        """`noun` names the items in the plural."""
        super().__init__()
        self._noun = noun
        self.list = QListWidget()
        self.list.setAccessibleName(noun)
        self.list.setMinimumWidth(28 * GRID)
        self.list.itemChanged.connect(self._show_count)
        self.list.installEventFilter(self)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self._panel())
        menu.addAction(action)
        menu.aboutToShow.connect(self.list.setFocus)
        self.setMenu(menu)
        self._show_count()

    def set_choices(self, choices: Sequence[tuple[str, str]], *, left_out: Collection[str] = ()) -> None:
        """Offer these items as (name, title). Unchecked items stay unchecked; new ones are checked.

        New ones that are `left_out` are not.
        """
        unchecked = {self._name(row) for row in range(self.list.count()) if not self._is_checked(row)}
        unchecked |= set(left_out) - {self._name(row) for row in range(self.list.count())}
        names = [self._name(row) for row in range(self.list.count())]
        if names == [name for name, _ in choices]:
            return
        self.list.blockSignals(True)
        self.list.clear()
        for name, title in choices:
            item = QListWidgetItem(title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if name in unchecked else Qt.CheckState.Checked)
        self.list.blockSignals(False)
        self._show_count()

    def choose(self, names: Sequence[str] | None) -> None:
        """Check only these items, or all for None."""
        for row in range(self.list.count()):
            checked = names is None or self._name(row) in names
            self.list.item(row).setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)

    def chosen(self) -> list[str]:
        """Return the names of the checked items."""
        return [self._name(row) for row in range(self.list.count()) if self._is_checked(row)]

    def chosen_or_all(self) -> list[str] | None:
        """Return the names of the checked items, or None for all, including items added later."""
        chosen = self.chosen()
        return None if len(chosen) == self.list.count() else chosen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Close the list with Return; Space checks an item."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in RETURN:
            self.menu().close()
            return True
        return super().eventFilter(watched, event)

    def _panel(self) -> QWidget:
        """The list below buttons that check all of it or nothing."""
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        row = QHBoxLayout()
        self.all_of_them = button("All", lambda: self.choose(None))
        self.none_of_them = button("None", lambda: self.choose(()))
        row.addWidget(self.all_of_them)
        row.addWidget(self.none_of_them)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.list)
        return panel

    def _show_count(self) -> None:
        count, checked = self.list.count(), len(self.chosen())
        self.setText(f"All {self._noun}" if checked == count else f"{checked:,} of {count:,} {self._noun}")
        self.setAccessibleName(self.text())
        self.changed.emit()

    def _name(self, row: int) -> str:
        return str(self.list.item(row).data(Qt.ItemDataRole.UserRole))

    def _is_checked(self, row: int) -> bool:
        return self.list.item(row).checkState() == Qt.CheckState.Checked
