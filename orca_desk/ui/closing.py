"""Closing the window while jobs run: ask once, then stop them or wait for them, or stay."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.resuming import GoingOn
from orca_desk.ui.widgets.message_box import message_box


class Closing(QObject):
    """Knows whether the window may close now; `agreed` comes when it may after all.

    `waits` comes with a sentence while the window is to close later, and with "" when it is not any more.
    """

    agreed = Signal()
    waits = Signal(str)

    def __init__(self, desk: Desk, going_on: GoingOn, window: QWidget) -> None:
        super().__init__(window)
        self.desk, self._going_on, self._window = desk, going_on, window
        self._waits = False
        desk.jobs.changed.connect(self._look)

    def may_close(self) -> bool:
        """Return whether nothing runs; otherwise ask what to do, and return False."""
        if not self.desk.jobs.unfinished:
            return True
        self._ask()
        return False

    def stay(self) -> None:
        """Take back that the window closes later, if it was to."""
        if self._waits:
            self._waits = False
            self.waits.emit("")
            self.desk.say("Stays open.")

    def _ask(self) -> None:
        jobs = self.desk.jobs.unfinished
        running = "A job is still running: {}." if len(jobs) == 1 else "Jobs still run: {}."
        box = message_box(
            self._window,
            running.format(", ".join(job.title for job in jobs)),
            "What is done is kept. The next start offers to go on from there.",
        )
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
        later = box.addButton("Close when done", QMessageBox.ButtonRole.ActionRole)
        stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        stop.clicked.connect(self._stop)
        later.clicked.connect(self._wait)
        stay.clicked.connect(self.stay)
        box.finished.connect(box.deleteLater)
        box.open()

    def _stop(self) -> None:
        self._going_on.note_closing()
        self.desk.jobs.stop_all()
        self._wait_for("Closes as soon as the job has stopped.")

    def _wait(self) -> None:
        self._wait_for("Closes when the job is done.")

    def _wait_for(self, text: str) -> None:
        self._waits = True
        self.waits.emit(text)
        self._look()

    def _look(self) -> None:
        if self._waits and not self.desk.jobs.unfinished:
            self._waits = False
            self.agreed.emit()
