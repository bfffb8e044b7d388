"""One job while it runs: what it does, its progress, rate and time left; pause, resume and stop."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout

from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.motion import is_animated
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.progress import JOB_STATES, progress_line


class JobPanel(QFrame):
    """Shows one job at a time and hides itself while there is none. `over` fires when the job has ended."""

    over = Signal(object)

    def __init__(self, desk: Desk, *, with_overall: bool = True) -> None:
        """`with_overall` False: something beside the panel shows how far the whole job is."""
        super().__init__()
        self.desk, self._with_overall = desk, with_overall
        self.job: Job | None = None
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        row = QHBoxLayout()
        self.title = ElidedLabel(bold=True)
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.count = ElidedLabel(tone="muted")
        row.addWidget(self.title)
        row.addWidget(self.count, 1)
        self.pause = button("Pause", self._pause)
        self.stop = button("Stop", self._stop, tip="Stop and save progress")
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        layout.addLayout(row)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the job")
        layout.addWidget(self.bar)
        self.hide()

    def follow(self, job: Job) -> None:
        """Show `job` from now on."""
        if self.job is not None:
            self._unfollow(self.job)
        self.job = job
        job.updated.connect(self._show)
        job.state_changed.connect(self._show_state)
        job.ended.connect(self._ended)
        self.title.show_text(job.title)
        self.setAccessibleName(job.title)
        self._show(job.last or Update(stage=""))
        self._show_state()
        self.show()

    def _show(self, update: Update) -> None:
        state = JOB_STATES[self.job.state] if self.job else ""
        # A worker may report more while it stops
        self.count.show_text(state or progress_line(update, with_overall=self._with_overall))
        share = update.share if self._with_overall else replace(update, overall=None).share
        self.bar.setRange(0, 0 if share is None and is_animated() else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))

    def _show_state(self) -> None:
        if self.job is None:
            return
        state = self.job.state
        self.pause.setText("Resume" if state == "pausing" else "Pause")
        self.pause.setEnabled(state in ("running", "pausing"))
        self.stop.setEnabled(state in ("waiting", "running", "pausing"))
        if JOB_STATES[state]:
            self.count.show_text(JOB_STATES[state])
        if state == "waiting":
            self.bar.setRange(0, 1)  # (0, 0) would animate as if something happened

    def _pause(self) -> None:
        if self.job and self.job.state == "pausing":
            self.job.resume()
            self._show(self.job.last or Update(stage=""))
        elif self.job:
            self.job.pause()

    def _stop(self) -> None:
        if self.job:
            self.job.stop()

    def _unfollow(self, job: Job) -> None:
        job.updated.disconnect(self._show)
        job.state_changed.disconnect(self._show_state)
        job.ended.disconnect(self._ended)

    def _ended(self) -> None:
        self.hide()
        self.over.emit(self.job)
