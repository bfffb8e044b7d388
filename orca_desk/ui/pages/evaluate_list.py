"""The evaluations there are, with a check mark for those that are compared."""

import html
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from orca_desk.jobs.comparison import Listed, in_order
from orca_desk.method.statistics import Share
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.evaluate_arms import role_of
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.when import exactly, when

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
NAME, MODEL, SYSTEM, COUNT, RIGHT, WHEN = range(6)
WIDTHS = (210, 0, 160, 90, 180, 130)  # px; the model's column takes the rest
ALIGN_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def interval(share: Share) -> str:
    """Write a share with its interval: "83.6% (72.4 to 90.8)"; a dash where nothing was measured."""
    if not share.n:
        return "–"
    return f"{share.share:.1%} ({100 * share.low:.1f} to {100 * share.high:.1f})"


class EvaluationList(QAbstractTableModel):
    """Rows of evaluations, the newest first. `chosen_changed` comes when a check mark does."""

    chosen_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.rows: list[Listed] = []
        self._chosen: set[str] = set()
        self.headers = (
            self.tr("Name"),
            self.tr("Model"),
            self.tr("System message"),
            self.tr("Tasks"),
            self.tr("Right (95% interval)"),
            self.tr("When"),
        )
        self._systems = {
            "cautious": self.tr("cautious"),
            "empty": self.tr("empty"),
            "strategy": self.tr("each family's strategy"),
            "own": self.tr("own text"),
        }
        desk.theme.changed.connect(self._repaint)

    @property
    def chosen(self) -> list[str]:
        """The ids of the checked evaluations, in the order in which they are compared."""
        return in_order({row.id: row.name for row in self.rows if row.id in self._chosen})

    def show_rows(self, rows: Sequence[Listed]) -> None:
        """Show these evaluations; check marks stay."""
        if [row.id for row in rows] == [row.id for row in self.rows]:
            self.rows = list(rows)
            self._repaint()
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def choose(self, evaluation_ids: Sequence[str]) -> None:
        """Check these and no others."""
        self._chosen = set(evaluation_ids)
        self._repaint()
        self.chosen_changed.emit()

    def toggle(self, index: Index) -> None:
        """Check a row, or no longer."""
        self._chosen ^= {self.rows[index.row()].id}
        self._repaint()
        self.chosen_changed.emit()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many evaluations there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self.headers)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let names be checked."""
        flags = super().flags(index)
        if index.isValid() and index.column() == NAME:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if row.id in self._chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return icon("target", self.desk.theme.colours, role_of(row.name))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (COUNT, RIGHT):
            return ALIGN_RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and column == NAME:
            return self.desk.theme.colours(role_of(row.name))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<span>{html.escape(self._in_full(row, column))}</span>"
        if role == Qt.ItemDataRole.AccessibleTextRole and column == NAME:
            state = self.tr("compared") if row.id in self._chosen else self.tr("not compared")
            return f"{row.name} {row.id}, {state}"
        return None

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Take a check mark."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        if (Qt.CheckState(value) == Qt.CheckState.Checked) != (self.rows[index.row()].id in self._chosen):
            self.toggle(index)
        return True

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.headers[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                right = section in (COUNT, RIGHT)
                return (
                    ALIGN_RIGHT if right else int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                )
        return None

    def _text(self, row: Listed, column: int) -> str:
        one = row.evaluation
        if column == NAME:
            return f"{row.name}  ·  {row.id}"
        if column == MODEL:
            return one.model.stem + (f" + {self._adapter(row)}" if one.adapter else "")
        if column == SYSTEM:
            return self._systems.get(one.system_kind, one.system_kind)
        if column == COUNT:
            whole = one.run.status == "done" and row.answered == row.questions
            return (
                f"{row.answered:,}" if whole else self.tr("{:,} of {:,}").format(row.answered, row.questions)
            )
        return interval(row.right) if column == RIGHT else when(one.run.created_at)

    def _in_full(self, row: Listed, column: int) -> str:
        """Return what a cell has no room for."""
        one = row.evaluation
        if column == MODEL:
            return f"{one.model} + {one.adapter}" if one.adapter else str(one.model)
        if column == SYSTEM and one.system is not None:
            return one.system or self._text(row, column)
        return exactly(one.run.created_at) if column == WHEN else self._text(row, column)

    def _adapter(self, row: Listed) -> str:
        adapter = row.evaluation.adapter
        assert adapter is not None
        return adapter.parent.name if adapter.name == "adapter.gguf" else adapter.stem

    def _repaint(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.headers) - 1))


def make_table(model: EvaluationList) -> QTableView:
    """Return the view of the list: rows, toggled by Space, Enter or a double click."""
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(model.tr("Evaluations to compare"))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(4 * GRID)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    view.horizontalHeader().setSectionResizeMode(MODEL, QHeaderView.ResizeMode.Stretch)
    for column, width in enumerate(WIDTHS):
        if width:
            view.setColumnWidth(column, width)
    view.activated.connect(lambda index: model.toggle(index) if index.column() != NAME else None)
    return view
