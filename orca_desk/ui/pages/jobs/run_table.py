"""All runs of the library as a table, the newest first; a running one is brought up to date in place."""

from typing import Any

from PySide6.QtCore import Qt

from orca_desk.library.runs import Run
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.widgets.when import exactly, when
from orca_desk.ui.words.runs import KINDS, STATUS, kind_of, lasted, outcome_of, progress_of

WHAT, STATE, WHEN, _, _, OUTCOME = range(6)


class RunTable(RowsModel[Run]):
    """One run a row."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            (
                Column("What", lambda run: f"{kind_of(run)}  ·  {run.id}"),
                Column("Status", lambda run: STATUS[run.status][1]),
                Column("When", lambda run: when(run.started_at or run.created_at)),
                Column("Took", lasted, number=True),
                Column("Progress", progress_of, number=True),
                Column("Outcome", outcome_of),
            )
        )
        self._theme = theme

    def identity(self, row: Run) -> str:
        """Return the run's id: it stays while the run goes on."""
        return row.id

    def cell(self, row: Run, column: int, role: int) -> Any:
        """Return a cell's tip, icon or colour."""
        if role == Qt.ItemDataRole.ToolTipRole and column in (WHEN, OUTCOME):
            return safe_tip(exactly(row.started_at or row.created_at) if column == WHEN else outcome_of(row))
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(row, column)
        if role == Qt.ItemDataRole.ForegroundRole and column == STATE:
            return self._theme.colours(STATUS[row.status][2])
        return None

    def _picture(self, run: Run, column: int) -> Any:
        if column == WHAT:
            return icon(KINDS[run.kind][0] if run.kind in KINDS else "activity", self._theme.colours, "muted")
        if column == STATE:
            name, _, role = STATUS[run.status]
            return icon(name, self._theme.colours, role)
        return None
