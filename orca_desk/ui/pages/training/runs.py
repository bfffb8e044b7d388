"""What the Training page starts and resumes: trainings, exports and measurements, also stored ones."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from orca_desk.errors import UserError
from orca_desk.library.runs import get_run
from orca_desk.library.trainings import Training, get_training
from orca_desk.steps.export.offer import KIND as EXPORT
from orca_desk.steps.export.request import ExportRequest, request_from_json
from orca_desk.steps.train.base_request import KIND as MEASURE
from orca_desk.steps.train.base_request import BaseRequest
from orca_desk.steps.train.queue import TrainingQueue
from orca_desk.steps.train.request import TrainingRequest, request_of
from orca_desk.ui.jobs import NO_RUN, Again, Job, Tools
from orca_desk.ui.page import Page
from orca_desk.ui.pages.training.jobs import start_measuring, train_job, use_stopped_job


class TrainingRuns(QObject):
    """Starts jobs and keeps the trainings among them in `queue`.

    `started` follows each job that trains, `ended` its end. `found_queued` says that a training which was to
    start is running or queued already.
    """

    started = Signal()
    ended = Signal()
    found_queued = Signal()

    def __init__(self, page: Page, *, export: Callable[[Sequence[str], ExportRequest | None], Any]) -> None:
        """`export` offers to export one of some trainings, or starts an export."""
        super().__init__(page)
        self._desk, self._notice, self._export = page.desk, page.notice, export
        self.queue: TrainingQueue[Job] = TrainingQueue()

    def train(self, request: TrainingRequest, resumes: str = "") -> None:
        """Start a training, or resume the unfinished one with the same inputs, whose id is `resumes`."""
        if self.queue.holds(request):
            self._notice.show_message("This training is already running or queued.")
            self.found_queued.emit()
            return
        self._notice.hide()
        library = self._desk.library
        self._start(
            request,
            f"Train {request.base.name}",
            lambda tools: train_job(library, request, tools, resumes=resumes),
            again=("training", {"start": request.to_json()}),
        )

    def export_stored(self, stored: Mapping[str, Any] | str) -> None:
        """Start or resume an export that was stored, or offer to export a training."""
        if isinstance(stored, str):
            self._export([stored], None)
            return
        try:
            request = request_from_json(stored)
        except UserError as error:
            self._notice.show_error(error)
            return
        self._export([request.training], request)

    def resume_run(self, run_id: str) -> None:
        """Resume a training, an export or a measurement by the id of its run."""
        try:
            run = get_run(self._desk.library, run_id)
            if run.kind == EXPORT:
                self.export_stored(run.request or {})
                return
            if run.kind == MEASURE:
                self.measure_stored(run.request or {})
                return
            self.resume(get_training(self._desk.library, run_id))
        except UserError as error:
            self._notice.show_error(error)

    def measure_stored(self, stored: Mapping[str, Any]) -> None:
        """Start or resume a measurement of an untrained student that was stored."""
        try:
            start_measuring(self._desk, BaseRequest.from_json(stored))
        except UserError as error:
            self._notice.show_error(error)
            return
        self._desk.open("jobs")

    def resume(self, training: Training) -> None:
        """Resume a training from its newest checkpoint."""
        try:
            request = request_of(training)
        except UserError as error:
            self._notice.show_error(error)
            return
        self.train(request, resumes=training.id)

    def start_stored(self, stored: Mapping[str, Any]) -> None:
        """Start a training that waited when the app was closed."""
        try:
            self.train(TrainingRequest.from_json(stored))
        except UserError as error:
            self._notice.show_error(error)

    def use_stopped(self, training: Training) -> None:
        """Export and check the adapter of a stopped training."""
        library = self._desk.library
        self._start(
            request_of(training),
            f"Use {training.id} as is",
            lambda tools: use_stopped_job(library, training.id, tools),
            again=("training", {"use": training.id}),
            begins_in=NO_RUN,
        )

    def use_stored(self, training_id: str) -> None:
        """Use a stopped training as is, when that waited as the app was closed."""
        try:
            training = get_training(self._desk.library, training_id)
            if self.queue.holds(request_of(training)):
                self._notice.show_message(f"{training_id} is already running or queued.")
            else:
                self.use_stopped(training)
        except UserError as error:
            self._notice.show_error(error)

    def _start(
        self,
        request: TrainingRequest,
        title: str,
        work: Callable[[Tools], Any],
        again: Again,
        begins_in: str = "",
    ) -> None:
        """Start a job and show it, at once or when the job before it has ended."""
        job = self._desk.jobs.start(
            title, "train", work, changes={"trainings"}, again=again, begins_in=begins_in
        )
        job.ended.connect(self.ended)
        self.queue.add(job, request)
        self.started.emit()
