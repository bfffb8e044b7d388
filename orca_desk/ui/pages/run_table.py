"""All runs of the library as a table, the newest first; a running one is brought up to date in place."""

import html
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.library.runs import Run
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.run_words import KINDS, STATUS, kind_of, lasted, outcome_of, progress_of
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.when import exactly, when

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
HEADERS = ("What", "Status", "When", "Took", "Progress", "Outcome")
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NUMBERS = (3, 4)


class RunTable(QAbstractTableModel):
    """One run a row."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[Run] = []

    def show(self, runs: list[Run]) -> bool:
        """Show these runs; return whether the rows are others than before."""
        if [run.id for run in runs] != [run.id for run in self.runs]:
            self.beginResetModel()
            self.runs = runs
            self.endResetModel()
            return True
        changed = [row for row, run in enumerate(runs) if run != self.runs[row] or run.status == "running"]
        self.runs = runs
        for row in changed:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADERS) - 1))
        return False

    def repaint(self) -> None:
        """Draw the icons anew, in another theme."""
        if self.runs:
            corner = self.index(len(self.runs) - 1, len(HEADERS) - 1)
            self.dataChanged.emit(self.index(0, 0), corner, [Qt.ItemDataRole.DecorationRole])

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many runs there are."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading."""
        if orientation != Qt.Orientation.Horizontal or section >= len(HEADERS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr(HEADERS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section in NUMBERS else LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid() or index.row() >= len(self.runs):
            return None
        run, column = self.runs[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(run, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMBERS:
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and column in (2, 5):
            return html.escape(exactly(run.started_at or run.created_at) if column == 2 else outcome_of(run))
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(run, column)
        if role == Qt.ItemDataRole.ForegroundRole and column == 1:
            return self._theme.colours(STATUS[run.status][2])
        return None

    def _text(self, run: Run, column: int) -> str:
        texts = (
            lambda: f"{kind_of(run)}  ·  {run.id}",
            lambda: self.tr(STATUS[run.status][1]),
            lambda: when(run.started_at or run.created_at),
            lambda: lasted(run),
            lambda: progress_of(run),
            lambda: outcome_of(run),
        )
        return texts[column]()

    def _picture(self, run: Run, column: int) -> Any:
        if column == 0:
            return icon(KINDS[run.kind][0] if run.kind in KINDS else "activity", self._theme.colours, "muted")
        if column == 1:
            name, _, role = STATUS[run.status]
            return icon(name, self._theme.colours, role)
        return None
