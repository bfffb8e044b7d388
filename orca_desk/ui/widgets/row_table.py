"""A table whose rows are chosen one at a time, in the app's style; where it is narrow columns give room."""

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from orca_desk.ui.theme import GRID

ROW = 4 * GRID  # px, the height of a row


class NarrowTable(QTableView):
    """Where it is narrow it leaves out some columns, whose content stands beside or below it too.

    `needs` has the width (px) that the table needs to show such a column.
    """

    def __init__(self, needs: Mapping[int, int]) -> None:
        super().__init__()
        self._needs = needs

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show the columns that there is room for."""
        for column, least in self._needs.items():
            self.setColumnHidden(column, self.width() < least)
        super().resizeEvent(event)


def row_table(model: QAbstractItemModel, name: str, *, needs: Mapping[int, int] | None = None) -> QTableView:
    """Return a table of rows of one height; Tab leaves it, and its headings stand over their columns.

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
    """Return the selected rows as spans (first, last), in order; the cost does not depend on their length."""
    selection = view.selectionModel().selection()
    spans = [selection.at(index) for index in range(selection.count())]
    return sorted((span.top(), span.bottom()) for span in spans)
