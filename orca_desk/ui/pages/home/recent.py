"""The latest runs and chats of the library on Home, each a click away."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.chats import list_chats
from orca_desk.library.database import Library
from orca_desk.library.runs import Run, list_runs
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.row_table import ROW, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import card, label, safe_tip
from orca_desk.ui.widgets.when import exactly, when
from orca_desk.ui.words.runs import PAUSED, STATUSES, TYPES, RunStatus, type_of
from orca_desk.ui.words.tidying import run_title

MOST = 8
FRAME = 4  # px
WHAT, STATUS, WHEN = range(3)
WIDTHS = (0, 17 * GRID, 19 * GRID)
# Where a run of these types is shown: a page, and the name of the target on it; the others are shown in Jobs
PLACES = {
    "train": ("training", "training"),
    "evaluate": ("evaluate", "evaluation"),
    "experiment": ("experiment", "experiment"),
}


@dataclass(frozen=True, kw_only=True)
class Recent:
    """A run, or else a chat: its id, what it is called, and when it began."""

    id: str
    title: str
    created_at: str
    run: Run | None = None


def recent_work(library: Library) -> list[Recent]:
    """Return the latest runs and chats together, the newest first."""
    found = [
        Recent(id=run.id, title=f"{type_of(run)}  ·  {run_title(run)}", created_at=run.created_at, run=run)
        for run in list_runs(library, limit=MOST)
    ]
    found += [
        Recent(id=chat.id, title=f"Chat  ·  {chat.title}", created_at=chat.created_at)
        for chat in list_chats(library, limit=MOST)
    ]
    return sorted(found, key=lambda one: one.created_at, reverse=True)[:MOST]


class RecentCard(QWidget):
    """The list; a click, or Enter, opens what was clicked on its page."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.model = _RecentRows(desk)
        self.table = row_table(self.model, "Recent work", sorts=False)
        self.table.horizontalHeader().hide()
        self.table.set_widths(WIDTHS)
        self.table.clicked.connect(self._open)
        self.table.activated.connect(self._open)
        frame, layout = card()
        layout.addWidget(label("Recent work", size="heading", bold=True))
        layout.addWidget(self.table)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        desk.theme.changed.connect(self._fit)
        desk.jobs.changed.connect(self.model.repaint)  # a job may be paused

    def show_work(self, found: list[Recent]) -> None:
        """Show other work."""
        self.model.show(found)
        self._fit()

    def _fit(self) -> None:
        self.table.setFixedHeight(grown(ROW) * self.model.rowCount() + FRAME)

    def _open(self, index: QModelIndex) -> None:
        one = self.model.rows[index.row()]
        if one.run is None:
            self._desk.open("chat", chat=one.id)
        else:
            page, target = PLACES.get(one.run.kind, ("jobs", "run"))
            self._desk.open(page, **{target: one.id})


class _RecentRows(RowsModel[Recent]):
    """A row for each."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            (
                Column("What", lambda one: one.title),
                Column("Status", lambda one: self._status(one.run).word if one.run else ""),
                Column("When", lambda one: when(one.created_at)),
            )
        )
        self._desk = desk

    def identity(self, row: Recent) -> str:
        """Return the id."""
        return row.id

    def cell(self, row: Recent, column: int, role: int) -> Any:
        """Return the tool tip, icon or colour of a cell."""
        colours = self._desk.theme.colours
        if role == Qt.ItemDataRole.ToolTipRole and column != STATUS:
            return safe_tip(exactly(row.created_at) if column == WHEN else row.title)
        if role == Qt.ItemDataRole.DecorationRole and column == WHAT:
            kind = TYPES.get(row.run.kind) if row.run else None
            return icon(kind.image if kind else "activity" if row.run else "message-circle", colours, "muted")
        if row.run is None or column != STATUS:
            return None
        status = self._status(row.run)
        if role == Qt.ItemDataRole.DecorationRole:
            return icon(status.image, colours, status.role)
        return colours(status.role) if role == Qt.ItemDataRole.ForegroundRole else None

    def _status(self, run: Run) -> RunStatus:
        """Return how a status looks; while its job is paused, a run continues in the library."""
        paused = run.status == "running" and self._desk.jobs.is_paused(run.kind)
        return PAUSED if paused else STATUSES[run.status]
