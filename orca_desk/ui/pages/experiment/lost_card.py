"""What the students of an experiment lost, as in the report: a row per arm."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.steps.experiment.report import LOST_NOTE
from orca_desk.steps.experiment.report_tables import ReportCell, lost_table
from orca_desk.steps.experiment.results import ExperimentResults
from orca_desk.ui.theme import Theme, current_colours
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import card, label
from orca_desk.ui.widgets.whole_table import fit_whole_table, whole_table

NAME = "What the students lost"
Row = tuple[ReportCell, ...]


class LostCard(QWidget):
    """Shows the table where something was measured, and nothing elsewhere."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = _LostRows(())
        self.view = whole_table(self.model, NAME)
        # Qt would shorten a heading of two lines as if it were one
        self.view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)
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
        fit_whole_table(self.view)


class _LostRows(RowsModel[Row]):
    """The rows of the report's table; large losses have the colour of bad results."""

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
