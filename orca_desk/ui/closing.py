"""Closing the window while jobs run: ask whether to stop them, wait for them, or stay open."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.resuming import ResumeOffer
from orca_desk.ui.widgets.message_box import message_box
from orca_desk.ui.words.closing import Fate, closing_lines, unfinished_heading, will_close


def fate_of(job: Job) -> Fate:
    """Return what becomes of an unfinished job when the window closes."""
    if not job.comes_back:
        return "ends"
    if job.is_waiting:
        return "begins"
    return "again" if job.again is not None and not job.has_begun else "resumes"


class Closing(QObject):
    """Decides whether the window may close.

    `ready` fires when the window may close after all. `postponed` fires with a sentence while the window
    waits for jobs before it closes, and with "" once it no longer does.
    """

    ready = Signal()
    postponed = Signal(str)

    def __init__(self, desk: Desk, resume_offer: ResumeOffer, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._resume_offer, self._window = desk, resume_offer, window
        self._is_postponed = False
        desk.jobs.changed.connect(self._check)

    def may_close(self) -> bool:
        """Return True while no job is unfinished; otherwise ask what to do and return False.

        What the app began by itself, such as a backup, is stopped without a question.
        """
        unfinished = self._desk.jobs.unfinished
        if not unfinished:
            return True
        if all(job.by_itself for job in unfinished):
            self._desk.jobs.stop_all()
            self._postpone("Orca Desk closes.")
        else:
            self._ask()
        return False

    def stay(self) -> None:
        """Keep the window open after the jobs."""
        if self._is_postponed:
            self._is_postponed = False
            self.postponed.emit("")
            self._desk.say("Orca Desk will stay open.")

    def _ask(self) -> None:
        unfinished = self._desk.jobs.unfinished
        box = message_box(
            self._window,
            unfinished_heading([job.title for job in unfinished]),
            closing_lines([(job.title, fate_of(job)) for job in unfinished]),
        )
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
        later = box.addButton("Close when done", QMessageBox.ButtonRole.ActionRole)
        stay = box.addButton("Stay open", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        stop.clicked.connect(self._stop)
        later.clicked.connect(self._wait)
        stay.clicked.connect(self.stay)
        box.finished.connect(box.deleteLater)
        box.open()

    def _stop(self) -> None:
        self._resume_offer.note_closing()
        self._desk.jobs.stop_all()
        self._postpone(will_close(len(self._desk.jobs.unfinished), "stops", "stop"))

    def _wait(self) -> None:
        self._postpone(will_close(len(self._desk.jobs.unfinished), "finishes", "finish"))

    def _postpone(self, text: str) -> None:
        self._is_postponed = True
        self.postponed.emit(text)
        self._check()

    def _check(self) -> None:
        if self._is_postponed and not self._desk.jobs.unfinished:
            self._is_postponed = False
            self.ready.emit()
