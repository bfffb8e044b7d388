"""The table of tasks: a million rows by their places, and a selection that outlives a refresh."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from orca_desk.library.tasks import tasks_at
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.blocks import BlockTableModel, Index
from orca_desk.ui.widgets.row_table import NarrowTable
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.shorten import shorten

HEADERS = ("Task", "Family", "Split", "Answer", "Tags", "Strategy")
TIPS = {
    2: "Train: the student learns from it. Held out: the student is only tested on it.",
    5: "In italics: by the family's pairing. Upright: chosen for this task alone.",
}
WIDTHS = (260, 96, 76, 120, 84, 124)  # px at first, of which the first is what is left over
NEEDS = {4: 680, 5: 560, 2: 440}  # px that the table needs to show tags, strategy and split
ROW = 4 * GRID
MOST_KEPT = 5_000  # rows of a selection that are looked for again after a refresh
DISPLAY, TIP, FONT, LOOK = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
    )
)
ASKED = frozenset({DISPLAY, TIP, FONT, LOOK})
MUTED = frozenset({1, 2, 4})  # columns
SPLITS = {"train": "Train", "heldout": "Held out"}


class TaskModel(BlockTableModel):
    """Tasks by place. The strategy of a task without its own is its family's, in italics."""

    headers = HEADERS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.background, lambda numbers: tasks_at(desk.library, numbers))
        self.pairings: Mapping[str, str] = {}
        self._paired = QFont()
        self._paired.setItalic(True)
        self._muted = QColor()
        self._theme = desk.theme
        desk.theme.changed.connect(self._take_colours)
        self._take_colours()

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """Return what a cell shows. Most of what a paint asks for is not there, and told at once."""
        return super().data(index, role) if role in ASKED else None

    def cell(self, item: Task, column: int, role: int) -> Any:
        """Return a cell's text, its tip, and the look of a strategy that comes from the pairing."""
        if role == DISPLAY:
            return self._text(item, column)
        if role == TIP:
            text = item.user_text if column == 0 else (item.answer or "") if column == 3 else ""
            return safe_tip(text)
        paired = column == 5 and item.strategy is None
        if role == FONT:
            return self._paired if paired else None
        return self._muted if paired or column in MUTED else None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading, its tip, or its side."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.ToolTipRole and section in TIPS:
                return TIPS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    def _text(self, task: Task, column: int) -> str:
        match column:
            case 0:
                return shorten(f"{task.query}   {task.context}" if task.context else task.query)
            case 1:
                return shorten(task.family)
            case 2:
                return SPLITS[task.split]
            case 3:
                return shorten(task.answer or "")
            case 4:
                return ", ".join(task.tags)
        return task.strategy or self.pairings.get(task.family, "")

    def _take_colours(self) -> None:
        self._muted = self._theme.colours("muted")


class TaskTable(NarrowTable):
    """Shows a TaskModel. `picked` comes when other rows are selected, or another one is the current."""

    picked = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(NEEDS)
        self.tasks = TaskModel(desk)
        self.setModel(self.tasks)
        self.setAccessibleName("Tasks")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        # A header asks whether all rows of a column are selected each time it paints: a minute for a million
        header.setSelectionModel(QItemSelectionModel(self.tasks, header))
        header.setMinimumSectionSize(6 * GRID)
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(lambda *_: self.picked.emit())
        self.selectionModel().currentRowChanged.connect(lambda *_: self.picked.emit())

    def current_number(self) -> int | None:
        """Return the place of the row that the keyboard is on, if it is selected."""
        index = self.currentIndex()
        if not index.isValid() or not self.selectionModel().isRowSelected(index.row(), QModelIndex()):
            return None
        return self.tasks.numbers[index.row()]

    def selected_count(self) -> int:
        """Return how many rows are selected, without walking through them."""
        return sum(part.height() for part in self.selectionModel().selection())

    def selected_numbers(self) -> "array[int]":
        """Return the places of the selected rows, in order."""
        parts = sorted((part.top(), part.bottom()) for part in self.selectionModel().selection())
        if len(parts) == 1:
            return self.tasks.numbers[parts[0][0] : parts[0][1] + 1]
        found = array("q")
        for first, last in parts:
            found += self.tasks.numbers[first : last + 1]
        return found

    def show_numbers(self, numbers: "array[int]", *, select: int | None = None) -> None:
        """Show other tasks. What was selected stays so where it is still there; `select` a place instead."""
        same = numbers == self.tasks.numbers
        chosen = array("q") if same or self.selected_count() > MOST_KEPT else self.selected_numbers()
        current, seen = self.current_number(), self._first_seen()
        self.tasks.set_numbers(numbers)
        if select is not None:
            self.select_number(select)
        elif not same and numbers:
            self._select_again(chosen, current)
            self._see_again(seen)

    def select_number(self, number: int) -> bool:
        """Select the one row of a place and show it; return whether it is there."""
        row = self._row_of(number)
        if row is None:
            return False
        self.selectRow(row)
        self.scrollTo(self.tasks.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def _first_seen(self) -> tuple[int, int] | None:
        """Return the place of the topmost row that is seen, and how far (px) it is scrolled out."""
        row = self.rowAt(0)
        return None if row < 0 else (self.tasks.numbers[row], -self.rowViewportPosition(row))

    def _see_again(self, seen: tuple[int, int] | None) -> None:
        """Scroll to where the user was: an import in the background must not move what is being read."""
        row = self._row_of(seen[0]) if seen else None
        if seen is None or row is None:
            self.scrollTo(self.currentIndex())
        else:
            self.updateGeometries()
            self.verticalScrollBar().setValue(row * ROW + seen[1])

    def _select_again(self, chosen: "array[int]", current: int | None) -> None:
        rows = [place for number in chosen if (place := self._row_of(number)) is not None]
        if not rows:  # the next one stands where the one that went away was
            near = 0 if current is None else bisect_left(self.tasks.numbers, current)
            self.selectRow(min(near, len(self.tasks.numbers) - 1))
            return
        last = len(HEADERS) - 1
        selection = QItemSelection()
        for first, final in _ranges(rows):
            selection.select(self.tasks.index(first, 0), self.tasks.index(final, last))
        kept = self._row_of(current) if current is not None else None
        index: Index = self.tasks.index(rows[0] if kept is None else kept, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect)

    def _row_of(self, number: int) -> int | None:
        row = bisect_left(self.tasks.numbers, number)
        return row if row < len(self.tasks.numbers) and self.tasks.numbers[row] == number else None


def _ranges(rows: list[int]) -> list[tuple[int, int]]:
    """Return ascending rows as (first, last) of each run without a gap."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
