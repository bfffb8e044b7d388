"""The Home page: the method as a flow with the library's numbers, what to do next, and the guided demo."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.overview import Overview, Step, overview, step_states
from orca_desk.steps.demo.place import Standing, next_folder, result_file, standing
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.page import Page
from orca_desk.ui.pages.home.flow import Figures, Flow, State
from orca_desk.ui.pages.home.next_step import DEMO, Next, NextCard, next_of
from orca_desk.ui.pages.home.run import CHANGES, KIND, STEPS, DemoRun, work
from orca_desk.ui.stopping import add_stop
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button

if TYPE_CHECKING:
    from orca_desk.steps.demo.result import DemoResult

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
    "probe": "pair",
    "generate": "instruct",
    "train": "train",
    "evaluate": "test",
}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look at the library gives.

    `training` is the one of the demo whose `result` it is; `problem` says why that cannot be shown.
    """

    overview: Overview
    standing: Standing
    result: "DemoResult | None" = None
    training: str | None = None
    problem: UserError | None = None


def look(library: Library, *, demo_runs: bool) -> Seen:
    """Look at the library: its numbers, where the demo stands, and what it found.

    While the demo runs there is a look every second, and only the numbers can change.
    """
    if demo_runs:
        return Seen(overview=overview(library), standing="begun")
    found, training, problem = None, None, None
    if result_file(library.folder).exists():
        # Only now: it brings half of the app with it, and most starts have no result to show
        from orca_desk.steps.demo.result import demo_training, read_result

        try:
            found, training = read_result(library.folder), demo_training(library)
        except UserError as error:
            problem = error
    return Seen(
        overview=overview(library),
        standing=standing(library),
        result=found,
        training=training,
        problem=problem,
    )


