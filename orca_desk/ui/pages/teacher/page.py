"""The Teacher page: tasks are answered under their strategies, a few to look at first, then all."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import families, tags
from orca_desk.method.strategies import Strategy
from orca_desk.steps.instruct.generate import Generated
from orca_desk.steps.instruct.preview import Outlook
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.page import Page
from orca_desk.ui.pages.teacher.form import TeacherForm
from orca_desk.ui.pages.teacher.outcome import Next, outcome
from orca_desk.ui.pages.teacher.preview import TeacherPreview
from orca_desk.ui.pages.teacher.run import TeacherRun
from orca_desk.ui.pages.teacher.start import TeachStart
from orca_desk.ui.stopping import add_stop
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.text import button

CHOSEN = "desktop.teacher"  # what stands in the form
START = "desktop.start.generate"  # what was started last, to be taken up again
PAUSE_MS = 250  # between the last change and the new count


class TeacherPage(Page):
    """The settings at the left; the preview, or the run as it goes, at the right."""

    name = "teacher"
    title = "Teacher"
    about = "A large model answers the training tasks, each under its family's strategy."
    watches = frozenset({"tasks", "strategies", "pairings", "records"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._strategies: dict[str, Strategy] = {}
        self._seen: Outlook | None = None
        self.job: Job | None = None  # the run or the preview that is going on
        self._started: TeachStart | None = None
        self._closing = False
        self.preview_button = button("Preview five", self.preview)
        self.preview_button.setToolTip("Answer five tasks taken at random; nothing of it is kept")
        self.start_button = button("Start", self.start, primary=True)
        self.start_button.setToolTip("Answer all chosen tasks (Ctrl+Enter)")
        for made in (self.preview_button, self.start_button):
            self.header.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        self.job_panel = JobPanel(desk)
        self.job_panel.over.connect(self._ended)
        self.body.addWidget(self.job_panel)
        self.form = TeacherForm(desk)
        self.columns = QSplitter()
        self.columns.setHandleWidth(2 * GRID)
        self.columns.addWidget(self.form)
        self.columns.addWidget(self._results())
        self.columns.setStretchFactor(1, 1)
        self.columns.setChildrenCollapsible(False)
        self.columns.setSizes([44 * GRID, 90 * GRID])
        self.body.addWidget(self.columns, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._look)
        stored = get_setting(desk.library, CHOSEN)
        self.form.set_value(TeachStart.from_json(stored) if stored else TeachStart.usual(desk.library))
        self.form.changed.connect(self._timer.start)
        self.command("&Start answering", self.start, key="Ctrl+Return", image="play")
        self.command("&Preview five answers", self.preview, key="Ctrl+P", image="eye")
        self.command("Pa&use or resume", self.pause, key="Ctrl+Shift+P", image="pause")
        add_stop(self, lambda: self.job)
        self.keep("columns", self.columns)
        self.keep("arrivals", self.run_view.table.horizontalHeader())

    def refresh(self, changes: frozenset[str]) -> None:
        """Offer the families, tags and strategies there are now, and count the tasks anew."""
        if changes - {"records"}:
            library = self.desk.library
            self.desk.background.run(self, lambda: _read(library), self._offer, only_newest="choices")
        elif self.job is None:  # a run's own records are counted when it is over
            self._timer.start()

    def go(self, target: Mapping[str, Any]) -> None:
        """Take up a run again as it was started: {"resume": run}; or choose a {"model": path}."""
        if "model" in target:
            self.form.picker.choose(Path(str(target["model"])))
        if "resume" in target:
            self.resume(target["resume"])

    def close_page(self) -> None:
        """Ask the library nothing more."""
        self._closing = True
        self._timer.stop()
        self.run_view.end()

    def start(self) -> None:
        """Have all chosen tasks answered."""
        chosen = self._value()
        if chosen is not None and self.job is None:
            set_setting(self.desk.library, START, chosen.as_json())
            self._run(chosen)

    def resume(self, run: str) -> None:
        """Go on with a run that was cut off, if it is the one that was started last."""
        stored = get_setting(self.desk.library, START)
        if self.job is not None:
            return
        if not stored or stored.get("run", run) != run:
            self.notice.show_message(
                "What this run was started with is not known any more.",
                "Choose the same settings and start: nothing that was answered is asked again.",
                kind="warn",
            )
            return
        chosen = TeachStart.from_json(stored)
        self.form.set_value(chosen)
        self._run(chosen)

    def preview(self) -> None:
        """Have five of the chosen tasks answered, to look at."""
        chosen = self._value()
        if chosen is None or self.job is not None:
            return
        self.tabs.setCurrentWidget(self.preview_view)
        job = self.desk.jobs.start("Preview five answers", "preview", chosen.preview_work(self.desk.library))
        self.preview_view.begin(job)
        self._follow(job)

    def pause(self) -> None:
        """Let the job wait, or go on."""
        if self.job is not None:
            self.job.resume() if self.job.state == "pausing" else self.job.pause()

    def _results(self) -> QWidget:
        self.preview_view = TeacherPreview(self.desk, start=self.preview)
        self.run_view = TeacherRun(self.desk)
        self.run_view.opened.connect(self._open_record)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.preview_view, "Preview")
        self.tabs.addTab(self.run_view, "Records as they arrive")
        self.right = QStackedWidget()
        self.right.addWidget(self.tabs)
        self.right.addWidget(
            EmptyState(
                self.desk.theme,
                image="list-checks",
                title="No tasks to answer yet",
                text="The teacher answers the library's training tasks. Bring some in first.",
                action="Import tasks…",
                run=self._import,
            )
        )
        return self.right

    def _import(self) -> None:
        self.desk.open("tasks", do="import")

    def _open_record(self, record: str) -> None:
        self.desk.open("records", record=record)

    def _offer(self, found: tuple[list[str], list[str], dict[str, Strategy]]) -> None:
        names, tag_names, self._strategies = found
        self.form.set_choices(names, tag_names, list(self._strategies.values()))
        self.right.setCurrentIndex(0 if names or self.job is not None else 1)
        self.start_button.setEnabled(bool(names) and self.job is None)
        self.preview_button.setEnabled(bool(names) and self.job is None)
        self._timer.start()

    def _look(self) -> None:
        """Keep what stands in the form, and count what it would do."""
        if self._closing:
            return
        try:
            chosen = self.form.value()
        except UserError as error:
            self.form.count.setText(error.message)
            self.form.known.setText(error.hint)
            return
        library, stored = self.desk.library, chosen.as_json()
        if chosen.model and get_setting(library, CHOSEN) != stored:
            self._keep(CHOSEN, stored)
        self.desk.background.run(
            self, lambda: chosen.look(library), self._show_outlook, failed=self._refuse, only_newest="outlook"
        )

    def _show_outlook(self, seen: Outlook) -> None:
        self._seen = seen
        self.form.show_outlook(seen)
        self.preview_view.show_missing(seen.missing)

    def _refuse(self, error: Exception) -> None:
        self.notice.show_error(error)

    def _value(self) -> TeachStart | None:
        """Return what is chosen, or say what is wrong with it."""
        self.notice.hide()
        try:
            chosen = self.form.value()
        except UserError as error:
            self.notice.show_error(error)
            return None
        if chosen.model:
            return chosen
        self.notice.show_message(
            "There is no teacher on this machine.",
            "Add a GGUF model on the Models page.",
            kind="warn",
            action="Open Models",
            run=self._open_models,
        )
        return None

    def _open_models(self) -> None:
        self.desk.open("models")

    def _run(self, chosen: TeachStart) -> None:
        self.notice.hide()
        self._started = chosen
        self.right.setCurrentIndex(0)
        self.tabs.setCurrentWidget(self.run_view)
        self.run_view.begin({name: one.title for name, one in self._strategies.items()})
        job = self.desk.jobs.start(
            "Answer tasks",
            "generate",
            chosen.generate_work(self.desk.library),
            changes={"records"},
        )
        job.updated.connect(self.run_view.show_update)
        self._follow(job)

    def _follow(self, job: Job) -> None:
        self.job = job
        job.event.connect(self._receive)
        self.job_panel.follow(job)
        self.start_button.setEnabled(False)
        self.preview_button.setEnabled(False)

    def _receive(self, event: Any) -> None:
        if self.job is not None and self.job.kind == "preview":
            self.preview_view.add(event)
            return
        self.run_view.receive(event)
        if self._started is not None:  # the first records tell which run it is
            self._note_run(self._started, event.run)
            self._started = None

    def _note_run(self, started: TeachStart, run: str) -> None:
        self._keep(START, {**started.as_json(), "run": run})

    def _keep(self, key: str, value: dict[str, Any]) -> None:
        """Keep a setting; a full disk, which the run itself tells of, must not keep anyone from looking."""
        library = self.desk.library

        def write() -> None:
            with contextlib.suppress(UserError):
                set_setting(library, key, value)

        self.desk.background.run(self, write)

    def _ended(self, job: Job) -> None:
        self.job = None
        self.start_button.setEnabled(True)
        self.preview_button.setEnabled(True)
        if job.kind == "preview":
            self.preview_view.finish(job.result)
        else:
            self.run_view.end()
        if job.error is not None:
            self.notice.show_error(job.error)
        elif job.kind == "generate" and job.result is not None:
            self._tell(job.result)
        self._look()

    def _tell(self, made: Generated) -> None:
        said = outcome(made)
        runs: dict[Next, Callable[[], None]] = {
            "go on": self.start,
            "records": self._open_records,
            "run": lambda: self.desk.open("records", run=made.run),
        }
        self.notice.show_message(
            said.text, said.hint, kind=said.kind, action=said.action, run=runs[said.then]
        )

    def _open_records(self) -> None:
        self.desk.open("records")


def _read(library: Library) -> tuple[list[str], list[str], dict[str, Strategy]]:
    """Return the families with training tasks, the tags, and the strategies."""
    names = [one.family for one in families(library) if one.train]
    return names, list(tags(library)), current_strategies(library)
