"""Closing the window: ask what to do with what is not saved, and with jobs that run."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from orca_desk.ui.desk import Desk, Unsaved
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
        self._is_discarded = False  # what is not saved, as the user has agreed to
        self._asked: QMessageBox | None = None  # the open question about unfinished jobs
        desk.jobs.changed.connect(self._check)
        desk.jobs.changed.connect(self._show_unfinished)

    def may_close(self) -> bool:
        """Return True if nothing is unsaved and no job unfinished; otherwise ask what to do and return False.

        What the app began by itself, such as a backup, is stopped without a question.
        """
        if not self._is_discarded and (unsaved := self._desk.would_lose()):
            self._ask_to_save(unsaved)
            return False
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
        self._is_discarded = False
        if self._is_postponed:
            self._is_postponed = False
            self.postponed.emit("")
            self._desk.say("Orca Desk will stay open.")

    def _ask_to_save(self, unsaved: Sequence[Unsaved]) -> None:
        can_save = all(one.save for one in unsaved)
        box = message_box(self._window, "Close without saving?", " ".join(one.told() for one in unsaved))
        discard = box.addButton("Close without saving", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        if can_save:
            box.setText("Save before closing?")
            save = box.addButton("Save and close", QMessageBox.ButtonRole.AcceptRole)
            save.clicked.connect(lambda: self._save(list(unsaved)))
            box.setDefaultButton(save)
        discard.clicked.connect(self._discard)
        stay.clicked.connect(self.stay)
        box.finished.connect(box.deleteLater)
        box.open()

    def _discard(self) -> None:
        self._is_discarded = True
        self.ready.emit()

    def _save(self, unsaved: list[Unsaved]) -> None:
        """Save one after the other, then close. What cannot be saved says so, and the window stays."""
        if not unsaved:
            self.ready.emit()
            return
        first, *rest = unsaved
        if first.save is not None:
            first.save(lambda: self._save(rest))

    def _ask(self) -> None:
        if self._asked is not None:  # the close button was pressed again
            self._asked.raise_()
            return
        box = self._asked = message_box(self._window, "", "")
        self._stop_button = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
        self._later_button = box.addButton("Close when done", QMessageBox.ButtonRole.ActionRole)
        stay = box.addButton("Stay open", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        self._stop_button.clicked.connect(self._stop)
        self._later_button.clicked.connect(self._wait)
        stay.clicked.connect(self.stay)
        box.finished.connect(self._answered)
        self._show_unfinished()
        box.open()

    def _answered(self) -> None:
        if self._asked is not None:
            self._asked.deleteLater()
            self._asked = None

    def _show_unfinished(self) -> None:
        """Say in the question what is unfinished now: jobs begin and end while it is open."""
        box, unfinished = self._asked, self._desk.jobs.unfinished
        if box is None:
            return
        box.setText(unfinished_heading([job.title for job in unfinished]))
        box.setInformativeText(closing_lines([(job.title, fate_of(job)) for job in unfinished]))
        if not unfinished:
            self._stop_button.setText("Close")
            self._later_button.hide()

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
