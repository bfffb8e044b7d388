"""The Evaluate page: evaluate models on held-out tasks, and compare their results and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QLineEdit, QStackedWidget, QTabWidget

from orca_desk.errors import UserError
from orca_desk.library.answers import heldout_families
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.runs import get_run
from orca_desk.library.samples import own_families, sample_families
from orca_desk.library.trainings import Training, list_trainings
from orca_desk.method.records import Task
from orca_desk.steps.evaluate.benchmarks import KIND as BENCHMARK
from orca_desk.steps.evaluate.benchmarks import BenchmarkRequest, resumed_benchmark
from orca_desk.steps.evaluate.candidates import RemainingPlan, remaining_plan, tasks_of
from orca_desk.steps.evaluate.comparison import ListedEvaluation, companions, list_with_answers
from orca_desk.steps.evaluate.losses import KIND as FORGETTING
from orca_desk.steps.evaluate.plan import Plan, plan_from_json
from orca_desk.steps.recorder import require_unfinished
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.evaluate.answers import AnswersView
from orca_desk.ui.pages.evaluate.evaluation_jobs import EvaluationJobs
from orca_desk.ui.pages.evaluate.evaluation_list import EvaluationList
from orca_desk.ui.pages.evaluate.results import ResultsView
from orca_desk.ui.pages.evaluate.setup_view import EvaluationSetup
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.words.tidying import tidying_of

SETUP, RESULTS, ANSWERS = range(3)
EMPTY, FILLED = range(2)


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What the page reads from the library."""

    rows: Sequence[ListedEvaluation]
    trainings: Sequence[Training]
    families: Mapping[str, int]
    left_out: Sequence[str]


