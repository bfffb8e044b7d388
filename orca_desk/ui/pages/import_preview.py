"""The small tables of the import dialog: a hundred rows at most, bad ones marked by icon and colour."""

from collections.abc import Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from orca_desk.ui.icons import icon
from orca_desk.ui.pages.task_table import ROW
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.blocks import INVALID, Index


class PreviewModel(QAbstractTableModel):
    """Rows of text whose first cell is a line's number; some of them are bad."""

    def __init__(self, theme: Theme, headers: Sequence[str]) -> None:
        super().__init__()
        self._theme, self._headers = theme, headers
        self.rows: list[tuple[str, ...]] = []
        self.bad: set[int] = set()

    def set_rows(self, rows: list[tuple[str, ...]], bad: set[int]) -> None:
        """Show these; `bad` holds the places of those that cannot be read."""
        self.beginResetModel()
        self.rows, self.bad = rows, bad
        self.endResetModel()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text and look."""
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[row][column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{escape(self.rows[row][column])}</p>" if self.rows[row][column] else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if row in self.bad and role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.colours("bad")
        if row in self.bad and column == 1 and role == Qt.ItemDataRole.DecorationRole:
            return icon("circle-x", self._theme.colours, "bad")
        return None

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a heading."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return self._headers[section] if role == Qt.ItemDataRole.DisplayRole else None


def preview_table(model: PreviewModel, widths: Sequence[int]) -> QTableView:
    """Return a table that shows the model, with columns of these widths (px) at first."""
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setStretchLastSection(True)
    for column, width in enumerate(widths):
        table.setColumnWidth(column, width)
    return table


def _side(column: int) -> Any:
    side = Qt.AlignmentFlag.AlignLeft if column else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