class HomePage(Page):
    """Where one starts, and sees how far one has come."""

    name = "home"
    title = "Home"
    about = "Teach a small model to reason: five steps, then a test."
    watches = frozenset({"tasks", "pairings", "records", "snapshots", "trainings", "evaluations"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.seen: Seen | None = None
        self._looking = self._look_again = False
        self.again = button(
            "Demo in a new library…",
            self.open_demo_library,
            tip="Opens another window on a new library, so that yours stays as it is",
        )
        self.again.hide()
        self.header.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.next = NextCard(desk.theme, self._follow_advice)
        self.flow = Flow(desk.theme)
        self.flow.chosen.connect(lambda step: desk.open(PAGE_OF[step]))
        self.run = DemoRun(desk)
        self._result: Any = None
        self._space = QVBoxLayout()
        self._space.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self._scrolling())
        self.demo_command = self.command("&Run the demo", self.start_demo, key="Ctrl+Return")
        self.command("Run the demo in a &new library…", self.open_demo_library)
        add_stop(self, lambda: self._running)
        desk.jobs.changed.connect(self._show_numbers)

    @property
    def result(self) -> Any:
        """The view of a finished demo's result (a `ResultView`), or None while there is none."""
        return self._result

    def refresh(self, changes: frozenset[str]) -> None:
        """Count again, in the background, and never twice at once."""
        self.run.refresh()
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        library, runs = self.desk.library, self._running is not None
        self.desk.background.run(
            self, lambda: look(library, demo_runs=runs), self._show, failed=self._cannot_look
        )

    def go(self, target: Mapping[str, Any]) -> None:
        """Start the demo, or go on with it, for {"do": "demo"} and {"resume": any}."""
        if target.get("do") == DEMO or "resume" in target:
            self.start_demo()

    def start_demo(self) -> None:
        """Run the demo in this library, where that mixes nothing; go on with one that was stopped."""
        self.notice.hide()
        if self._running:
            return
        library = self.desk.library
        self.desk.background.run(self, lambda: standing(library), self._start_where, only_newest="start")

    def open_demo_library(self) -> None:
        """Show a new demo library in a window of its own."""
        folder = next_folder()
        self.notice.show_message(
            "A window on a demo library opens; run the demo there.",
            f"It is kept in {folder}. This library stays as it is.",
        )
        self.desk.background.run(self, lambda: open_window(folder), failed=self.notice.show_error)

    @property
    def _running(self) -> Job | None:
        return next((job for job in self.desk.jobs.unfinished if job.kind == KIND), None)

    def _scrolling(self) -> QScrollArea:
        inside = _Column()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID // 2, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.next)
        column.addWidget(self.flow)
        column.addWidget(self.run)
        column.addLayout(self._space)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.scroll = area
        return area

    def _start_where(self, place: Standing) -> None:
        if place in ("fresh", "begun"):
            job = self.desk.jobs.start("The demo", KIND, work(self.desk.library), changes=CHANGES)
            job.ended.connect(self._demo_ended)
            job.event.connect(self._show_numbers)
            self.run.follow(job)
            self._show_numbers()
            return
        text = "The demo was finished in this library."
        if place == "own":
            text = "This library holds work of your own, and the demo would mix its own into it."
        self.notice.show_message(
            text,
            "Run it in a new library, in a window of its own.",
            action="Open a demo library",
            run=self.open_demo_library,
        )

    def _demo_ended(self) -> None:
        job = self.run.job
        if job is not None and isinstance(job.error, UserError):
            self.notice.show_error(job.error)
        self.refresh(self.watches)

    def _follow_advice(self, advised: Next) -> None:
        if advised.page == DEMO:
            self.start_demo()
        else:
            self.desk.open(advised.page, **advised.target)

    def _cannot_look(self, error: Exception) -> None:
        self._looking = False
        self.notice.show_error(error)

    def _show(self, seen: Seen) -> None:
        self._looking = False
        new_result = seen.result is not None and (self.seen is None or seen.result != self.seen.result)
        if seen.problem and (self.seen is None or self.seen.problem is None):
            self.notice.show_error(seen.problem)
        self.seen = seen
        self._show_numbers()
        if new_result:
            # After the window has been painted: a plot and a table take longer than the rest of the page
            QTimer.singleShot(0, self, self._show_result)
        if self._look_again:
            self._look_again = False
            self.refresh(self.watches)

    def _show_numbers(self, *_: object) -> None:
        if self.seen is None:
            return
        seen = self.seen
        running = self._running
        self.flow.show_figures(self._figures(seen.overview))
        self.again.setVisible(seen.standing in ("own", "finished") and running is None)
        self.demo_command.setEnabled(running is None)
        self.next.setVisible(running is None)
        if running is None:
            second = None
            if seen.standing == "fresh":
                second = ("Use my own tasks…", lambda: self.desk.open("tasks", do="import"))
            self.next.show_next(next_of(seen.overview, seen.standing), second)

    def _show_result(self) -> None:
        if self.seen is None or self.seen.result is None:
            return
        if self._result is None:
            # Only now: most starts of the window have no result to show
            from orca_desk.ui.pages.home.result import ResultView

            self._result = ResultView(self.desk)
            self._space.addWidget(self._result)
        self._result.show_result(self.seen.result, self.seen.training)
        # Now: else it is painted once in the height that was there before
        inside = self.scroll.widget()
        inside.layout().activate()
        inside.resize(inside.width(), inside.layout().totalHeightForWidth(inside.width()))

    def _states(self, seen: Overview) -> dict[Step, State]:
        """Return the state of each step: what runs goes before what the library holds."""
        states: dict[Step, State] = dict(step_states(seen))  # type: ignore[arg-type]
        for job in self.desk.jobs.unfinished:
            step = STEPS.get(self.run.current or "") if job.kind == KIND else STEP_OF_JOB.get(job.kind)
            if step is None or job.state == "waiting":
                continue
            if job.kind == KIND:  # it comes to the later ones by itself, whatever they have made before
                places = list(states)
                states |= dict.fromkeys(places[places.index(step) :], "waits")
            states[step] = "running"
        return states

    def _figures(self, seen: Overview) -> dict[Step, Figures]:
        states = self._states(seen)
        best = seen.best.right if seen.best else None
        lines: dict[Step, tuple[str, str, str]] = {
            "collect": (
                number(seen.tasks),
                "task" if seen.tasks == 1 else "tasks",
                (
                    f"1 family, {number(seen.heldout)} held out"
                    if seen.families == 1
                    else f"{number(seen.families)} families, {number(seen.heldout)} held out"
                ),
            ),
            "pair": (
                number(seen.paired),
                f"of {number(seen.families)}",
                "families with a strategy",
            ),
            "instruct": (
                number(seen.records),
                "record" if seen.records == 1 else "records",
                f"{number(seen.kept)} kept, {number(seen.rejected)} rejected",
            ),
            "erase": (
                number(seen.snapshots),
                "snapshot" if seen.snapshots == 1 else "snapshots",
                f"{number(seen.frozen)} records frozen, {number(seen.unreviewed)} unreviewed",
            ),
            "train": (
                number(seen.trainings),
                "training" if seen.trainings == 1 else "trainings",
                f"newest: {seen.newest_training}" if seen.newest_training else "No adapter yet",
            ),
            "test": (
                f"{best.share:.0%}" if best else "–",
                "right" if best else "",
                "best tuned student ({} to {}%)".format(f"{best.low * 100:.0f}", f"{best.high * 100:.0f}")
                if best
                else f"{number(seen.evaluations)} evaluations",
            ),
        }
        return {
            step: Figures(value=value, unit=unit, detail=detail, state=states[step])
            for step, (value, unit, detail) in lines.items()
        }


class _Column(QWidget):
    """What is scrolled: as high as its width asks for, and no higher.

    A label that wraps would otherwise count with the height that it has where it is narrow.
    """

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width; the scroll area asks for the height by the width."""
        return QSize(self.layout().minimumSize().width(), 0)


def number(count: int) -> str:
    """Write a count so that it fits on a card: 2,661, and 1.27 M from a million on."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1_000_000:.2f} M"


def open_window(folder: Path) -> None:
    """Start the desktop on another library, as a process that lives on when this one ends."""
    arguments = ["desktop", "--library", str(folder)]
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "orca_desk"]
    try:
        subprocess.Popen(
            [*start, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise UserError(
            f"The other window cannot be started ({error.strerror}).",
            f"Start it yourself: orca-desk desktop --library {folder}",
        ) from error