class EvaluatePage(Page):
    """Has three tabs: set up, results, answers."""

    name = "evaluate"
    title = "Evaluate"
    widest = WIDE_PANES
    about = "Measure how well models answer held-out tasks, and which strategies they choose."
    watches = frozenset({"evaluations", "tasks", "trainings", "pairings"})
    on_rows = tidying_of(Kind.EVALUATION)
    keys = (
        ("Space", "Select or deselect an evaluation or a family"),
        ("Up, Down", "Show the answers to another task"),
    )
    offers = (
        Command("&Evaluate", lambda page: page.start(), key="Ctrl+Return", image="play"),
        stop_command(lambda page: page.panel.job),
        Command("&Set up", lambda page: page.tabs.setCurrentIndex(SETUP), key="Alt+1"),
        Command("&Results", lambda page: page.tabs.setCurrentIndex(RESULTS), key="Alt+2"),
        Command("&Answers", lambda page: page.tabs.setCurrentIndex(ANSWERS), key="Alt+3"),
        SEARCH,
        Command("&Next answer", lambda page: page.step(1), key="Ctrl+Down"),
        Command("&Previous answer", lambda page: page.step(-1), key="Ctrl+Up"),
        Command("Export the p&lot…", lambda page: page.export_plot(), key="Ctrl+Alt+E", image="image-down"),
        Command(
            "E&xport an evaluation's answers…",
            lambda page: page.export_answers(),
            key="Ctrl+Shift+E",
            image="file-output",
        ),
        Command(
            "Save the answers side by side as &CSV…",
            lambda page: page.answers.export(),
            image="file-output",
        ),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rows = EvaluationList(desk)
        self.panel = JobPanel(desk)
        self.jobs = EvaluationJobs(desk, self.panel, self.notice)
        self.setup = EvaluationSetup(desk)
        self.results = ResultsView(desk, self.rows)
        self.answers = AnswersView(desk, self.rows)
        self._is_read = False
        self._chosen: str | None = None  # the evaluation to show once the list is read
        self.body.addWidget(self.panel)
        self.tabs = QTabWidget()
        self.setup_stack = self._with_empty(
            self.setup,
            title="No held-out tasks",
            text=(
                "Models are evaluated on held-out tasks with known answers. Import some, or hold out some of"
                " your tasks."
            ),
            image="list-checks",
            action="Open Tasks",
            run=lambda: desk.open("tasks"),
        )
        self.result_stack, self.answer_stack = (
            self._when_evaluated(view) for view in (self.results, self.answers)
        )
        self.tabs.addTab(self.setup_stack, "Set up")
        self.tabs.addTab(self.result_stack, "Results")
        self.tabs.addTab(self.answer_stack, "Answers")
        self.body.addWidget(self.tabs, 1)
        self.setup.requested.connect(self._start)
        self.jobs.finished.connect(self._show_finished)
        self.keep("results", self.results.splitter)
        self.keep("answers", self.answers.splitter)
        self.keep("list", self.results.table)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read evaluations, trainings and families again, and the answers if their tasks changed."""
        library = self.desk.library
        if "tasks" in changes:
            self.results.forget()

        def read() -> _Read:
            trainings = [one for one in list_trainings(library) if one.adapter_gguf is not None]
            trainings.sort(key=lambda one: one.derived)  # those of experiments last
            return _Read(
                rows=list_with_answers(library),
                trainings=trainings,
                families=heldout_families(library),
                left_out=() if own_families(library) is None else sample_families(library),
            )

        self.desk.background.run(self, read, self._show, only_newest="refresh")
        if "tasks" in changes and self.answers.ids:
            self.answers.search()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show an evaluation, set one up for a training, or resume one."""
        if "evaluation" in target:
            self._chosen = target["evaluation"]
            self.tabs.setCurrentIndex(RESULTS)
            self.refresh(self.watches)
        elif "training" in target:
            self.tabs.setCurrentIndex(SETUP)
            self.setup.fill_from_training(target["training"])
        elif "start" in target:
            self._start_stored(target["start"])
        elif "benchmark" in target:
            self._start_benchmark(target["benchmark"])
        elif "forgetting" in target:
            self._measure_loss(str(target["forgetting"]))
        elif "resume" in target:
            self._resume_run(target["resume"])

    def _resume_run(self, run: str) -> None:
        """Resume the rest of a plan, a measurement of what was lost, or a benchmark."""
        library = self.desk.library

        def read() -> RemainingPlan | BenchmarkRequest | str:
            if not run.startswith((f"{FORGETTING}-", f"{BENCHMARK}-")):
                return remaining_plan(library, run)
            stored = get_run(library, run)
            require_unfinished(stored)
            request = stored.request or {}
            return str(request["evaluation"]) if stored.kind == FORGETTING else resumed_benchmark(stored)

        def resume(left: RemainingPlan | BenchmarkRequest | str) -> None:
            if isinstance(left, RemainingPlan):
                self._resume(left)
                return
            if isinstance(left, BenchmarkRequest):
                self.tabs.setCurrentIndex(RESULTS)
                self.results.benchmarks.run_request(left)
            else:
                self._measure_loss(left)

        self.desk.background.run(self, read, resume, failed=self.notice.show_error)

    def _start_benchmark(self, stored: Mapping[str, Any]) -> None:
        """Start a benchmark that waited when the app was closed."""
        try:
            request = BenchmarkRequest.from_json(stored)
        except (KeyError, TypeError, ValueError):
            self.notice.show_message("Another version of Orca Desk stored this benchmark.", kind="warn")
            return
        self.tabs.setCurrentIndex(RESULTS)
        self.results.benchmarks.run_request(request)

    def _measure_loss(self, evaluation_id: str) -> None:
        """Measure what the student of an evaluation lost, and show that evaluation."""
        self.tabs.setCurrentIndex(RESULTS)
        self._chosen = evaluation_id
        self.results.forgetting.measure_one(evaluation_id)
        self.refresh(self.watches)

    def _with_empty(self, view: Any, **empty: Any) -> QStackedWidget:
        stack = QStackedWidget()
        stack.addWidget(EmptyState(self.desk.theme, **empty))
        stack.addWidget(view)
        stack.setCurrentIndex(FILLED)
        return stack

    def _when_evaluated(self, view: Any) -> QStackedWidget:
        return self._with_empty(
            view,
            title="No evaluations yet",
            text="Compare a student with its base model and its teacher on the held-out tasks.",
            image="target",
            action="Set up an evaluation",
            run=lambda: self.tabs.setCurrentIndex(SETUP),
        )

    def start(self) -> None:
        """Evaluate what is set up."""
        self.tabs.setCurrentIndex(SETUP)
        if self.setup.start.isEnabled():
            self.setup.run()

    def search_field(self) -> QLineEdit:
        """See Page: that of the evaluations beside the results, and elsewhere that of the answers."""
        if self.tabs.currentIndex() == RESULTS:
            return self.results.search
        self.tabs.setCurrentIndex(ANSWERS)
        return self.answers.text

    def step(self, step: int) -> None:
        """Show another answer, `step` rows further down."""
        self.tabs.setCurrentIndex(ANSWERS)
        self.answers.select_next(step)

    def export_answers(self) -> None:
        """Let the user export the answers of an evaluation, which shows the result there."""
        self.tabs.setCurrentIndex(ANSWERS)
        self.answers.hand_over()

    def export_plot(self) -> None:
        """Ask for a file and write the plot."""
        self.tabs.setCurrentIndex(RESULTS)
        if self.results.found is not None:
            self.results.export_plot()

    def _show(self, read: _Read) -> None:
        first, self._is_read = not self._is_read, True
        self.setup_stack.setCurrentIndex(FILLED if read.families else EMPTY)
        for stack in (self.result_stack, self.answer_stack):
            stack.setCurrentIndex(FILLED if read.rows else EMPTY)
        self.setup.show_library(read.trainings, read.families, left_out=read.left_out)
        self.rows.show(read.rows)
        if self._chosen is not None:
            self._choose(self._chosen)
        elif not self.rows.chosen:
            self.rows.choose(companions(read.rows))
        if first and read.rows and self.setup.isVisible() and not self.jobs.is_running:
            self.tabs.setCurrentIndex(RESULTS)

    def _choose(self, evaluation_id: str) -> None:
        """Show an evaluation beside the most comparable ones."""
        self._chosen = None
        if any(row.id == evaluation_id for row in self.rows.given):
            self.rows.choose(companions(self.rows.given, evaluation_id))
        else:
            self.notice.show_message(f"{evaluation_id} has no answers yet.")

    def _start_stored(self, stored: Mapping[str, Any]) -> None:
        """Start a stored plan that never began."""
        try:
            plan = plan_from_json(stored)
        except (KeyError, TypeError, ValueError):
            self.notice.show_message("Another version of Orca Desk stored this evaluation.", kind="warn")
            return
        if self._is_free():
            self._start(plan)

    def _is_free(self) -> bool:
        """Return whether no plan is running; otherwise say so."""
        if self.jobs.is_running:
            self.notice.show_error(
                UserError("An evaluation is already running or queued.", "Start this one when it finishes.")
            )
        return not self.jobs.is_running

    def _start(self, plan: Plan) -> None:
        library = self.desk.library
        self.setup.start.setEnabled(False)
        self.desk.background.run(
            self,
            lambda: tasks_of(library, plan),
            lambda tasks: self._begin(plan, tasks),
            failed=self._refused,
        )

    def _begin(self, plan: Plan, tasks: Sequence[Task]) -> None:
        self.notice.hide()
        self.setup.start.setEnabled(False)
        self.jobs.start(plan, tasks)

    def _resume(self, left: RemainingPlan) -> None:
        if not self._is_free():
            return
        families = tuple(dict.fromkeys(task.family for task in left.tasks))
        plan = Plan(
            candidates=left.candidates,
            families=families,
            per_family=left.per_family,
            sampling=left.sampling,
            forgetting=left.forgetting,
        )
        self._begin(plan, left.tasks)

    def _refused(self, error: Exception) -> None:
        self.setup.start.setEnabled(True)
        self.notice.show_error(error)

    def _show_finished(self, done: Sequence[str]) -> None:
        """Compare the evaluations that have just finished."""
        self.setup.start.setEnabled(True)
        if done:
            self._chosen = done[-1]
            self.tabs.setCurrentIndex(RESULTS)
            self.refresh(self.watches)
