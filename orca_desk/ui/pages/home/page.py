"""The Home page: the method with the library's numbers, what to do next, and the guided demo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import require_real_student
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.overview import LibraryOverview, Step, step_states
from orca_desk.library.samples import sample_ids
from orca_desk.library.tasks import count_tasks
from orca_desk.paths import default_library, resolved
from orca_desk.steps.demo.stages import STAGES
from orca_desk.steps.demo.state import DemoState, DemoStudent, demo_state, interrupted_student, next_folder
from orca_desk.steps.demo.status import LibraryStatus, library_status
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.outside import open_library_window
from orca_desk.ui.page import Command, Page
from orca_desk.ui.pages.home.figures import step_figures
from orca_desk.ui.pages.home.flow import Flow, State
from orca_desk.ui.pages.home.next_step import (
    DEMO,
    FIRST,
    Alternative,
    NextCard,
    NextStep,
    is_demo_first,
    next_step,
)
from orca_desk.ui.pages.home.run import CHANGES, KIND, DemoRun, demo_work
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.message_box import MessageBox, Roles
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.demo import JOB_TITLES, NEEDS_SAMPLES, REAL_HINT, RUN_REAL, samples_choice

if TYPE_CHECKING:
    from orca_desk.ui.pages.home.own_result import OwnResultView
    from orca_desk.ui.pages.home.recent import RecentCard
    from orca_desk.ui.pages.home.result import ResultView

PAGE_OF: dict[Step, str] = {
    "collect": "tasks",
    "pair": "strategies",
    "instruct": "teacher",
    "erase": "records",
    "train": "training",
    "test": "evaluate",
}
STEP_OF_JOB: dict[str, Step] = {
    "import": "collect",
    "import-answers": "instruct",
    "probe": "pair",
    "generate": "instruct",
    "train": "train",
    "evaluate": "test",
}


TWO_COLUMNS = 220 * GRID  # px
RECENT = frozenset({"runs", "chats"})


class HomePage(Page):
    """Where the user starts, and sees how far the library has come."""

    name = "home"
    title = "Home"
    widest = WIDE_PANES
    about = "Teach a small model to reason: five steps, then a test."
    watches = RECENT | {"tasks", "pairings", "records", "snapshots", "trainings", "evaluations"}
    offers = (
        Command("&Run the demo", lambda page: page.start_demo(), key="Ctrl+Return"),
        Command("Run the demo with a real &model", lambda page: page.start_demo("real")),
        Command("Run the demo in a &new library…", lambda page: page.open_demo_library()),
        stop_command(lambda page: page.running()),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.status: LibraryStatus | None = None
        self._reading = self._read_again = False
        self.again = button(
            "Demo in a new library…",
            self.open_demo_library,
            tip="Opens a new library in another window; yours does not change",
        )
        self.again.hide()
        self.header.addWidget(self.again)
        self.next = NextCard(desk.theme, self._follow_advice)
        self.flow = Flow(desk.theme)
        self.flow.chosen.connect(lambda step: desk.open(PAGE_OF[step]))
        self.run = DemoRun(desk)
        self.results: dict[DemoStudent, ResultView] = {}  # the views of finished demos
        self.own: OwnResultView | None = None  # the view of the user's own results, once there are some
        self.recent: RecentCard | None = None  # once there are runs or chats
        self._result_space = QVBoxLayout()
        self._result_space.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self._scrolling())
        self.demo_commands = [self.action("Run the demo"), self.action("Run the demo with a real model")]
        desk.jobs.changed.connect(self._show_numbers)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the numbers again in the background, one read at a time."""
        if changes & RECENT:
            # After the window is painted: most of the page needs neither tables nor chats
            QTimer.singleShot(0, self, self._read_recent)
        if changes <= RECENT:
            return
        self.run.refresh()
        if self._reading:
            self._read_again = True
            return
        self._reading = True
        library, running = self.desk.library, self.running() is not None
        self.desk.background.run(
            self,
            lambda: library_status(library, demo_is_running=running),
            self._show,
            failed=self._show_failure,
        )

    def go(self, target: Mapping[str, Any]) -> None:
        """Start a demo for {"do": "demo", "student": whom it trains}, resume one for {"resume": any run}."""
        if target.get("do") == DEMO:
            self.start_demo("real" if target.get("student") == "real" else "mini")
        elif "resume" in target:
            library = self.desk.library
            self.desk.background.run(
                self,
                lambda: interrupted_student(library),
                lambda student: self.start_demo(student or "mini"),
                only_newest="resume",
            )

    def start_demo(self, student: DemoStudent = "mini") -> None:
        """Start or resume a demo in this library, unless the library holds the user's own work."""
        self.notice.hide()
        if self.running():
            return
        if student == "real":
            try:
                require_real_student()
            except UserError as error:
                self.notice.show_error(error)
                return
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (demo_state(library, student), count_tasks(library)),
            lambda found: self._start_or_ask(student, *found),
            only_newest="start",
        )

    def open_demo_library(self, student: DemoStudent = "mini") -> None:
        """Open a new demo library in another window."""
        folder = next_folder(student)
        self.notice.show_message(
            "Opening a demo library in another window. Run the demo there.",
            f"It is in {folder}, and later under File › Open recent. This library does not change.",
        )

        def work() -> None:
            if not (folder / DATABASE_NAME).exists():
                Library.open(folder, samples=True).close()
            open_library_window(folder)

        self.desk.background.run(self, work, failed=self.notice.show_error)

    def running(self) -> Job | None:
        return next((job for job in self.desk.jobs.unfinished if job.kind == KIND), None)

    def _scrolling(self) -> QScrollArea:
        self._inside = inside = _Content()
        for part in (self.next, self.flow, self.run):
            inside.work.addWidget(part)
        inside.results.addLayout(self._result_space)
        for line in (inside.work, inside.results):
            line.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        return area

    def _start_or_ask(self, student: DemoStudent, state: DemoState, tasks: int) -> None:
        """Start the demo; in an empty library ask first whether the sample tasks may be added to it."""
        if state != "fresh" or tasks:
            self._start_or_refuse(student, state)
            return
        box = MessageBox(self, NEEDS_SAMPLES, samples_choice(len(sample_ids())))
        here = box.offer("Add them and run", lambda: self._start_or_refuse(student, state))
        beside = box.offer(
            "Use a demo library", lambda: self.open_demo_library(student), role=Roles.ActionRole
        )
        box.leave()
        box.default(beside if self._is_own else here)
        box.open()

    def _start_or_refuse(self, student: DemoStudent, state: DemoState) -> None:
        if state in ("fresh", "started"):
            job = self.desk.jobs.start(
                JOB_TITLES[student],
                KIND,
                demo_work(self.desk.library, student),
                changes=CHANGES,
                again=("home", {"do": DEMO, "student": student}),
            )
            job.ended.connect(self._demo_ended)
            job.event_arrived.connect(self._show_numbers)
            self.run.follow(job, student)
            self._show_numbers()
            return
        text = f"{JOB_TITLES[student]} has already finished in this library."
        if state == "own-work":
            text = "This library contains your own work; the demo would add its data to it."
        self.notice.show_message(
            text,
            "Run it in a new library, in another window.",
            action="Open a demo library",
            run=lambda: self.open_demo_library(student),
        )

    def _demo_ended(self) -> None:
        job = self.run.job
        if job is not None and isinstance(job.error, UserError):
            self.notice.show_error(job.error)
        self.refresh(self.watches)

    def _follow_advice(self, advised: NextStep) -> None:
        if advised.page == DEMO:
            self.go({"do": DEMO, **advised.target})
        else:
            self.desk.open(advised.page, **advised.target)

    def _show_failure(self, error: Exception) -> None:
        self._reading = False
        self.notice.show_error(error)

    def _show(self, status: LibraryStatus) -> None:
        self._reading = False
        before, self.status = self.status, status
        if status.problem and (before is None or before.problem is None):
            self.notice.show_error(status.problem)
        self._show_numbers()
        if status.finished and (before is None or status.finished != before.finished):
            # After the window is painted: a plot and a table take longer than the rest of the page
            QTimer.singleShot(0, self, self._show_results)
        if status.own is not None and (before is None or status.own != before.own):
            QTimer.singleShot(0, self, self._show_own)
        if self._read_again:
            self._read_again = False
            self.refresh(self.watches)

    def _show_numbers(self, *_: object) -> None:
        if self.status is None:
            return
        status, running = self.status, self.running()
        self.flow.show_figures(step_figures(status.overview, self._states(status.overview)))
        self.again.setVisible(status.demos.get("mini") in ("own-work", "finished") and running is None)
        for command in self.demo_commands:
            command.setEnabled(running is None)
        self.next.setVisible(running is None)
        if running is None:
            advised = next_step(status.overview, status.demos, is_own=self._is_own)
            self.next.show_next(advised, self._alternatives(status))

    @property
    def _is_own(self) -> bool:
        """Whether the user made this library: the app makes the default one at its first start."""
        return self.desk.library.folder != resolved(default_library())

    def _alternatives(self, status: LibraryStatus) -> list[Alternative]:
        """Return what else the user may want to do next: a demo, or tasks of their own."""
        found, demos = [], status.demos
        can_run = demos.get("mini") == "fresh" and "finished" not in demos.values()
        if can_run and not is_demo_first(status.overview, demos, is_own=self._is_own):
            return [Alternative("Run the demo…", self.start_demo, tip=FIRST.hint)]
        if demos.get("real") == "fresh" and demos.get("mini") != "started":
            found.append(Alternative(RUN_REAL, lambda: self.start_demo("real"), tip=REAL_HINT))
        if "fresh" in demos.values() and "finished" not in demos.values():
            found.append(Alternative("Use my own tasks…", lambda: self.desk.open("tasks", do="import")))
        return found

    def _show_results(self) -> None:
        if self.status is None:
            return
        # Imported here: most starts have no result to show
        from orca_desk.ui.pages.home.result import ResultView

        for place, (student, found) in enumerate(self.status.finished.items()):
            view = self.results.get(student)
            if view is None:
                view = self.results[student] = ResultView(self.desk)
            self._result_space.insertWidget(place, view)
            view.show_result(found.result, found.training)
        self._fit_inside()

    def _show_own(self) -> None:
        if self.status is None or self.status.own is None:
            return
        if self.own is None:
            from orca_desk.ui.pages.home.own_result import OwnResultView

            self.own = OwnResultView(self.desk)
            self._result_space.addWidget(self.own)
        self.own.show_result(self.status.own)
        self._fit_inside()

    def _read_recent(self) -> None:
        from orca_desk.ui.pages.home.recent import RecentCard, recent_work

        def show(found: list[Any]) -> None:
            if self.recent is None and found:
                self.recent = RecentCard(self.desk)
                self._inside.results.insertWidget(1, self.recent)  # below the results
            if self.recent is not None:
                self.recent.show_work(found)
                self.recent.setVisible(bool(found))
                self._fit_inside()

        library = self.desk.library
        self.desk.background.run(self, lambda: recent_work(library), show, only_newest="recent")

    def _fit_inside(self) -> None:
        """Give the content its height at once: otherwise it is first painted at the old one."""
        inside = self._inside
        inside.arrange()
        inside.column.activate()
        inside.resize(inside.width(), inside.column.totalHeightForWidth(inside.width()))

    def _states(self, seen: LibraryOverview) -> dict[Step, State]:
        """Return the state of each step. A running job overrides what the library holds."""
        states: dict[Step, State] = dict(step_states(seen))
        for job in self.desk.jobs.unfinished:
            step = STAGES.get(self.run.current or "") if job.kind == KIND else STEP_OF_JOB.get(job.kind)
            if step is None or job.state == "waiting":
                continue
            if job.kind == KIND:  # it has yet to reach the later steps, whatever the library holds
                steps = list(states)
                states |= dict.fromkeys(steps[steps.index(step) :], "waiting")
            states[step] = "paused" if job.state == "pausing" else "running"
        return states


class _Content(QWidget):
    """The scrolled content: what to do, and what was found, beside each other where there is room.

    It is exactly as high as its width requires: otherwise wrapping labels would count with the height that
    they have at their narrowest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self.column.setContentsMargins(0, 0, GRID // 2, 0)
        self.column.setSpacing(2 * GRID)
        self.work, self.results = QVBoxLayout(), QVBoxLayout()
        for line in (self.work, self.results):
            line.setSpacing(2 * GRID)
            self.column.addLayout(line)

    def arrange(self) -> None:
        """Put the results beside the work, or below it."""
        is_wide = self.width() >= TWO_COLUMNS and self.results.count() > 0 and not self.results.isEmpty()
        direction = QBoxLayout.Direction
        self.column.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        for place in range(2):
            self.column.setStretch(place, 1 if is_wide else place)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the width."""
        super().resizeEvent(event)
        self.arrange()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width; the scroll area gets the height from the width."""
        return QSize(self.column.minimumSize().width(), 0)
