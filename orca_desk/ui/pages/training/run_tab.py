"""One training, live or finished: its figures, curves, warnings and outcome."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.library.database import Library
from orca_desk.library.trainings import Training
from orca_desk.parity.earlier import earlier_from_json
from orca_desk.parity.table import table_from_json
from orca_desk.processes.progress import Update
from orca_desk.steps.train.history import TrainingDetails, training_details
from orca_desk.steps.train.training import Trained
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.training.checkpoints_card import CheckpointsCard
from orca_desk.ui.pages.training.evaluations_card import EvaluationsCard
from orca_desk.ui.pages.training.run_figures import RunFigures
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.curves import Curves, TrainingCurves
from orca_desk.ui.widgets.gate_table import GateTableView
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.series import TrainingPoints
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.runs import PAUSED, RESUMABLE, STATUSES, status_text
from orca_desk.ui.words.tidying import run_title
from orca_desk.ui.words.trainings import (
    changed_sentence,
    device_sentence,
    early_sentence,
    is_worse,
    loss_sentence,
    records_sentence,
    resumes_from,
)


class TrainingRunView(QWidget):
    """Shows one training. `resumed`, `used` and `exported` have its Training when the user chooses that."""

    resumed = Signal(object)
    used = Signal(object)
    exported = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.details: TrainingDetails | None = None
        self.training = ""  # the id of the training that is shown
        self.warnings: list[str] = []
        self._job: Job | None = None
        self._job_training = ""
        self._failure: Exception | None = None  # of the job, until the training that it ended is read
        self._pending: list[dict[str, Any]] | None = None  # live events, while the stored ones are read
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        layout.addLayout(self._build_heading())
        self.panel = JobPanel(desk)
        self.panel.stop.setText("Stop and save progress")
        layout.addWidget(self.panel)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._build_result())
        self.figures = RunFigures()
        column.addWidget(self.figures)
        frame, inside = card()
        self.curves = Curves(desk.theme)
        self.run: TrainingCurves = self.curves.show_runs([""])[0]
        inside.addWidget(self.curves)
        column.addWidget(frame)
        self.curves.offer_saving(desk, self.notice, name="training")
        self.evaluations = EvaluationsCard(desk)
        column.addWidget(self.evaluations)
        self.checkpoints = CheckpointsCard(desk)
        column.addWidget(self.checkpoints)
        column.addStretch(1)
        layout.addWidget(scrolled(below, "Training progress"), 1)
        desk.theme.changed.connect(self._show_status)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Let the curves be about half as high as the page, so that they are seen whole."""
        super().resizeEvent(event)
        self.curves.set_height(self.height() // 2)

    def show_training(self, training_id: str) -> None:
        """Show another training: its stored events, then the live ones."""
        self.training = training_id
        self.details = None
        self._pending = []
        self.heading.setText(training_id)
        self.status.setText("Reading…")
        self.run = self.curves.show_runs([""])[0]
        self.figures.clear()
        self.desk.background.run(
            self,
            lambda: _read(self.desk.library, training_id),
            self._show_stored,
            failed=self._show_failure,
            only_newest="details",
        )

    def follow(self, job: Job) -> None:
        """Follow a training job. Its first event names the training, the others are the trainer's."""
        self._job, self._job_training = job, ""
        self.training, self.details = "", None
        self.run = self.curves.show_runs([""])[0]
        self.figures.clear()
        self.result.hide()
        self.evaluations.show_training(None)
        self.checkpoints.show_training(None)
        self.heading.setText(job.title)
        self.status.clear()
        self._icon.clear()
        self.warnings.clear()
        self.notice.hide()
        self.panel.follow(job)
        job.event_arrived.connect(self._receive)
        job.updated.connect(self._show_update)
        job.state_changed.connect(self._show_status)
        job.ended.connect(lambda: self._ended(job))

    def refresh(self) -> None:
        """Read newer events: another page may be training this one, such as the demo."""
        if not self.training or self.details is None:
            return
        training_id = self.training
        after = int(self.run.loss.steps[-1]) if len(self.run.loss) else -1
        self.desk.background.run(
            self,
            lambda: training_details(self.desk.library, training_id, after_step=after),
            self._show_more,
            failed=self._show_failure,
            only_newest="more",
        )

    @property
    def is_busy(self) -> bool:
        """Whether this follows a job that has not ended."""
        return self._job is not None

    @property
    def is_live(self) -> bool:
        """Whether the job trains the training that is shown."""
        return self._job is not None and bool(self.training) and self._job_training == self.training

    def _build_heading(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.heading = label(size="heading", bold=True, wrap=True)
        self._icon = QLabel()
        self.status = label()
        row.addWidget(self.heading, 1)
        row.addWidget(self._icon)
        row.addWidget(self.status)
        return row

    def _build_result(self) -> QFrame:
        self.result, layout = card()
        row = QHBoxLayout()
        row.setSpacing(GRID)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.best = label(bold=True, wrap=True)
        self.records = label(wrap=True, selectable=True, size="caption")
        self.outcome = label(wrap=True, selectable=True, size="caption", tone="muted")
        self.changed = label(wrap=True, selectable=True, size="caption", tone="warn")
        for sentence in (self.best, self.records, self.outcome, self.changed):
            words.addWidget(sentence)
        row.addLayout(words, 1)
        desk = self.desk
        self.evaluate = button(
            "Evaluate", lambda: desk.open("evaluate", training=self.training), primary=True
        )
        self.chat = button("Chat", lambda: desk.open("chat", training=self.training))
        self.use = button(
            "Use as is",
            lambda: self._emit(self.used),
            tip="Export and check the best adapter so far. The training can still be resumed.",
        )
        self.resume = button("Resume", lambda: self._emit(self.resumed), primary=True)
        self.resume.setToolTip("Resume from the newest checkpoint")
        self.export = button(
            "Export…",
            lambda: self._emit(self.exported),
            tip="Write files for Ollama, LM Studio, llama.cpp and other applications",
        )
        for one in (self.evaluate, self.chat, self.export, self.use, self.resume):
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        self.gate = GateTableView(desk.theme)
        layout.addWidget(self.gate)
        self.result.hide()
        return self.result

    def _emit(self, signal: Any) -> None:
        if self.details is not None:
            signal.emit(self.details.training)

    def _show_stored(self, read: tuple[TrainingDetails, TrainingPoints]) -> None:
        details, points = read
        if details.training.id != self.training:
            return  # another training is shown by now
        self.details = details
        self.run.take(points)
        pending, self._pending = self._pending or [], None
        for event in pending:
            self._add(event)
        self._show_newest(details)
        self._show_status()
        self._show_unsaid(details.training)

    def _show_unsaid(self, training: Training | None) -> None:
        """Show the error that ended the job, unless it is in the outcome of the training that is shown."""
        error, self._failure = self._failure, None
        if error is not None and (training is None or outcome_text(training.run.outcome) != str(error)):
            self.notice.show_error(error)

    def _show_more(self, details: TrainingDetails) -> None:
        if details.training.id != self.training:
            return
        if not self.is_live:
            self.run.add(details.metrics, details.evaluations)
        self.details = details
        self._show_newest(details)
        self._show_status()

    def _show_failure(self, error: Exception) -> None:
        self._pending = None
        self._failure = None
        self.notice.show_error(error)

    def _receive(self, event: dict[str, Any]) -> None:
        """Handle one event of the job."""
        if event["event"] == "began":
            self._job_training = event["training"]
            if self.training != self._job_training:
                self.show_training(self._job_training)
        elif event["event"] == "warning":
            self.warnings.append(event["message"])
            self._show_warnings()
        elif self.training == self._job_training:
            if event["event"] == "report":  # events after its checkpoint are no longer stored
                self.show_training(self.training)
            elif self._pending is not None:
                self._pending.append(event)
            else:
                self._add(event)

    def _add(self, event: dict[str, Any]) -> None:
        if event["event"] == "metrics":
            self.run.add([event], [])
            self.figures.show_metrics(event)
        elif event["event"] == "eval":
            self.run.add([], [event])
            self.figures.show_validation(event["loss"])
        self.curves.redraw()

    def _show_newest(self, details: TrainingDetails) -> None:
        """Show the newest figures that were read, and the best checkpoint."""
        if details.metrics:
            self.figures.show_metrics(details.metrics[-1])
        if details.evaluations:
            self.figures.show_validation(details.evaluations[-1]["loss"])
        training = details.training
        if training.best_step is not None and training.best_eval is not None:
            self.run.best = (training.best_step, training.best_eval)
        if not self.is_live:
            self.figures.show_time(training.run.seconds, None)
        self.curves.redraw()

    def _show_update(self, update: Update) -> None:
        if self.is_live and self._job is not None:
            left = update.seconds_left if update.stage == "training" else None
            earlier = self.details.training.run.earlier_seconds if self.details else 0.0
            self.figures.show_time(earlier + self._job.seconds, left)

    def _show_warnings(self) -> None:
        self.notice.show_message("Warnings", "\n".join(self.warnings[-3:]), kind="warn")

    def _show_status(self) -> None:
        if self.details is None:
            return
        training = self.details.training
        paused = self.is_live and self._job is not None and self._job.state == "pausing"
        status = PAUSED if paused else STATUSES[training.run.status]
        self.heading.setText(f"{run_title(training.run)}  ·  {training.base.name} on {self.details.snapshot}")
        self._icon.setPixmap(pixmap(status.image, self.desk.theme.colours, status.role))
        self.status.setText(status.word if paused else status_text(training.run))
        self._show_result(training)

    def _show_result(self, training: Training) -> None:
        over = training.run.status in ("done", "cancelled", "failed", "interrupted") and not self.is_live
        self.result.setVisible(over)
        self.evaluations.show_training(training if over else None)
        self.checkpoints.show_training(training if over else None)
        check = earlier_from_json(training.run.outcome)
        failed = check is not None and check.agree is False  # an earlier version kept such adapters
        usable = training.adapter is not None and not failed
        self.evaluate.setVisible(usable)
        self.chat.setVisible(usable)
        self.export.setVisible(usable)
        if self.details is None:
            return
        self.use.setVisible(self.details.can_use)
        self.resume.setVisible(self.details.can_resume)
        worse = usable and is_worse(training.best_eval, self.details.base_loss)
        self.best.setText(_best(self.details))
        set_tone(self.best, "bad" if training.run.status == "failed" else "warn" if worse else "")
        set_tone(self.outcome, "bad" if failed else "muted")
        outcome = outcome_text(training.run.outcome)
        if training.run.status == "interrupted":
            outcome = f"The app or computer stopped. {resumes_from(self.details.checkpoint)}"
        report = self.details.records
        table = table_from_json(training.run.outcome)
        if table is not None:
            outcome = ""  # the table's sentence
        table = table or self.details.failed_gate
        self.gate.setVisible(table is not None)
        if table is not None:
            self.gate.show_table(table)
        for words, text in (
            (self.records, f"{records_sentence(report)} {device_sentence(report)}".strip()),
            (self.outcome, outcome),
            (self.changed, changed_sentence(self.details.changed)),
        ):
            words.setText(text)
            words.setVisible(bool(text))
        parts = (self.evaluate, self.use, self.resume, self.gate, self.records, self.outcome, self.changed)
        has_content = bool(self.best.text()) or not all(one.isHidden() for one in parts)
        self.result.setVisible(over and has_content)

    def _ended(self, job: Job) -> None:
        if job is not self._job:  # the next job is followed already
            if job.error is not None:
                self.notice.show_error(job.error)
            return
        self._job = None
        if job.error is not None:
            self._failure = job.error
            if not self.training:
                self._show_unsaid(None)
        elif isinstance(job.result, Trained) and job.result.was_done:
            self.notice.show_message(
                f"{job.result.run} had already finished when this job's turn came.", "Nothing was trained."
            )
        elif isinstance(job.result, Trained) and job.result.warnings:
            self.warnings[:] = job.result.warnings
            self._show_warnings()
        if self.training:
            self.show_training(self.training)


def _read(library: Library, training_id: str) -> tuple[TrainingDetails, TrainingPoints]:
    details, points = training_details(library, training_id), TrainingPoints()
    points.add(details.metrics, details.evaluations)
    return details, points


def _best(details: TrainingDetails) -> str:
    """Return where the training was stopped, if it was, and the best checkpoint, in sentences."""
    training, run = details.training, details.training.run
    where = f" at step {run.done:,.0f} of {run.total:,.0f}" if run.unit == "steps" and run.total else ""
    ended = f"{STATUSES[run.status].word}{where}." if run.status in RESUMABLE else ""
    if details.stopped_early:
        steps = {event["step"]: event["loss"] for event in details.evaluations}
        last = details.metrics[-1] if details.metrics else {"step": run.done, "steps": run.total}
        ended = early_sentence(training.settings, int(last["step"] or 0), int(last["steps"] or 0), steps)
    if training.adapter is None:
        return ended
    loss = loss_sentence(training.best_step, training.best_eval, details.base_loss)
    return f"{ended} {loss}".strip()
