"""The table of tasks: for each evaluation, whether its answer is correct."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon

from orca_desk.library.answers import AnswerOutcome, AskedTask
from orca_desk.method.hidden_characters import visible
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Role
from orca_desk.ui.widgets.rows import in_order, natural_key

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
TASK, FAMILY = range(2)
RESULT_ICONS: dict[bool | str | None, tuple[str, Role]] = {
    True: ("circle-check", "good"),
    False: ("circle-x", "bad"),
    None: ("circle-help", "muted"),
    "": ("minus", "muted"),
}


class AnswersTable(QAbstractTableModel):
    """Tasks in the order of the questions, with each evaluation's result as an icon and a word."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.rows: Sequence[AskedTask] = ()  # in the order on screen
        self._given: Sequence[AskedTask] = ()
        self._by: tuple[int, bool] | None = None
        self.names: Sequence[str] = ()
        self._icons: dict[bool | str | None, QIcon] = {}
        self._paint()
        desk.theme.changed.connect(self._paint)

    def show_rows(self, rows: Sequence[AskedTask], names: Sequence[str]) -> None:
        """Show these tasks; `names` are the evaluations' names."""
        self.beginResetModel()
        self.names, self._given = names, rows
        self.rows = self._sorted()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: in the order of the questions. The selected task stays selected."""
        self._by = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        ids = [self.rows[index.row()].task_id for index in old]
        self.rows = self._sorted()
        to = {one.task_id: place for place, one in enumerate(self.rows)}
        places = [self.index(to[task], index.column()) for task, index in zip(ids, old, strict=True)]
        self.changePersistentIndexList(old, places)
        self.layoutChanged.emit()

    def _sorted(self) -> Sequence[AskedTask]:
        if self._by is None or self._by[0] >= self.columnCount():
            return self._given
        column, descending = self._by
        keys = [natural_key(self._text(row, column)) for row in self._given]
        return [self._given[place] for place in in_order(keys, descending=descending)]

    def _text(self, row: AskedTask, column: int) -> str:
        if column > FAMILY:
            return self.word(row.outcomes[column - FAMILY - 1])
        return visible(row.family if column == FAMILY else " ".join(row.question.split()) or "(deleted task)")

    def row_of(self, task_id: str | None) -> int:
        """Return the row of a task, or -1."""
        return next((place for place, one in enumerate(self.rows) if one.task_id == task_id), -1)

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of tasks."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else FAMILY + 1 + len(self.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell."""
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if column > FAMILY:
            outcome = row.outcomes[column - FAMILY - 1]
            if role == Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            if role == Qt.ItemDataRole.DecorationRole:
                return self._icons["" if outcome is None else outcome.correct]
            return None
        return self._text(row, column) if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ["Task", "Family", *self.names][section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def word(self, outcome: AnswerOutcome | None) -> str:
        """Return a result in a word."""
        if outcome is None:
            return "no answer"
        if outcome.correct is None:
            return "not graded"
        return "correct" if outcome.correct else "incorrect"

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self._icons = {key: icon(name, colours, role) for key, (name, role) in RESULT_ICONS.items()}
        if self.rows:
            last = self.index(len(self.rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, FAMILY + 1), last)
