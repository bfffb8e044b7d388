"""The jobs of a plan: its candidates are evaluated one after another, each shown while it runs."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from orca_desk.method.records import Task
from orca_desk.steps.evaluate.candidates import evaluate_candidate
from orca_desk.steps.evaluate.evaluation import STAGE
from orca_desk.steps.evaluate.plan import Candidate, Plan, plan_to_json, request_of, store_changed_plan
from orca_desk.steps.evaluate.scoring import Evaluated
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.evaluations import unasked_text


class EvaluationJobs(QObject):
    """Runs the jobs of one plan. `finished` has the ids of the evaluations that were finished."""

    finished = Signal(object)

    def __init__(self, desk: Desk, panel: JobPanel, notice: Notice) -> None:
        super().__init__(desk)
        self.desk, self.panel, self.notice = desk, panel, notice
        self.jobs: list[Job] = []  # in the order of the queue
        self._candidates: dict[Job, Candidate] = {}
        self._done: list[str] = []
        self._plan: Plan | None = None
        self._stored: Plan | None = None  # by the run that has begun last
        self._all_queued = threading.Event()
        desk.jobs.changed.connect(self._follow)

    @property
    def is_running(self) -> bool:
        """Whether a job of the plan is running or waiting."""
        return any(not job.is_over for job in self.jobs)

    def start(self, plan: Plan, tasks: Sequence[Task]) -> None:
        """Evaluate each candidate of `plan` on `tasks` in turn."""
        self._done, self._plan = [], plan
        self.jobs, self._candidates = [], {}
        self._all_queued = threading.Event()
        for candidate in plan.candidates:
            job = self._start(candidate, plan, tasks)
            self._candidates[job] = candidate
            self.jobs.append(job)
        self._all_queued.set()
        self._follow()

    def _start(self, candidate: Candidate, plan: Plan, tasks: Sequence[Task]) -> Job:
        library, all_queued = self.desk.library, self._all_queued

        def work(tools: Tools) -> Evaluated | None:
            all_queued.wait()  # the run stores what is queued behind it
            self._stored = in_order = self._in_order(plan)
            return evaluate_candidate(
                library,
                candidate,
                tasks,
                sampling=plan.sampling,
                progress=tools.progress,
                control=tools.control,
                request=request_of(in_order, candidate),
                forgetting=plan.forgetting,
            )

        job = self.desk.jobs.start(
            f"Evaluate {candidate.name}",
            "evaluate",
            work,
            changes={"evaluations"},
            begins_in=STAGE,  # before that, a student's GGUF file may have to be made
            returns=True,
        )
        job.state_changed.connect(lambda: self._stop_plan(job))
        job.updated.connect(lambda: self._store_order(job))
        job.ended.connect(lambda: self._ended(job))
        return job

    def _in_order(self, plan: Plan, *, left: bool = False) -> Plan:
        """Return the plan in the order of the queue: all that was not taken off it, or only what is left."""
        jobs = [job for job in self.jobs if not (job.is_over if left else job.was_removed)]
        return replace(plan, candidates=tuple(self._candidates[job] for job in jobs))

    def _follow(self) -> None:
        """Show the next job; should it never begin, it is started again with all behind it.

        Once it has begun, its run stores those. The user may have changed their order, or removed some.
        """
        queue = {job: place for place, job in enumerate(self.desk.jobs.all)}
        self.jobs = sorted(self.jobs, key=lambda job: queue[job])
        first = next((job for job in self.jobs if not job.is_over), None)
        if first is None or self._plan is None or len(self._candidates) < len(self._plan.candidates):
            return
        again = ("evaluate", {"start": plan_to_json(self._in_order(self._plan, left=True))})
        is_news = first.again != again
        for job in self.jobs:
            job.again, job.returns_with = (again, None) if job is first else (None, first)
        if self.panel.job is not first:
            self.panel.follow(first)
        self._store_order(first)
        if is_news:
            self.desk.jobs.changed.emit()

    def _store_order(self, job: Job) -> None:
        """Have the run that is running store the order of the queue, if that has changed since it began."""
        if self._plan is None or not job.has_begun or job.is_over:
            return
        plan, library, candidate = self._in_order(self._plan), self.desk.library, self._candidates[job]
        if plan != self._stored:
            self._stored = plan
            self.desk.write(lambda: store_changed_plan(library, plan, candidate))

    def _stop_plan(self, job: Job) -> None:
        """Stop all jobs with the first one that is stopped, before the next one can begin.

        One that the user takes off the queue is left out alone.
        """
        if job.is_over and job.control.stopped and not job.was_removed:
            for other in self.jobs:
                other.stop()

    def _ended(self, job: Job) -> None:
        if job.error is not None:
            self.notice.show_error(job.error)
        if job.result is not None and job.result.finished:
            self._done.append(job.result.run)
            if job.result.unasked:
                self._show_failures(job)
        if self.is_running:
            self._follow()
        elif self.jobs:
            self.jobs = []
            self.finished.emit(self._done)

    def _show_failures(self, job: Job) -> None:
        text = f"{job.title}: {unasked_text(job.result.unasked, job.result.failed)}"
        hint = "Allow fewer answer tokens or a longer context, or leave these tasks out for every model."
        self.notice.show_message(text, hint, kind="warn")
