"""One training as it runs, or as it ran: figures, curves, warnings, and what came of it."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.library.trainings import Training
from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.training.figures import Figures
from orca_desk.ui.pages.training.store import Loaded, load
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.curves import Curves, Run
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.words.trainings import STATUSES, goes_on_from, seconds_of


class RunView(QWidget):
    """Shows one training. `continued` and `kept` come with a Training when the user asks for that."""

    continued = Signal(object)
    kept = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.loaded: Loaded | None = None
        self.training = ""  # the id that is shown
        self.warnings: list[str] = []
        self._job: Job | None = None
        self._job_training = ""
        self._waiting: list[dict[str, Any]] | None = None  # live events, while the stored ones are read
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        layout.addLayout(self._build_heading())
        self.panel = JobPanel(desk)
        self.panel.stop.setText("Stop and keep")
        layout.addWidget(self.panel)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._build_result())
        self.figures = Figures()
        column.addWidget(self.figures)
        frame, inside = card()
        self.curves = Curves(desk.theme)
        self.run: Run = self.curves.show_runs([""])[0]
        inside.addWidget(self.curves)
        column.addWidget(frame, 1)
        layout.addWidget(scrolled(below, "How the training goes"), 1)
        desk.theme.changed.connect(self._show_status)

    def show_training(self, training_id: str) -> None:
        """Show another training: what it has stored, and what it reports from now on."""
        self.training = training_id
        self.loaded = None
        self._waiting = []
        self.heading.setText(training_id)
        self.status.setText("Reading…")
        self.run = self.curves.show_runs([""])[0]
        self.figures.clear()
        self.desk.background.run(
            self,
            lambda: load(self.desk.library, training_id),
            self._show_stored,
            failed=self._show_failure,
            only_newest="load",
        )

    def follow(self, job: Job) -> None:
        """Follow a job that trains: its first event names the training, the others are the trainer's."""
        self._job, self._job_training = job, ""
        self.training, self.loaded = "", None
        self.run = self.curves.show_runs([""])[0]
        self.figures.clear()
        self.result.hide()
        self.heading.setText(job.title)
        self.status.clear()
        self._sign.clear()
        self.warnings.clear()
        self.notice.hide()
        self.panel.follow(job)
        job.event.connect(self._receive)
        job.updated.connect(self._show_update)
        job.state_changed.connect(self._show_status)
        job.ended.connect(self._ended)

    def refresh(self) -> None:
        """Read on: the training that is shown may be another page's, such as the demo's."""
        if not self.training or self.loaded is None:
            return
        training_id = self.training
        after = int(self.run.loss.steps[-1]) if len(self.run.loss) else -1
        self.desk.background.run(
            self,
            lambda: load(self.desk.library, training_id, after_step=after),
            self._show_more,
            failed=self._show_failure,
            only_newest="more",
        )

    @property
    def is_busy(self) -> bool:
        """Whether a job is followed that has not ended."""
        return self._job is not None

    @property
    def is_live(self) -> bool:
        """Whether the job that is followed trains what is shown."""
        return self._job is not None and bool(self.training) and self._job_training == self.training

    def _build_heading(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.heading = label(size="heading", bold=True)
        self._sign = QLabel()
        self.status = label()
        row.addWidget(self.heading, 1)
        row.addWidget(self._sign)
        row.addWidget(self.status)
        return row

    def _build_result(self) -> QFrame:
        self.result, layout = card()
        row = QHBoxLayout()
        row.setSpacing(GRID)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.best = label(bold=True, wrap=True)
        self.outcome = label(wrap=True, selectable=True, size="caption", tone="muted")
        words.addWidget(self.best)
        words.addWidget(self.outcome)
        row.addLayout(words, 1)
        desk = self.desk
        self.evaluate = button(
            "Evaluate it", lambda: desk.open("evaluate", training=self.training), primary=True
        )
        self.chat = button("Chat with it", lambda: desk.open("chat", training=self.training))
        self.keep = button(
            "Use it as it is",
            lambda: self._tell(self.kept),
            tip="Export and check the adapter of the best step so far; the training counts as done",
        )
        self.go_on = button("Continue", lambda: self._tell(self.continued), primary=True)
        self.go_on.setToolTip("Go on from the newest checkpoint")
        for one in (self.evaluate, self.chat, self.keep, self.go_on):
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        self.result.hide()
        return self.result

    def _tell(self, signal: Any) -> None:
        if self.loaded is not None:
            signal.emit(self.loaded.training)

    def _show_stored(self, loaded: Loaded) -> None:
        if loaded.training.id != self.training:
            return  # something else is shown by now
        self.loaded = loaded
        self.run.take(loaded.points)
        waiting, self._waiting = self._waiting or [], None
        for event in waiting:
            self._add(event)
        self._show_newest(loaded)
        self._show_status()

    def _show_more(self, loaded: Loaded) -> None:
        if loaded.training.id != self.training:
            return
        if not self.is_live:
            self.run.add(loaded.metrics, loaded.evaluations)
        self.loaded = loaded
        self._show_newest(loaded)
        self._show_status()

    def _show_failure(self, error: Exception) -> None:
        self._waiting = None
        self.notice.show_error(error)

    def _receive(self, event: dict[str, Any]) -> None:
        """Take what the followed job tells."""
        if event["event"] == "began":
            self._job_training = event["training"]
            if self.training != self._job_training:
                self.show_training(self._job_training)
        elif event["event"] == "warning":
            self.warnings.append(event["message"])
            self._show_warnings()
        elif self.training == self._job_training:
            if event["event"] == "report":  # what was stored after its checkpoint is gone by now
                self.show_training(self.training)
            elif self._waiting is not None:
                self._waiting.append(event)
            else:
                self._add(event)

    def _add(self, event: dict[str, Any]) -> None:
        if event["event"] == "metrics":
            self.run.add([event], [])
            self.figures.show_metrics(event)
        elif event["event"] == "eval":
            self.run.add([], [event])
            self.figures.show_evaluation(event["loss"])
        self.curves.redraw()

    def _show_newest(self, loaded: Loaded) -> None:
        """Show the figures of what was read, and the checkpoint that is kept."""
        if loaded.metrics:
            self.figures.show_metrics(loaded.metrics[-1])
        if loaded.evaluations:
            self.figures.show_evaluation(loaded.evaluations[-1]["loss"])
        training = loaded.training
        if training.best_step is not None and training.best_eval is not None:
            self.run.best = (training.best_step, training.best_eval)
        if not self.is_live:
            self.figures.show_time(seconds_of(training), None)
        self.curves.redraw()

    def _show_update(self, update: Update) -> None:
        if self.is_live and self._job is not None:
            left = update.seconds_left if update.stage == "training" else None
            self.figures.show_time(self._job.seconds, left)

    def _show_warnings(self) -> None:
        self.notice.show_message("The trainer warns", "\n".join(self.warnings[-3:]), kind="warn")

    def _show_status(self) -> None:
        if self.loaded is None:
            return
        training = self.loaded.training
        paused = self.is_live and self._job is not None and self._job.state == "pausing"
        words, image, role = STATUSES["paused" if paused else training.run.status]
        self.heading.setText(f"{training.id}  ·  {training.base.name} on {self.loaded.snapshot}")
        self._sign.setPixmap(pixmap(image, self.desk.theme.colours, role))
        self.status.setText(words)
        self._show_result(training)

    def _show_result(self, training: Training) -> None:
        over = training.run.status in ("done", "cancelled", "failed", "interrupted")
        self.result.setVisible(over and not self.is_live)
        done = training.run.status == "done" and training.adapter is not None
        self.evaluate.setVisible(done)
        self.chat.setVisible(done)
        self.keep.setVisible(self.loaded is not None and self.loaded.can_keep)
        self.go_on.setVisible(self.loaded is not None and self.loaded.goes_on)
        self.best.setText(_best(training))
        set_tone(self.best, "bad" if training.run.status == "failed" else "")
        outcome = training.run.outcome
        if training.run.status == "interrupted" and self.loaded is not None:
            outcome = f"{'The app or the machine ended.'} {goes_on_from(self.loaded.checkpoint)}"
        self.outcome.setText(outcome)
        self.outcome.setVisible(bool(outcome))

    def _ended(self) -> None:
        job = self._job
        if job is None or not job.is_over:
            return  # one that was followed before has ended
        self._job = None
        if job.error is not None:
            self.notice.show_error(job.error)
        elif getattr(job.result, "warnings", ()):
            self.warnings[:] = job.result.warnings
            self._show_warnings()
        if self.training:
            self.show_training(self.training)


def _best(training: Training) -> str:
    """Return what is kept, in a sentence."""
    status = training.run.status
    if training.adapter is not None and training.best_step is not None and training.best_eval is not None:
        return f"Best checkpoint: step {training.best_step:,}, evaluation loss {training.best_eval:.4f}."
    if training.adapter is not None:
        return "The last step's adapter is kept."
    words = {"cancelled": "Stopped", "interrupted": "Cut off", "failed": "Failed"}.get(status, "")
    run = training.run
    where = f" at step {run.done:,.0f} of {run.total:,.0f}" if run.unit == "steps" and run.total else ""
    return f"{words}{where}." if words else ""
