"""Closing the window: ask what to do with what is not saved, and with jobs that run; wait for changes."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from orca_desk.ui.desk import Desk, Unsaved
from orca_desk.ui.jobs import Job
from orca_desk.ui.resuming import ResumeOffer
from orca_desk.ui.widgets.message_box import MessageBox, Roles
from orca_desk.ui.words.closing import (
    AFTER_CHANGES,
    Fate,
    closing_lines,
    unfinished_heading,
    will_close,
)


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
        self._asked: MessageBox | None = None  # the open question about unfinished jobs
        desk.jobs.changed.connect(self._check)
        desk.jobs.changed.connect(self._show_unfinished)
        desk.background.writing.connect(self._check)
        desk.background.not_written.connect(self.stay)  # what failed is shown

    def may_close(self) -> bool:
        """Return True if nothing is unsaved and no job unfinished; otherwise ask what to do and return False.

        What the app began by itself, such as a backup, is stopped without a question. A change that is being
        stored, such as the deletion of many records, is waited for.
        """
        if not self._is_discarded and (unsaved := self._desk.would_lose()):
            self._ask_to_save(unsaved)
            return False
        unfinished, is_writing = self._desk.jobs.unfinished, self._desk.background.is_writing
        if not unfinished and not is_writing:
            return True
        if all(job.by_itself for job in unfinished):
            self._desk.jobs.stop_all()
            self._postpone(AFTER_CHANGES if is_writing else "Orca Desk closes.")
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
        text = "Save before closing?" if can_save else "Close without saving?"
        box = MessageBox(self._window, text, " ".join(one.told() for one in unsaved))
        box.offer("Close without saving", self._discard, role=Roles.DestructiveRole)
        box.leave(run=self.stay)
        if can_save:
            box.default(box.offer("Save and close", lambda: self._save(list(unsaved))))
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
        box = self._asked = MessageBox(self._window, "", "")
        self._stop_button = box.offer("Stop and close", self._stop)
        self._later_button = box.offer("Close when done", self._wait, role=Roles.ActionRole)
        box.leave("Stay open", self.stay)
        box.finished.connect(self._answered)
        self._show_unfinished()
        box.open()

    def _answered(self) -> None:
        self._asked = None

    def _show_unfinished(self) -> None:
        """Say in the question what is unfinished now: jobs begin and end while it is open."""
        box, unfinished = self._asked, self._desk.jobs.unfinished
        if box is None:
            return
        box.say(
            unfinished_heading([job.title for job in unfinished]),
            closing_lines([(job.title, fate_of(job)) for job in unfinished]),
        )
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
        if self._is_postponed and not self._desk.jobs.unfinished and not self._desk.background.is_writing:
            self._is_postponed = False
            self.ready.emit()
