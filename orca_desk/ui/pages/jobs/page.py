"""The Jobs page: the running and waiting jobs, and every run of the library with its log."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from PySide6.QtCore import QItemSelection, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QSplitter,
    QStackedWidget,
)

from orca_desk.counting import counted
from orca_desk.inventory.run_models import model_names, run_models
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.runs import Run, list_runs
from orca_desk.library.snapshots import snapshot_names
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.jobs.queue import JobQueue, ask_to_stop_all
from orca_desk.ui.pages.jobs.run_detail import RunDetail
from orca_desk.ui.pages.jobs.run_table import DURATION, MODEL, NOTE, OUTCOME, RUN, RunTable
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.job_panels import JobPanels
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.row_table import RowTable, row_menu, row_table
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import label
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.words.runs import PAUSED, STATUSES, TYPES, RunStatus
from orca_desk.ui.words.tidying import tidying_of

SHOWN = 500  # the newest runs
WIDTHS = (250, 200, 116, 112, 84, 184, 160, 120)
# px for columns whose content the detail shows too
NEEDS = {MODEL: 1100, OUTCOME: 900, DURATION: 770, NOTE: 1300}


class _Read(NamedTuple):
    """What the page reads: the runs, the model of each by its id, and names by SHA-256."""

    runs: list[Run]
    models: Mapping[str, str]
    names: Mapping[str, str]


ON_RUN = ("Resume the run", "Open folder", "Copy log")  # commands, in the menu of a row


class JobsPage(Page):
    """The unfinished jobs; below them the runs of the library, and one of them in detail."""

    name = "jobs"
    title = "Jobs"
    widest = WIDE_PANES
    about = "Running, queued and past jobs of this library. Finished work is always saved."
    watches = frozenset({"runs"})
    on_rows = tidying_of(Kind.RUN)
    offers = (
        Command(
            "&Resume the run",
            lambda page: page.detail.resume(),
            key="Ctrl+Return",
            image="play",
            on_selection=True,
        ),
        Command("&Stop the current job", lambda page: page.stop(), image="square"),
        Command("Stop &all jobs…", lambda page: ask_to_stop_all(page.desk, page), image="square"),
        Command(
            "Move &up in the queue",
            lambda page: page.queue.move_by(-1),
            key="Alt+Up",
            image="arrow-up",
            on_selection=True,
        ),
        Command(
            "Move &down in the queue",
            lambda page: page.queue.move_by(1),
            key="Alt+Down",
            image="arrow-down",
            on_selection=True,
        ),
        Command("Remove from the &queue", lambda page: page.queue.remove(), image="x", on_selection=True),
        Command(
            "Open &folder", lambda page: page.detail.open_folder(), image="folder-open", on_selection=True
        ),
        Command("&Copy log", lambda page: page.detail.copy_log(), image="copy", on_selection=True),
        SEARCH,
        Command("R&efresh", lambda page: page.refresh(page.watches), key="F5", image="refresh-cw"),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._wanted: str | None = None  # the run to select once it is listed
        self._is_filling = False
        self._now = JobPanels(desk)
        self.queue = JobQueue(desk)
        self._now.addWidget(self.queue)
        self.body.addLayout(self._now)
        self._make_runs()
        desk.jobs.changed.connect(self._follow)
        desk.theme.changed.connect(self.runs.repaint)
        self._follow()

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the runs again."""
        library, kind = self.desk.library, self.kind.currentData()
        limit = -1 if self.search.text().strip() else SHOWN  # a search goes through all runs

        def read() -> _Read:
            runs = list_runs(library, kind=kind, limit=limit)
            names = model_names(library) | snapshot_names(library)
            return _Read(runs=runs, models=run_models(library, runs), names=names)

        self.desk.background.run(self, read, self._show, only_newest="runs")

    def go(self, target: Mapping[str, Any]) -> None:
        """Show one run: {"run": id}."""
        if "run" in target:
            self._wanted = str(target["run"])
            self.kind.setCurrentIndex(0)
            self._select(self._wanted)

    def _make_runs(self) -> None:
        self.kind = QComboBox()
        self.kind.setAccessibleName("Type of run")
        self.kind.addItem("All types", None)
        for kind, run_type in TYPES.items():
            self.kind.addItem(run_type.name, kind)
        self.kind.currentIndexChanged.connect(self._filter)
        self.count = label(tone="muted")
        self.search = SearchLine(self.desk.theme, "Search runs", "Search runs, models and outcomes")
        self.search.textChanged.connect(self._search)
        row = FlowRow(spacing=2 * GRID)
        row.addWidget(self.search, 1)
        row.addWidget(self.kind)
        row.addWidget(self.count)
        self.body.addLayout(row)
        self.runs = RunTable(self.desk.theme, self.status_of)
        self.table = self._make_table()
        self.search.below = self.table
        self.detail = RunDetail(self.desk, self.status_of)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + 4)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.empty = EmptyState(
            self.desk.theme,
            image="activity",
            title="Nothing has run yet",
            text="Teacher answers, measurements, trainings and evaluations appear here,"
            " with their settings, logs and outcomes.",
            action="Go to Home",
            run=lambda: self.desk.open("home"),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.splitter)
        self._stack.addWidget(self.empty)
        self.body.addWidget(self._stack, 1)
        self.detail.show_run(None)
        self.keep("splitter", self.splitter)
        self.keep("log", self.detail.split)
        self.keep("run columns", self.table)

    def _make_table(self) -> RowTable:
        table = row_table(self.runs, "Runs", needs=NEEDS, main=(RUN, OUTCOME))
        table.set_widths(WIDTHS)
        table.selectionModel().selectionChanged.connect(self._picked)
        self.tidying = Tidying(self.desk, table, Kind.RUN, self._chosen_ids)
        on_run = [self.action(text) for text in ON_RUN]
        row_menu(table, lambda: [*on_run, None, *self.tidying.actions])
        return table

    def _chosen_ids(self) -> list[str]:
        return [self.runs.rows[index.row()].id for index in self.table.selectionModel().selectedRows()]

    def _follow(self) -> None:
        """Show a panel for each job that runs; the queue lists those that wait."""
        self._now.show_jobs([job for job in self.desk.jobs.unfinished if not job.is_waiting])
        self.runs.repaint()
        self.detail.show_status()

    def status_of(self, run: Run) -> RunStatus:
        """Return how the status of a run looks; while its job is paused, its run continues in the library."""
        paused = run.status == "running" and self.desk.jobs.is_paused(run.kind)
        return PAUSED if paused else STATUSES[run.status]

    def stop(self) -> None:
        """Stop the current job."""
        if (job := self.desk.jobs.front) is not None:
            job.stop()

    def search_field(self) -> SearchLine:
        """See Page."""
        return self.search

    def _search(self, text: str) -> None:
        """Show the runs with these words at once, and then also those of the runs that were not read yet."""
        self.runs.find(text)
        self._count()
        self.refresh(self.watches)

    def _count(self) -> None:
        shown, there = len(self.runs.rows), len(self.runs.given)
        text = counted(there, "run")
        if self.search.text().strip():
            self.count.setText(f"{shown:,} of {text}")
        else:
            self.count.setText(text if there < SHOWN else f"the newest {SHOWN} runs")

    def _filter(self, place: int) -> None:
        self.refresh(self.watches)

    def _show(self, read: _Read) -> None:
        self._is_filling = True
        self._show_runs(read)
        self._is_filling = False

    def _show_runs(self, read: _Read) -> None:
        runs = read.runs
        self.runs.models, self.detail.names = read.models, read.names
        shown = self.detail.run.id if self.detail.run else None
        others = self.runs.show(runs)
        self._count()
        filtered = self.kind.currentIndex() > 0
        self._stack.setCurrentWidget(self.splitter if runs or filtered else self.empty)
        self.kind.setVisible(bool(runs) or filtered)
        self.search.setVisible(bool(runs) or filtered)
        self.count.setVisible(bool(runs) or filtered)
        if others:
            if not self._select(self._wanted) and not self._select(shown) and runs:
                self.table.selectRow(0)
        elif self._wanted:
            self._select(self._wanted)
        elif shown:
            self.detail.show_run(next((run for run in runs if run.id == shown), None))
        if not runs:
            self.detail.show_run(None)

    def _select(self, run_id: str | None) -> bool:
        for row, run in enumerate(self.runs.rows):
            if run.id == run_id:
                if run_id == self._wanted:
                    self._wanted = None
                self.table.selectRow(row)
                self.table.scrollTo(self.runs.index(row, 0))
                return True
        return False

    def _picked(self, chosen: QItemSelection, before: QItemSelection) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows and not self._is_filling:  # the user chose another run than the one that is waited for
            self._wanted = None
        self.detail.show_run(self.runs.rows[rows[0].row()] if rows else None)
