"""Running the candidates of a plan: one job after the other, each shown as it runs."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from orca_desk.method.records import Task
from orca_desk.steps.evaluate.candidates import evaluate_candidate
from orca_desk.steps.evaluate.evaluation import Evaluated
from orca_desk.steps.evaluate.plan import Candidate, Plan, request_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice


class Batch(QObject):
    """The jobs of one start. `over` comes with the ids of the evaluations that were finished."""

    over = Signal(object)

    def __init__(self, desk: Desk, panel: JobPanel, notice: Notice) -> None:
        super().__init__(desk)
        self.desk, self.panel, self.notice = desk, panel, notice
        self.jobs: list[Job] = []
        self._done: list[str] = []

    @property
    def is_running(self) -> bool:
        """Whether jobs of the last start wait or run."""
        return any(not job.is_over for job in self.jobs)

    def start(self, plan: Plan, tasks: Sequence[Task]) -> None:
        """Evaluate each candidate of `plan` on `tasks`, in turn."""
        self._done = []
        self.jobs = [self._start(candidate, plan, tasks) for candidate in plan.candidates]
        self._follow()

    def _start(self, candidate: Candidate, plan: Plan, tasks: Sequence[Task]) -> Job:
        library = self.desk.library

        def work(tools: Tools) -> Evaluated | None:
            return evaluate_candidate(
                library,
                candidate,
                tasks,
                sampling=plan.sampling,
                progress=tools.progress,
                control=tools.control,
                request=request_of(plan, candidate),
            )

        job = self.desk.jobs.start(f"Evaluating {candidate.name}", "evaluate", work, changes={"evaluations"})
        job.ended.connect(lambda: self._ended(job))
        return job

    def _follow(self) -> None:
        unfinished = [job for job in self.jobs if not job.is_over]
        if unfinished:
            self.panel.follow(unfinished[0])

    def _ended(self, job: Job) -> None:
        if job.error is not None:
            self.notice.show_error(job.error)
        if job.result is not None and job.result.finished:
            self._done.append(job.result.run)
            if job.result.failed:
                self._show_failures(job)
        if job.state == "stopped":  # whoever stops one wants no other to begin
            for other in self.jobs:
                other.stop()
        if self.is_running:
            self._follow()
        elif self.jobs:
            self.jobs = []
            self.over.emit(self._done)

    def _show_failures(self, job: Job) -> None:
        reasons = "; ".join(f"{count:,} × {reason}" for reason, count in job.result.failed.items())
        text = f"{job.title}: some tasks could not be asked: {reasons}"
        hint = "They are in no score. Allow fewer answer tokens, or leave these tasks out."
        self.notice.show_message(text, hint, kind="warn")
