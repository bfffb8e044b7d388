"""The history: all trainings in a table, and the selected ones compared below it."""

from typing import Any

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.library.deleting.kinds import Kind
from orca_desk.steps.train.history import TrainingSummary, training_history
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.pages.training.comparison import TrainingComparison
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.row_menus import as_actions
from orca_desk.ui.widgets.row_table import row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.sparkline import POINTS, Sparkline
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.runs import STATUSES, status_text, time_of
from orca_desk.ui.words.tidying import run_title
from orca_desk.ui.words.trainings import differing, is_worse, loss_sentence, records_summary

COLUMNS: tuple[Column[TrainingSummary], ...] = (
    Column("Training", lambda row: run_title(row.training.run)),
    Column("Status", lambda row: _status(row)),
    Column("Base model", lambda row: row.training.base.name),
    Column("Snapshot", lambda row: row.snapshot),
    Column("Settings", lambda row: differing(row.training.settings)),
    Column(
        "Loss", lambda row: "", sort=lambda row: row.outline[-1] if row.outline else None
    ),  # a sparkline of the outline
    Column("Best validation loss", lambda row: _best(row), number=True),
    Column("Records", lambda row: records_summary(row.records)),
    Column(
        "Started", lambda row: when(row.training.run.created_at), sort=lambda row: row.training.run.created_at
    ),
    Column("Took", lambda row: time_of(row.training.run), sort=lambda row: row.training.run.seconds),
    Column("Outcome", lambda row: outcome_text(row.training.run.outcome)),
    Column("Note", lambda row: row.training.run.note),
)
WIDTHS = (104, 180, 104, 78, 104, 72, 156, 120, 112, 84, 160, 120)
# px that the table needs to show columns which the training itself shows too
NEEDS = {3: 1100, 7: 1200, 9: 1000, 10: 1300, 11: 1400}
STATUS, LOSS, BEST = 1, 5, 6


class TrainingHistoryModel(RowsModel[TrainingSummary]):
    """One row per training, the newest first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(COLUMNS)
        self._desk = desk

    def identity(self, row: TrainingSummary) -> str:
        """Return the training's id, which stays the same while the row changes."""
        return row.training.id

    def cell(self, row: TrainingSummary, column: int, role: int) -> Any:
        """Return a sparkline's points, a status icon, or a cell's text for tooltips and screen readers."""
        if role == POINTS and column == LOSS:
            return list(row.outline)
        if role == Qt.ItemDataRole.DecorationRole and column == STATUS:
            status = STATUSES[row.training.run.status]
            return icon(status.image, self._desk.theme.colours, status.role)
        worse = column == BEST and is_worse(row.training.best_eval, row.base_loss)
        if role == Qt.ItemDataRole.DecorationRole and worse:
            return icon("triangle-alert", self._desk.theme.colours, "warn")
        if role == Qt.ItemDataRole.ToolTipRole:
            best = loss_sentence(row.training.best_step, row.training.best_eval, row.base_loss)
            return safe_tip(best if worse else COLUMNS[column].text(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {COLUMNS[column].text(row)}"
        return None


class TrainingHistory(QWidget):
    """The table with its buttons, and the comparison of the selected trainings.

    `opened` has a training's id, `resumed` a Training.
    """

    opened = Signal(str)
    resumed = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._wanted = ""  # the training to select once it is listed
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID)
        layout.addLayout(self._build_buttons())
        self.model = TrainingHistoryModel(desk)
        self.table = row_table(self.model, "Trainings", needs=NEEDS, main=(4, 10))
        self.table.setMinimumHeight(15 * GRID)
        self.search.below = self.table
        self.search.textChanged.connect(self.model.find)
        self._set_up_table()
        self.comparison = TrainingComparison(desk)
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
        self.tidying = Tidying(
            desk, self.table, Kind.TRAINING, lambda: [row.training.id for row in self.chosen()]
        )
        self.thin = QAction("Delete checkpoints", self.table)
        self.thin.triggered.connect(lambda: self.tidying.delete(Kind.CHECKPOINTS))
        row_menu(self.table, self._row_actions)
        enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.table)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(self.open_chosen)
        self._selected()

    def refresh(self) -> None:
        """Read the trainings again."""
        known = self.model.given
        self.desk.background.run(
            self, lambda: training_history(self.desk.library, known), self._show, only_newest="history"
        )

    def choose(self, training_id: str) -> None:
        """Select a training, as soon as it is listed."""
        self._wanted = training_id
        self.refresh()

    def chosen(self) -> list[TrainingSummary]:
        """Return the selected trainings from top to bottom."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.rows[row] for row in rows if row < len(self.model.rows)]

    def open_chosen(self) -> None:
        """Show the curves of the selected training."""
        rows = self.chosen()
        if len(rows) == 1:
            self.opened.emit(rows[0].training.id)

    def _row_actions(self) -> list[QAction | None]:
        shown = as_actions(self.table, self.open, self.resume)
        return [*shown, None, *self.tidying.actions, self.thin]

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.search = SearchLine(self.desk.theme, "Search trainings", "Search trainings, models and settings")
        row.addWidget(self.search)
        self.hint = label(tone="muted", size="caption", wrap=True)
        row.addWidget(self.hint, 1)
        self.open = button("Open", self.open_chosen, tip="Show the curves (Enter)")
        self.resume = button("Resume", self._resume, tip="Resume from the newest checkpoint")
        row.addWidget(self.open)
        row.addWidget(self.resume)
        return row

    def _set_up_table(self) -> None:
        table = self.table
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setIconSize(icon_size(16))
        table.set_row_height(5 * GRID)
        self._spark = Sparkline(self.desk.theme)
        table.setItemDelegateForColumn(LOSS, self._spark)
        table.set_widths(WIDTHS)

    def _show(self, rows: list[TrainingSummary]) -> None:
        before = {row.training.id for row in self.chosen()}
        self.model.show(rows)
        if self._wanted in {row.training.id for row in rows}:
            before, self._wanted = {self._wanted}, ""
            self.table.clearSelection()
        if rows and not before:
            before = {rows[0].training.id}
        selection = self.table.selectionModel()
        selected = {row.training.id for row in self.chosen()}
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for position, row in enumerate(self.model.rows):
            if row.training.id in before - selected:
                selection.select(self.model.index(position, 0), flags)
        self._selected()

    def _selected(self) -> None:
        rows = self.chosen()
        self.open.setEnabled(len(rows) == 1)
        self.resume.setEnabled(len(rows) == 1 and rows[0].can_resume)
        hints = {
            0: "Select one training to open it, or several to compare them.",
            1: "Select more trainings with Ctrl or Shift to compare them.",
        }
        self.hint.setText(hints.get(len(rows), f"Comparing {counted(len(rows), 'training')}."))
        self.comparison.setVisible(len(rows) > 1)
        if len(rows) > 1:
            self.comparison.compare([row.training for row in rows])

    def _resume(self) -> None:
        rows = self.chosen()
        if len(rows) == 1 and rows[0].can_resume:
            self.resumed.emit(rows[0].training)


def _status(row: TrainingSummary) -> str:
    return f"{status_text(row.training.run)}{', stopped early' if row.stopped_early else ''}"


def _best(row: TrainingSummary) -> str:
    loss = row.training.best_eval
    worse = " (worse)" if is_worse(loss, row.base_loss) else ""
    return "" if loss is None else f"{loss:.4f}{worse}"
