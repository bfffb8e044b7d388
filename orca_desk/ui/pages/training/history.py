"""All trainings in a table, with what each came to; two of them side by side."""

from typing import Any

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.training.compare import Comparison
from orca_desk.ui.pages.training.store import Row, history
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.row_table import NarrowTable
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.sparkline import POINTS, Sparkline
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.trainings import STATUSES, differing

COLUMNS: tuple[Column[Row], ...] = (
    Column("Training", lambda row: row.training.id),
    Column("Status", lambda row: STATUSES[row.training.run.status][0]),
    Column("Base", lambda row: row.training.base.name),
    Column("Snapshot", lambda row: row.snapshot),
    Column("Settings", lambda row: differing(row.training.settings)),
    Column("Loss", lambda row: ""),  # drawn from its outline
    Column("Best eval loss", lambda row: _best(row.training.best_eval), number=True),
    Column("Started", lambda row: when(row.training.run.started_at or row.training.run.created_at)),
    Column("Outcome", lambda row: row.training.run.outcome),
)
WIDTHS = (76, 116, 104, 100, 152, 100, 110, 100, 160)
NEEDS = {8: 1036}  # px that the table needs to show the outcome, which the training itself shows too
STATUS, LOSS = 1, 5


class HistoryModel(RowsModel[Row]):
    """One row a training, the newest first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(COLUMNS)
        self._desk = desk

    def identity(self, row: Row) -> str:
        """Return the training's id: it stays while the training goes on."""
        return row.training.id

    def cell(self, row: Row, column: int, role: int) -> Any:
        """Return the points of a loss, a status's sign, or a cell's text as a tip and for a screen reader."""
        if role == POINTS and column == LOSS:
            return list(row.outline)
        if role == Qt.ItemDataRole.DecorationRole and column == STATUS:
            _, image, colour = STATUSES[row.training.run.status]
            return icon(image, self._desk.theme.colours, colour)
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe_tip(COLUMNS[column].text(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {COLUMNS[column].text(row)}"
        return None


class History(QWidget):
    """The table, what can be done with a training, and the comparison of two that are selected."""

    opened = Signal(str)
    continued = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(self._build_buttons())
        self.model = HistoryModel(desk)
        self.table = NarrowTable(NEEDS)
        self.table.setMinimumHeight(15 * GRID)
        self._set_up_table()
        self.comparison = Comparison(desk)
        self.comparison.hide()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.comparison)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID)
        self.splitter.setSizes([22 * GRID, 44 * GRID])
        layout.addWidget(self.splitter, 1)
        desk.theme.changed.connect(self.model.repaint)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.doubleClicked.connect(self.open_chosen)
        enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.table)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(self.open_chosen)
        self._selected()

    def refresh(self) -> None:
        """Read the trainings again."""
        known = self.model.rows
        self.desk.background.run(
            self, lambda: history(self.desk.library, known), self._show, only_newest="history"
        )

    def chosen(self) -> list[Row]:
        """Return the selected trainings, from the top."""
        places = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.rows[place] for place in places if place < len(self.model.rows)]

    def open_chosen(self) -> None:
        """Show the curves of the selected training."""
        rows = self.chosen()
        if len(rows) == 1:
            self.opened.emit(rows[0].training.id)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.hint = label(tone="muted", size="caption")
        row.addWidget(self.hint, 1)
        self.open = button("Open", self.open_chosen, tip="Show its curves (Enter)")
        self.go_on = button("Continue", self._continue, tip="Go on from its newest checkpoint")
        row.addWidget(self.open)
        row.addWidget(self.go_on)
        return row

    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName("Trainings")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setIconSize(QSize(16, 16))
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(5 * GRID)
        self._spark = Sparkline(self.desk.theme)
        table.setItemDelegateForColumn(LOSS, self._spark)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for place, width in enumerate(WIDTHS):
            table.setColumnWidth(place, width)

    def _show(self, rows: list[Row]) -> None:
        before = {row.training.id for row in self.chosen()}
        self.model.show(rows)
        if rows and not before:
            before = {rows[0].training.id}
        selection = self.table.selectionModel()
        selected = {row.training.id for row in self.chosen()}
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for place, row in enumerate(rows):
            if row.training.id in before - selected:
                selection.select(self.model.index(place, 0), flags)
        self._selected()

    def _selected(self) -> None:
        rows = self.chosen()
        self.open.setEnabled(len(rows) == 1)
        self.go_on.setEnabled(len(rows) == 1 and rows[0].goes_on)
        hints = {
            0: "Select one to open it, two to compare them.",
            1: "Select a second one with Ctrl or Shift to compare both.",
            2: "Comparing {} and {}.".format(*[row.training.id for row in rows]) if len(rows) == 2 else "",
        }
        self.hint.setText(hints.get(len(rows), "Select just two to compare them."))
        self.comparison.setVisible(len(rows) == 2)
        if len(rows) == 2:
            self.comparison.compare(rows[0].training, rows[1].training)

    def _continue(self) -> None:
        rows = self.chosen()
        if len(rows) == 1 and rows[0].goes_on:
            self.continued.emit(rows[0].training)


def _best(loss: float | None) -> str:
    return "" if loss is None else f"{loss:.4f}"
