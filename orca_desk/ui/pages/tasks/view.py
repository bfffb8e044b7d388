"""How the Tasks page is laid out: filters, count, table and reading pane, or what stands in for them."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.detail import TaskDetail
from orca_desk.ui.pages.tasks.filters import FilterRow
from orca_desk.ui.pages.tasks.table import TaskTable
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.text import label


class TaskView(QStackedWidget):
    """The page's content, or the empty state of a library without tasks."""

    def __init__(
        self, desk: Desk, *, one: list[QAction], many: list[QAction], bring: Callable[[], Any]
    ) -> None:
        """`one` and `many` are the actions for one selected task and for several; `bring` imports."""
        super().__init__()
        self.filters = FilterRow(desk)
        self.count = label(tone="muted", size="caption")
        self.clear_button = QToolButton()
        self.clear_button.setText("Clear filters")
        self.clear_button.setToolTip("Show all tasks (Esc)")
        self.clear_button.clicked.connect(self.filters.clear)
        kept = self.clear_button.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.clear_button.setSizePolicy(kept)
        self.table = TaskTable(desk)
        self.detail = TaskDetail(desk, one=one, many=many)
        self.no_match = EmptyState(
            desk.theme,
            image="funnel",
            title="No task matches",
            text="The library has tasks, but none that fits the search and the filters.",
            action="Clear filters",
            run=self.filters.clear,
        )
        self.empty = EmptyState(
            desk.theme,
            image="list-checks",
            title="No tasks yet",
            text=(
                "Tasks are questions, best with a right answer. Import a JSONL or CSV file: choose it,"
                " drop it here, or paste its text."
            ),
            action="Import tasks…",
            run=bring,
        )
        self._list = QStackedWidget()
        self._list.addWidget(self.table)
        self._list.addWidget(self.no_match)
        self._list.setMinimumWidth(40 * GRID)
        self.detail.setMinimumWidth(28 * GRID)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + GRID // 2)
        self.splitter.addWidget(self._list)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([720, 320])
        self._content = self._lay_out()
        self.addWidget(self._content)
        self.addWidget(self.empty)

    def show_counts(self, shown: int, total: int) -> None:
        """Show the table, or that nothing matches, or that there is nothing at all."""
        self.setCurrentWidget(self._content if total else self.empty)
        self._list.setCurrentWidget(self.table if shown or not total else self.no_match)

    def tell(self, total: int, selected: int) -> None:
        """Say how many tasks are shown, and how many are selected."""
        self.clear_button.setVisible(self.filters.is_set)
        shown = len(self.table.tasks.numbers)
        if shown == total:
            text = f"{total:,} task" if total == 1 else f"{total:,} tasks"
        else:
            text = f"{shown:,} of {total:,} tasks"
        self.count.setText(text + (f"; {selected:,} selected" if selected > 1 else ""))

    def _lay_out(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.filters)
        row = QHBoxLayout()
        row.addWidget(self.count, 1)
        row.addWidget(self.clear_button)
        column.addLayout(row)
        column.addWidget(self.splitter, 1)
        return content
