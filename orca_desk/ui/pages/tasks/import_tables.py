"""The two small tables of the import dialog: the first rows, and the unreadable rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Theme, grown
from orca_desk.ui.widgets.row_table import ROW
from orca_desk.ui.widgets.rows import Column, RowsModel


@dataclass(frozen=True)
class PreviewLine:
    """The cells of a row, of which the first is the line number. `bad` marks a line that cannot be read."""

    texts: tuple[str, ...]
    bad: bool


class PreviewModel(RowsModel[PreviewLine]):
    """Rows of text, at most a hundred, of which the bad ones have an icon and a colour."""

    def __init__(self, theme: Theme, headers: Sequence[str]) -> None:
        super().__init__([_column(place, title) for place, title in enumerate(headers)])
        self._theme = theme

    def set_rows(self, rows: list[tuple[str, ...]], bad: set[int]) -> None:
        """Show these rows; `bad` holds the indices of the unreadable ones."""
        self.show([PreviewLine(texts, place in bad) for place, texts in enumerate(rows)])

    def cell(self, row: PreviewLine, column: int, role: int) -> Any:
        """Return the tooltip of a cell, and the colour and icon of a bad line."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{escape(row.texts[column])}</p>" if row.texts[column] else None
        if row.bad and role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.colours("bad")
        if row.bad and column == 1 and role == Qt.ItemDataRole.DecorationRole:
            return icon("circle-x", self._theme.colours, "bad")
        return None


def _column(place: int, title: str) -> Column[PreviewLine]:
    return Column(title, lambda line: line.texts[place], number=place == 0)


def preview_table(model: PreviewModel, widths: Sequence[int]) -> QTableView:
    """Return a table of the model whose columns have these initial widths (px)."""
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(grown(ROW))
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setStretchLastSection(True)
    for column, width in enumerate(widths):
        table.setColumnWidth(column, width)
    return table
