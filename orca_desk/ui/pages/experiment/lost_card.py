"""What the students of an experiment lost, as the report tells it: a row per arm."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.steps.experiment.report import LOST_NOTE
from orca_desk.steps.experiment.report_tables import ReportCell, lost_table
from orca_desk.steps.experiment.results import ExperimentResults
from orca_desk.ui.theme import GRID, Theme, current_colours, grown
from orca_desk.ui.widgets.row_table import ROW, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import card, label

FRAME = 4  # px
NAME = "What the students lost"
Row = tuple[ReportCell, ...]


class LostCard(QWidget):
    """Shows the table where something was measured, and nothing elsewhere."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = _LostRows(())
        self.view = row_table(self.model, NAME, main=None, sorts=False)
        # Qt would shorten a heading of two lines as if it were one
        self.view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)
        self.view.horizontalScrollBar().rangeChanged.connect(self._show_all_rows)
        self.caption = label(tone="muted", wrap=True)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, layout = card()
        layout.addWidget(label(NAME, size="heading", bold=True))
        layout.addWidget(label(LOST_NOTE, tone="muted", size="caption", wrap=True))
        layout.addWidget(self.caption)
        layout.addWidget(self.view)
        outer.addWidget(frame)
        theme.changed.connect(self.model.repaint)
        self.hide()

    def show_results(self, found: ExperimentResults) -> None:
        """Show what was measured so far."""
        table = lost_table(found)
        self.setVisible(table is not None)
        if table is None:
            return
        self.caption.setText(table.caption)
        self.model.show_table(table.heads, table.rows)
        self.view.resizeColumnsToContents()
        for column in range(self.model.columnCount()):
            self.view.setColumnWidth(column, self.view.columnWidth(column) + GRID)
        self.view.setMaximumWidth(self.view.horizontalHeader().length() + FRAME)
        self._show_all_rows()

    def _show_all_rows(self) -> None:
        header, bar = self.view.horizontalHeader(), self.view.horizontalScrollBar()
        below = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self.view.setFixedHeight(
            header.sizeHint().height() + grown(ROW) * self.model.rowCount() + below + FRAME
        )


class _LostRows(RowsModel[Row]):
    """The rows of the report's table; what was lost to a large extent is in the colour of what is bad."""

    def show_table(self, heads: tuple[str, ...], rows: tuple[Row, ...]) -> None:
        """Show these rows under these headings: texts on the left, numbers on the right."""
        self.beginResetModel()
        ends = (0, len(heads) - 1)
        self.columns = tuple(
            Column[Row](_in_two_lines(head), _text(place), number=place not in ends)
            for place, head in enumerate(heads)
        )
        self.rows = list(rows)
        self.endResetModel()

    def cell(self, row: Row, column: int, role: int) -> Any:
        """Return the colour of a large loss."""
        if role == Qt.ItemDataRole.ForegroundRole and row[column].role:
            return current_colours()("bad")
        return None


def _in_two_lines(head: str) -> str:
    """Return a heading, broken near its middle: in one line, headings leave the last column no room."""
    breaks = [place for place, letter in enumerate(head) if letter == " "]
    if not breaks:
        return head
    middle = min(breaks, key=lambda place: abs(2 * place - len(head)))
    return f"{head[:middle]}\n{head[middle + 1 :]}"


def _text(place: int) -> Callable[[Row], str]:
    return lambda row: row[place].text
