"""The table of tasks: a million rows by row id, and a selection that survives a refresh."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView

from orca_desk.library.task_order import TaskOrder
from orca_desk.library.tasks import tasks_at
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.blocks import FULL_TEXT, BlockTableModel, Index
from orca_desk.ui.widgets.row_table import RowTable, selected_spans
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import SPLITS, asked_line

HEADERS = ("Task", "Family", "Split", "Answer", "Tags", "Strategy")
TIPS = {
    2: "Train: the student learns from it. Held-out: the student is only tested on it.",
    5: "Italic: paired with the family. Upright: set on the task itself.",
}
WIDTHS = (0, 96, 76, 120, 84, 124)  # initial widths (px); the first column takes the rest
NEEDS = {4: 960, 5: 840, 2: 440}  # width (px) of the table from which it shows tags, strategy and split
FIELDS: tuple[TaskOrder, ...] = ("query", "family", "split", "answer", "tags", "strategy")  # by column
MAX_RESELECTED = 5_000  # rows of a selection that a refresh restores
DISPLAY, TIP, FONT, COLOUR = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
    )
)
SUPPORTED = frozenset({DISPLAY, TIP, FONT, COLOUR, int(FULL_TEXT)})
MUTED = frozenset({1, 2, 4})  # columns


class TaskModel(BlockTableModel):
    """Tasks by row id. A task without a strategy of its own shows its family's in italics."""

    headers = HEADERS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.background, lambda rowids: tasks_at(desk.library, rowids))
        self.pairings: Mapping[str, str] = {}
        self._paired = QFont()
        self._paired.setItalic(True)
        self._muted = QColor()
        self._theme = desk.theme
        desk.theme.changed.connect(self._read_colours)
        self._read_colours()

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """Return the data of a cell. Qt asks for many roles per paint; unused ones return early."""
        return super().data(index, role) if role in SUPPORTED else None

    def cell(self, item: Task, column: int, role: int) -> Any:
        """Return the text, the tooltip, the font or the colour of a cell."""
        if role == DISPLAY:
            return self._text(item, column)
        if role == TIP:
            text = item.user_text if column == 0 else (item.answer or "") if column == 3 else ""
            return safe_tip(text)
        if role == FULL_TEXT:
            return item.user_text if column == 0 else item.answer if column == 3 else None
        paired = column == 5 and item.strategy is None
        if role == FONT:
            return self._paired if paired else None
        return self._muted if paired or column in MUTED else None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading, the tooltip or the alignment of a column."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.ToolTipRole and section in TIPS:
                return TIPS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    def _text(self, task: Task, column: int) -> str:
        match column:
            case 0:
                asked = asked_line(task)
                return shorten(f"{asked}   {task.context}" if task.context else asked)
            case 1:
                return shorten(task.family)
            case 2:
                return SPLITS[task.split]
            case 3:
                return shorten(task.answer or "")
            case 4:
                return ", ".join(task.tags)
        return task.strategy or self.pairings.get(task.family, "")

    def _read_colours(self) -> None:
        self._muted = self._theme.colours("muted")


class _Selected(NamedTuple):
    """The row ids of the selected tasks and of the current one."""

    rowids: "array[int]"
    current: int | None


