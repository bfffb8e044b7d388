"""A table in the app's style with single selection, which hides columns when it is narrow."""

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from orca_desk.ui.theme import GRID

ROW = 4 * GRID  # px, the height of a row


class NarrowTable(QTableView):
    """Hides some columns while it is narrow, whose content also appears beside or below the table.

    `needs` maps such a column to the width of the table, in px, from which it is shown.
    """

    def __init__(self, needs: Mapping[int, int]) -> None:
        super().__init__()
        self._needs = needs

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show the columns that fit."""
        for column, least in self._needs.items():
            self.setColumnHidden(column, self.width() < least)
        super().resizeEvent(event)


def row_table(model: QAbstractItemModel, name: str, *, needs: Mapping[int, int] | None = None) -> QTableView:
    """Return a table with rows of one height. Tab leaves it, and headings align with their columns.

    For `needs` see `NarrowTable`.
    """
    table = NarrowTable(needs or {})
    table.setModel(model)
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setStretchLastSection(True)
    return table


def selected_spans(view: QAbstractItemView) -> list[tuple[int, int]]:
    """Return the selected rows as ordered spans (first, last), at a cost per span rather than per row."""
    selection = view.selectionModel().selection()
    spans = [selection.at(index) for index in range(selection.count())]
    return sorted((span.top(), span.bottom()) for span in spans)
