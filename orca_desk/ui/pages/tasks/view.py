"""The layout of the Tasks page: filters, count, families, table and reading pane, or an empty state."""

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.detail import TaskDetail
from orca_desk.ui.pages.tasks.family_list import ROOM, FamilyList
from orca_desk.ui.pages.tasks.filters import FilterRow
from orca_desk.ui.pages.tasks.table import TaskTable
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import label


class TaskView(QStackedWidget):
    """The page's content, or the empty state of a library without tasks."""

    def __init__(
        self, desk: Desk, *, one: list[QAction], many: list[QAction], import_tasks: Callable[[], Any]
    ) -> None:
        """`one` and `many` are the actions for a single selected task and for several."""
        super().__init__()
        self.filters = FilterRow(desk)
        self.count_label = label(tone="muted", size="caption")
        self.clear_button = QToolButton()
        self.clear_button.setText("Clear filters")
        self.clear_button.setToolTip("Show all tasks (Esc)")
        self.clear_button.clicked.connect(self.filters.clear)
        policy = self.clear_button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.clear_button.setSizePolicy(policy)
        self.table = TaskTable(desk)
        self.detail = TaskDetail(desk, one=one, many=many)
        self.no_match = EmptyState(
            desk.theme,
            image="funnel",
            title="No matching tasks",
            text="No tasks match the search and filters.",
            action="Clear filters",
            run=self.filters.clear,
        )
        self.empty = EmptyState(
            desk.theme,
            image="list-checks",
            title="No tasks yet",
            text=(
                "Tasks are questions, ideally with a reference answer. Import a JSONL, JSON or CSV file, or"
                " one question per line: select the file, drop it here, or paste its text."
            ),
            action="Import tasks…",
            run=import_tasks,
        )
        self._list = QStackedWidget()
        self._list.addWidget(self.table)
        self._list.addWidget(self.no_match)
        self._list.setMinimumWidth(36 * GRID)
        self.detail.setMinimumWidth(28 * GRID)
        self.splitter = Panes()
        self.splitter.setHandleWidth(GRID + GRID // 2)
        self.splitter.addWidget(self._list)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)  # on a wide screen the task has lines of a good length
        self.splitter.setSizes([720, 320])
        self._content = self._lay_out()
        self.addWidget(self._content)
        self.addWidget(self.empty)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """List the families beside the tasks where there is room for a third pane."""
        super().resizeEvent(event)
        self.families.setVisible(event.size().width() >= ROOM)

    def show_content(self, shown: int, total: int) -> None:
        """Show the table, or the empty state for no matching tasks or for no tasks at all."""
        self.setCurrentWidget(self._content if total else self.empty)
        self._list.setCurrentWidget(self.table if shown or not total else self.no_match)

    def show_counts(self, total: int, selected: int, *, is_all: bool = True) -> None:
        """Show how many tasks match (`is_all`), or at least do so far, and how many are selected."""
        self.clear_button.setVisible(self.filters.is_set)
        shown = len(self.table.tasks.rowids)
        text = counted(total, "task")
        if shown != total:
            text = f"{'' if is_all else 'At least '}{shown:,} of {text}"
        if not is_all and self.table.order is not None:
            text = f"The first {shown:,} tasks; sorting the others…"
        self.count_label.setText(text + (f"; {selected:,} selected" if selected > 1 else ""))

    def _lay_out(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.filters)
        row = QHBoxLayout()
        row.addWidget(self.count_label, 1)
        row.addWidget(self.clear_button)
        column.addLayout(row)
        self.families = FamilyList(self.filters.family)
        self.families.hide()
        self.filters.changed.connect(self.families.follow)
        beside = QHBoxLayout()
        beside.setSpacing(GRID + GRID // 2)
        beside.addWidget(self.families)
        beside.addWidget(self.splitter, 1)
        column.addLayout(beside, 1)
        return content
