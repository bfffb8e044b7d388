"""The runs of a library as a table, the newest first; a running one is updated in place."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt

from orca_desk.library.runs import Run
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.widgets.when import exactly, when
from orca_desk.ui.words.runs import TYPES, RunStatus, outcome_of, progress_of, time_of, type_of
from orca_desk.ui.words.tidying import run_title

RUN, MODEL, STATUS, STARTED, DURATION, PROGRESS, OUTCOME, NOTE = range(8)


class RunTable(RowsModel[Run]):
    """One run per row; `status` returns how the status of a run looks."""

    def __init__(self, theme: Theme, status: Callable[[Run], RunStatus]) -> None:
        super().__init__(
            (
                Column("Run", lambda run: f"{type_of(run)}  ·  {run_title(run)}"),
                Column("Model", lambda run: self.models.get(run.id, "–")),
                Column("Status", lambda run: status(run).word),
                Column("Started", lambda run: when(run.created_at), sort=lambda run: run.created_at),
                Column("Duration", time_of, number=True, sort=lambda run: run.seconds),
                Column(
                    "Progress",
                    progress_of,
                    number=True,
                    sort=lambda run: run.done / run.total if run.total else None,
                ),
                Column("Outcome", outcome_of),
                Column("Note", lambda run: run.note),
            )
        )
        self._theme, self._status = theme, status
        self.models: Mapping[str, str] = {}  # by the run's id

    def identity(self, row: Run) -> str:
        """Return the id of a run, which stays the same while it runs."""
        return row.id

    def cell(self, row: Run, column: int, role: int) -> Any:
        """Return the tool tip, icon or colour of a cell."""
        if role == Qt.ItemDataRole.ToolTipRole and column in (RUN, MODEL, STARTED, OUTCOME, NOTE):
            return safe_tip(exactly(row.created_at) if column == STARTED else self.columns[column].text(row))
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(row, column)
        if role == Qt.ItemDataRole.ForegroundRole and column == STATUS:
            return self._theme.colours(self._status(row).role)
        return None

    def _picture(self, run: Run, column: int) -> Any:
        if column == RUN:
            image = TYPES[run.kind].image if run.kind in TYPES else "activity"
            return icon(image, self._theme.colours, "muted")
        if column == STATUS:
            status = self._status(run)
            return icon(status.image, self._theme.colours, status.role)
        return None