class TaskTable(RowTable):
    """Shows a TaskModel. `selection_updated` follows each change of the selection or of the current row.

    The library sorts the tasks: `order_changed` asks for the rows in another order.
    """

    selection_updated = Signal()
    order_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        self._sorted: _Selected | None = None  # what was selected when the user sorted
        self._found = array("q")  # which of it the first tasks in the new order have
        self.tasks = TaskModel(desk)
        super().__init__(self.tasks, "Tasks", needs=NEEDS, main=(0,), sorts=True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.set_widths(WIDTHS)
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_updated.emit())
        self.selectionModel().currentRowChanged.connect(lambda *_: self.selection_updated.emit())

    @property
    def field_order(self) -> tuple[TaskOrder, bool] | None:
        """The field that orders the tasks, and whether it descends; None: by arrival."""
        return None if self.order is None else (FIELDS[self.order[0]], self.order[1])

    def sort_rows(self) -> None:
        """See RowTable. What is selected stays so: a key must not meet another task than before."""
        if self._sorted is None or self.selected_rowids() != self._found:
            is_few = self.selected_count() <= MAX_RESELECTED
            self._sorted = _Selected(self.selected_rowids() if is_few else array("q"), self.current_rowid())
        self.order_changed.emit()

    def current_rowid(self) -> int | None:
        """Return the row id of the current row, or None if that row is not selected."""
        index = self.currentIndex()
        if not index.isValid() or not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            return None
        return self.tasks.rowids[index.row()]

    def selected_count(self) -> int:
        """Return how many rows are selected; the cost does not depend on their number."""
        return sum(last - first + 1 for first, last in selected_spans(self))

    def selected_rowids(self) -> "array[int]":
        """Return the row ids of the selected rows, in order."""
        rowids = array("q")
        for first, last in selected_spans(self):
            rowids += self.tasks.rowids[first : last + 1]
        return rowids

    def show_more(self, rowids: "array[int]") -> None:
        """Show these tasks, of which those that are shown now are the first."""
        if rowids[: len(self.tasks.rowids)] != self.tasks.rowids:
            self.show_rowids(rowids)
            return
        self.tasks.add_rowids(rowids)
        if self._sorted is not None and self.selected_rowids() == self._found:
            scrolled = self.verticalScrollBar().value()
            self._select_again(self._sorted)
            self.verticalScrollBar().setValue(scrolled)
        self._sorted = None

    def show_rowids(
        self, rowids: "array[int]", *, select: int | None = None, more_follow: bool = False
    ) -> None:
        """Show other tasks. Selects the row id `select`, or else what was selected before.

        Tasks in an order that the user just asked for are shown from the first one on. `more_follow`: these
        are only the first, and `show_more` gets all.
        """
        same = rowids == self.tasks.rowids
        selected = array("q") if same or self.selected_count() > MAX_RESELECTED else self.selected_rowids()
        current, top, row = self.current_rowid(), self._top_row(), self.currentIndex().row()
        self.tasks.set_rowids(rowids)
        if select is not None:
            self.select_rowid(select)
        elif self._sorted is not None:
            self._select_again(self._sorted)
            self._found = self.selected_rowids()
            self.scrollToTop()
        elif not same and rowids:
            self._restore_selection(selected, current, row)
            self._restore_scroll(top)
        if not more_follow:
            self._sorted = None

    def select_rowid(self, rowid: int) -> bool:
        """Select the task with this row id alone and scroll to it. Returns False if the table lacks it."""
        row = self._row_of(rowid)
        if row is None:
            return False
        self.selectRow(row)
        self.scrollTo(self.tasks.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def _top_row(self) -> tuple[int, int] | None:
        """Return the row id of the topmost visible row, and how many px of it are scrolled out of sight."""
        row = self.rowAt(0)
        return None if row < 0 else (self.tasks.rowids[row], -self.rowViewportPosition(row))

    def _restore_scroll(self, top: tuple[int, int] | None) -> None:
        """Scroll to where the user was: an import in the background must not move what the user reads."""
        row = self._row_of(top[0]) if top else None
        if top is None or row is None:
            self.scrollTo(self.currentIndex())
        else:
            self.updateGeometries()
            self.verticalScrollBar().setValue(row * self.verticalHeader().defaultSectionSize() + top[1])

    def _restore_selection(self, selected: "array[int]", current: int | None, place: int) -> None:
        rows = self._rows_of(selected)
        if not rows:  # select the task that took the place of the current one
            near = 0 if current is None else place if self.order else bisect_left(self.tasks.rowids, current)
            self.selectRow(min(near, len(self.tasks.rowids) - 1))
            return
        self._select_rows(rows, current)

    def _select_again(self, before: "_Selected") -> None:
        """Select what was selected before the user sorted, as far as it is here, without scrolling.

        If nothing was, as in a table that opens in the order of last time, that is the first row.
        """
        rows = self._rows_of(before.rowids)
        if not before.rowids and self.tasks.rowids:
            self.selectRow(0)
        elif rows:
            self._select_rows(rows, before.current)
        else:
            self.clearSelection()

    def _select_rows(self, rows: list[int], current: int | None) -> None:
        last = len(HEADERS) - 1
        selection = QItemSelection()
        for first, final in _ranges(rows):
            selection.select(self.tasks.index(first, 0), self.tasks.index(final, last))
        row_now = self._row_of(current) if current is not None else None
        index: Index = self.tasks.index(rows[0] if row_now is None else row_now, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect)

    def _rows_of(self, rowids: "array[int]") -> list[int]:
        """Return the rows of those of these tasks that the table has, in order."""
        if self.order is None:
            return [row for rowid in rowids if (row := self._row_of(rowid)) is not None]
        return _places(self.tasks.rowids, rowids)

    def _row_of(self, rowid: int) -> int | None:
        return row_of(self.tasks.rowids, rowid, in_order=self.order is None)


def row_of(rowids: "array[int]", wanted: int, *, in_order: bool) -> int | None:
    """Return where a row id is among some, which may be `in_order`; None if it is not."""
    if not in_order:
        return next(iter(_places(rowids, array("q", [wanted]))), None)
    row = bisect_left(rowids, wanted)
    return row if row < len(rowids) and rowids[row] == wanted else None


def _places(rowids: "array[int]", wanted: "array[int]") -> list[int]:
    """Return where the wanted row ids are, in order; among a million it takes Python too long to look."""
    import numpy as np  # here: a start should not wait for it

    return [int(place) for place in np.flatnonzero(np.isin(np.asarray(rowids), np.asarray(wanted)))]


def _ranges(rows: list[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive rows as (first, last); `rows` is ascending."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
