"""A table with all rows in memory, whose columns turn a row into text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, Qt

from orca_desk.ui.widgets.blocks import INVALID, Index

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading, the text below it, and whether that is a number; `tip` explains the heading."""

    title: str
    text: Callable[[Row], str]
    number: bool = False
    tip: str = ""

    @property
    def side(self) -> Qt.AlignmentFlag:
        """The alignment of the heading and the cells: right for numbers."""
        side = Qt.AlignmentFlag.AlignRight if self.number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows under headings. A subclass returns from `cell` what a cell has besides its text."""

    def __init__(self, columns: Sequence[Column[Row]]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.rows: list[Row] = []

    def cell(self, row: Row, column: int, role: int) -> Any:
        """Return the icon, the colour or the tool tip of a cell."""
        return None

    def identity(self, row: Row) -> object:
        """Return what identifies a row while its content changes; by default each row is new."""
        return id(row)

    def show(self, rows: Sequence[Row]) -> bool:
        """Show rows; return whether they differ from the previous ones.

        The same rows in the same order are only repainted, so that the selection stays.
        """
        if [self.identity(row) for row in rows] == [self.identity(row) for row in self.rows]:
            self.rows = list(rows)
            self.repaint()
            return False
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()
        return True

    def repaint(self) -> None:
        """Repaint all cells, for example in another theme."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column, or the tool tip that explains it."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole and column.tip:
            return column.tip
        return column.side if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[column].text(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.columns[column].side
        return self.cell(row, column, role)
