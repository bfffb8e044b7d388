"""The Experiment page: does erasing the prompt help on these tasks, and what else does?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QTabWidget, QWidget

from orca_desk.errors import UserError
from orca_desk.library.answers import heldout_families
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.runs import Run, list_runs
from orca_desk.library.snapshots import Snapshot, list_snapshots
from orca_desk.steps.experiment.experiment import Experimented, experiment
from orca_desk.steps.experiment.plan import KIND, ExperimentPlan
from orca_desk.steps.recorder import request_to_resume
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.page import Command, Page
from orca_desk.ui.pages.experiment.results_view import ExperimentResultsView
from orca_desk.ui.pages.experiment.setup import ExperimentSetup
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.words.experiments import UNREADABLE_PLAN
from orca_desk.ui.words.tidying import tidying_of

SETUP, RESULTS = range(2)
EMPTY, FILLED = range(2)


@dataclass(frozen=True, kw_only=True)
class _Read:
    snapshots: Sequence[Snapshot]
    heldout: Mapping[str, int]
    runs: Sequence[Run]


class ExperimentPage(Page):
    """Has two tabs: set up, results."""

    name = "experiment"
    title = "Experiment"
    about = "Train students that differ in one thing each, and see what made the difference on your tasks."
    watches = frozenset({"snapshots", "tasks", "trainings", "runs"})
    on_rows = tidying_of(Kind.EXPERIMENT)
    keys = (("Space", "Select or deselect an arm, a message or a family"),)
    offers = (
        Command("&Run the experiment", lambda page: page.start(), key="Ctrl+Return", image="play"),
        stop_command(lambda page: page.job),
        Command("&Set up", lambda page: page.tabs.setCurrentIndex(SETUP), key="Alt+1"),
        Command("R&esults", lambda page: page.tabs.setCurrentIndex(RESULTS), key="Alt+2"),
        Command(
            "Save the re&port…", lambda page: page.save_report(), key="Ctrl+Shift+E", image="file-output"
        ),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.job: Job | None = None
        self._chosen = ""  # the experiment to show once the list is read
        self._is_read = False
        self.panel = JobPanel(desk)
        self.setup = ExperimentSetup(desk)
        self.results = ExperimentResultsView(desk, self.notice)
        self.tabs = QTabWidget()
        self.setup_stack = self._with_empty(
            self.setup,
            title="No snapshot to experiment with",
            text=(
                "An experiment makes its arms from a snapshot of records, and asks their students held-out"
                " tasks. Freeze a snapshot on the Training page first."
            ),
            image="snowflake",
            action="Open Training",
            run=lambda: desk.open("training"),
        )
        self.result_stack = self._with_empty(
            self.results,
            title="No experiments yet",
            text="Set one up: the defaults ask whether erasing the prompt helped, with three seeds.",
            image="flask-conical",
            action="Set up an experiment",
            run=lambda: self.tabs.setCurrentIndex(SETUP),
        )
        self.tabs.addTab(self.setup_stack, "Set up")
        self.tabs.addTab(self.result_stack, "Results")
        self.body.addWidget(self.panel)
        self.body.addWidget(self.tabs, 1)
        self.setup.requested.connect(self._start)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the snapshots, the held-out tasks and the experiments again."""
        library = self.desk.library

        def read() -> _Read:
            return _Read(
                snapshots=list_snapshots(library),
                heldout=heldout_families(library),
                runs=list_runs(library, kind=KIND),
            )

        self.desk.background.run(self, read, self._show, only_newest="refresh")

    def go(self, target: Mapping[str, Any]) -> None:
        """Show an experiment, set one up for a snapshot, or resume one."""
        if "experiment" in target:
            self._chosen = str(target["experiment"])
            self.refresh(self.watches)
        elif "snapshot" in target:
            self.tabs.setCurrentIndex(SETUP)
            self.setup.choose_snapshot(str(target["snapshot"]))
        elif "start" in target:
            self._start_stored(target["start"])
        elif "resume" in target:
            library, run = self.desk.library, str(target["resume"])
            self.desk.background.run(
                self,
                lambda: request_to_resume(library, run, KIND) or {},
                self._start_stored,
                failed=self.notice.show_error,
            )

    def start(self) -> None:
        """Run what is set up."""
        self.tabs.setCurrentIndex(SETUP)
        if self.setup_stack.currentIndex() == FILLED:
            self.setup.run()

    def save_report(self) -> None:
        """Ask for a file and write the report of the experiment that is shown."""
        if self.results.found is None:
            self.notice.show_message("There is no experiment to report on yet.")
            return
        self.tabs.setCurrentIndex(RESULTS)
        self.results.save_report()

    def _with_empty(self, view: QWidget, **empty: Any) -> QStackedWidget:
        stack = QStackedWidget()
        stack.addWidget(EmptyState(self.desk.theme, **empty))
        stack.addWidget(view)
        stack.setCurrentIndex(FILLED)
        return stack

    def _show(self, read: _Read) -> None:
        first, self._is_read = not self._is_read, True
        self.setup_stack.setCurrentIndex(FILLED if read.snapshots else EMPTY)
        self.result_stack.setCurrentIndex(FILLED if read.runs else EMPTY)
        if read.snapshots:
            self.setup.show_library(read.snapshots, read.heldout)
        if read.runs:
            self.results.show_runs(read.runs)
        if self._chosen:
            self.tabs.setCurrentIndex(RESULTS)
            self.results.choose(self._chosen)
            self._chosen = ""
        elif first and read.runs:
            self.tabs.setCurrentIndex(RESULTS)

    def _start_stored(self, stored: Mapping[str, Any]) -> None:
        """Start or resume an experiment by the plan that its run, or a job that never began, stored."""
        try:
            plan = ExperimentPlan.from_json(stored)
        except (KeyError, TypeError, ValueError, UserError):
            self.notice.show_message(UNREADABLE_PLAN, kind="warn")
            return
        self._start(plan)

    def _start(self, plan: ExperimentPlan) -> None:
        if self.job is not None and not self.job.is_over:
            self.notice.show_message("An experiment is already running.", "Start this one when it finishes.")
            return
        self.notice.hide()
        library = self.desk.library

        def work(tools: Tools) -> Experimented:
            return experiment(
                library,
                plan,
                on_cell=tools.tell,
                progress=tools.progress,
                control=tools.control,
                request=plan.to_json(),
            )

        self.job = self.desk.jobs.start(
            f"Experiment with {plan.base.name}",
            KIND,
            work,
            changes={"trainings", "evaluations"},
            again=("experiment", {"start": plan.to_json()}),
        )
        self.job.event_arrived.connect(lambda cell: self.results.read())
        self.job.ended.connect(self._ended)
        self.panel.follow(self.job)
        self.tabs.setCurrentIndex(RESULTS)

    def _ended(self) -> None:
        job = self.job
        if job is None:
            return
        if job.error is not None:
            self.notice.show_error(job.error)
        elif job.result is not None:
            self._chosen = job.result.run
        self.refresh(self.watches)
