"""The Teacher page: preview a few answers, then have the teacher answer all selected tasks."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QTabWidget, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.samples import own_families, sample_families
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import families, tags
from orca_desk.method.strategies import Strategy
from orca_desk.steps.defaults import chosen_teacher
from orca_desk.steps.instruct.estimate import TeachingTime, estimate_teaching
from orca_desk.steps.instruct.generate import Generated
from orca_desk.steps.instruct.preview import Workload
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.recorder import request_to_resume
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.teacher.form import TeacherForm
from orca_desk.ui.pages.teacher.outcome import NoticeAction, run_notice
from orca_desk.ui.pages.teacher.preview import TeacherPreview
from orca_desk.ui.pages.teacher.run import TeacherRun
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import button

CHOSEN = "desktop.teacher"  # the setting that holds the form
PAUSE_MS = 250  # from the last edit to the new count


class TeacherPage(Page):
    """Settings on the left; the preview or the run on the right."""

    name = "teacher"
    title = "Teacher"
    widest = WIDE_PANES
    about = "A large model answers the training tasks, each under its family's strategy."
    watches = frozenset({"tasks", "strategies", "pairings", "records"})
    offers = (
        Command("&Start answering", lambda page: page.start(), key="Ctrl+Return", image="play"),
        Command("&Preview five answers", lambda page: page.preview(), key="Ctrl+P", image="eye"),
        Command("Pa&use or resume", lambda page: page.pause(), key="Ctrl+Shift+P", image="pause"),
        stop_command(lambda page: page.job),
        SEARCH,
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._strategies: dict[str, Strategy] = {}
        self.job: Job | None = None  # the run or preview in progress
        self._closing = False
        self.preview_button = button("Preview five", self.preview)
        self.preview_button.setToolTip("Answer five random tasks; nothing is saved")
        self.start_button = button("Start", self.start, primary=True)
        self.start_button.setToolTip("Answer all selected tasks (Ctrl+Enter)")
        for made in (self.preview_button, self.start_button):
            self.header.addWidget(made)
        self.job_panel = JobPanel(desk)
        self.job_panel.over.connect(self._ended)
        self.body.addWidget(self.job_panel)
        self.form = TeacherForm(desk)
        self.columns = Panes()
        self.columns.setHandleWidth(2 * GRID)
        self.columns.addWidget(self.form)
        self.columns.addWidget(self._results())
        self.columns.setStretchFactor(1, 1)
        self.columns.setSizes([44 * GRID, 90 * GRID])
        self.body.addWidget(self.columns, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._count_tasks)
        self.form.set_value(_last_choice(desk.library))
        self.form.changed.connect(self._timer.start)
        self.keep("columns", self.columns)
        self.keep("answers", self.run_view.table)

    def search_field(self) -> QLineEdit:
        """See Page: the words that the tasks to answer have."""
        return self.form.text

    def refresh(self, changes: frozenset[str]) -> None:
        """Offer the current families, tags and strategies, and count the tasks again."""
        if changes - {"records"}:
            library = self.desk.library
            self.desk.background.run(self, lambda: _read(library), self._offer, only_newest="choices")
        elif self.job is None:  # a run's own records are counted when it ends
            self._timer.start()

    def go(self, target: Mapping[str, Any]) -> None:
        """Resume a {"resume": run}, start a {"start": request}, or select a teacher for {"model": path}."""
        if "model" in target:
            self.form.picker.adopt(Path(str(target["model"])))
        if "resume" in target:
            self.resume(target["resume"])
        if "start" in target:
            self._start_stored(target["start"])
        if "quantise" in target:
            self.form.quantise(Path(str(target["quantise"])), str(target["kind"]))

    def close_page(self) -> None:
        """Stop reading the library."""
        self._closing = True
        self._timer.stop()
        self.run_view.end()

    def start(self) -> None:
        """Answer all selected tasks."""
        chosen = self._value()
        if chosen is not None and self.job is None:
            self._run(chosen)

    def resume(self, run_id: str) -> None:
        """Resume an interrupted run by the request stored with it."""
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: request_to_resume(library, run_id, "generate"),
            self._resume_stored,
            failed=self.notice.show_error,
        )

    def _resume_stored(self, stored: dict[str, Any] | None) -> None:
        if stored is not None:
            self._start_stored(stored)
            return
        self.notice.show_message(
            "The settings of this run are no longer available.",
            "Choose the same settings and start: answers you already have will be reused.",
            kind="warn",
        )

    def _start_stored(self, stored: Mapping[str, Any]) -> None:
        """Start a run by a stored request."""
        if self.job is not None:
            self.notice.show_message(
                "The teacher is already running.", "Start this run when that has finished.", kind="warn"
            )
            return
        try:
            chosen = GenerateRequest.from_json(stored)
        except UserError as error:
            self.notice.show_error(error)
            return
        self.form.set_value(chosen)
        self._run(chosen)

    def preview(self) -> None:
        """Preview answers to five of the selected tasks."""
        chosen = self._value()
        if chosen is None or self.job is not None:
            return
        self.tabs.setCurrentWidget(self.preview_view)
        library = self.desk.library
        job = self.desk.jobs.start(
            "Preview five answers",
            "preview",
            lambda tools: chosen.preview(
                library, on_answer=tools.tell, progress=tools.progress, control=tools.control
            ),
        )
        self.preview_view.begin(job)
        self._follow(job)

    def pause(self) -> None:
        """Pause the job, or resume it."""
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
                text="The teacher answers the library's training tasks. Import some first.",
                action="Import tasks…",
                run=self._import,
            )
        )
        return self.right

    def _import(self) -> None:
        self.desk.open("tasks", do="import")

    def _open_record(self, record: str) -> None:
        self.desk.open("records", record=record)

    def _offer(
        self, found: tuple[dict[str, int], Sequence[str], dict[str, int], dict[str, Strategy]]
    ) -> None:
        names, left_out, tag_names, self._strategies = found
        self.form.set_choices(names, tag_names, list(self._strategies.values()), left_out=left_out)
        self.right.setCurrentIndex(0 if names or self.job is not None else 1)
        self.start_button.setEnabled(bool(names) and self.job is None)
        self.preview_button.setEnabled(bool(names) and self.job is None)
        self._timer.start()

    def _count_tasks(self) -> None:
        """Save the form, and count what a run would do."""
        if self._closing:
            return
        try:
            chosen = self.form.value()
        except UserError as error:
            self.form.count.setText(error.message)
            self.form.known.setText(error.hint)
            return
        library, stored = self.desk.library, chosen.to_json()
        if chosen.model and get_setting(library, CHOSEN) != stored:
            self._save_form(stored)
        self.desk.background.run(
            self,
            lambda: _workload_and_time(library, chosen),
            self._show_workload,
            failed=self._refuse,
            only_newest="workload",
        )

    def _show_workload(self, found: tuple[Workload, TeachingTime | None]) -> None:
        workload, time = found
        self.form.show_workload(workload)
        self.form.show_time(time)
        self.preview_view.show_missing(workload.missing)

    def _refuse(self, error: Exception) -> None:
        self.notice.show_error(error)

    def _value(self) -> GenerateRequest | None:
        """Return the form's settings; if they cannot be used, show why and return None."""
        self.notice.hide()
        try:
            chosen = self.form.value()
        except UserError as error:
            self.notice.show_error(error)
            return None
        if chosen.model and (self.form.picker.selected() or not self.desk.models.is_read):
            return chosen
        self.form.picker.explain_missing(self.notice, self._open_models)
        return None

    def _open_models(self) -> None:
        self.desk.open("models")

    def _run(self, chosen: GenerateRequest) -> None:
        self.notice.hide()
        self.right.setCurrentIndex(0)
        self.tabs.setCurrentWidget(self.run_view)
        self.run_view.begin({name: one.title for name, one in self._strategies.items()})
        library = self.desk.library
        job = self.desk.jobs.start(
            "Answer tasks",
            "generate",
            lambda tools: chosen.generate(
                library, progress=tools.progress, control=tools.control, on_arrival=tools.tell
            ),
            changes={"records"},
            again=("teacher", {"start": chosen.to_json()}),
        )
        job.updated.connect(self.run_view.show_update)
        self._follow(job)

    def _follow(self, job: Job) -> None:
        self.job = job
        job.event_arrived.connect(self._receive)
        self.job_panel.follow(job)
        self.start_button.setEnabled(False)
        self.preview_button.setEnabled(False)

    def _receive(self, event: Any) -> None:
        if self.job is not None and self.job.kind == "preview":
            self.preview_view.add(event)
            return
        self.run_view.receive(event)

    def _save_form(self, value: dict[str, Any]) -> None:
        """Save the form for the next start. On a full disk this fails silently: a run will report it."""
        library = self.desk.library

        def write() -> None:
            with contextlib.suppress(UserError):
                set_setting(library, CHOSEN, value)

        self.desk.write(write)

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
            self._show_end(job.result)
        self._count_tasks()

    def _show_end(self, made: Generated) -> None:
        notice = run_notice(made)
        actions: dict[NoticeAction, Callable[[], None]] = {
            "resume": self.start,
            "open all records": self._open_records,
            "open the run": lambda: self.desk.open("records", run=made.run),
        }
        self.notice.show_message(
            notice.text, notice.hint, kind=notice.kind, action=notice.button, run=actions[notice.action]
        )

    def _open_records(self) -> None:
        self.desk.open("records")


def _last_choice(library: Library) -> GenerateRequest:
    """Return what the form held last, or the user's defaults, with the teacher that was chosen last."""
    stored = get_setting(library, CHOSEN)
    request = GenerateRequest.usual(library)
    if stored:
        with contextlib.suppress(UserError):
            request = GenerateRequest.from_json(stored)
    teacher = chosen_teacher(library)
    return request if teacher is None else replace(request, model=str(teacher))


def _workload_and_time(library: Library, chosen: GenerateRequest) -> tuple[Workload, TeachingTime | None]:
    """Count what a run would do, and estimate its time; None where the teacher cannot be read."""
    found = chosen.count(library)
    with contextlib.suppress(UserError):  # the picker tells what is wrong with the teacher
        return found, estimate_teaching(library, chosen, found.missing)
    return found, None


def _read(library: Library) -> tuple[dict[str, int], Sequence[str], dict[str, int], dict[str, Strategy]]:
    """Return families with training tasks, those of samples beside own ones, tags, and strategies.

    Families and tags have their numbers of tasks.
    """
    names = {one.family: one.train for one in families(library) if one.train}
    left_out = () if own_families(library) is None else sample_families(library)
    return names, left_out, tags(library), current_strategies(library)
