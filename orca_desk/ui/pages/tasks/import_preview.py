"""The small tables of the import dialog: a hundred rows at most, bad ones marked by icon and colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from orca_desk.ui.icons import icon
from orca_desk.ui.pages.tasks.table import ROW
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.rows import Column, RowsModel


@dataclass(frozen=True)
class Line:
    """The texts of a row, the first of them a line's number, and whether the line cannot be read."""

    texts: tuple[str, ...]
    bad: bool


class PreviewModel(RowsModel[Line]):
    """Rows of text whose first cell is a line's number; some of them are bad."""

    def __init__(self, theme: Theme, headers: Sequence[str]) -> None:
        super().__init__([_column(place, title) for place, title in enumerate(headers)])
        self._theme = theme

    def set_rows(self, rows: list[tuple[str, ...]], bad: set[int]) -> None:
        """Show these; `bad` holds the places of those that cannot be read."""
        self.show([Line(texts, place in bad) for place, texts in enumerate(rows)])

    def cell(self, row: Line, column: int, role: int) -> Any:
        """Return a cell's tip, and the colour and sign of a bad line."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{escape(row.texts[column])}</p>" if row.texts[column] else None
        if row.bad and role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.colours("bad")
        if row.bad and column == 1 and role == Qt.ItemDataRole.DecorationRole:
            return icon("circle-x", self._theme.colours, "bad")
        return None


def _column(place: int, title: str) -> Column[Line]:
    return Column(title, lambda line: line.texts[place], number=place == 0)


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
