"""Notifies the user when a long job ends while the window is in the background."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Again, Job
from orca_desk.ui.preferences import NOTIFY
from orca_desk.ui.words.runs import TYPES

SHOWN_MS = 10_000
LONG = 5.0  # s; the end of a shorter job is no news
# What shows the result of a job that tells its run, by the kind of the run
TARGETS = {
    "train": "training",
    "evaluate": "evaluation",
    "experiment": "experiment",
}


class Notifications(QObject):
    """Announces a job's end unless the user sees the window, or wants none. A click shows the result."""

    def __init__(self, window: QWidget, desk: Desk, come_back: Callable[[], None]) -> None:
        """`come_back` brings the window to the front."""
        super().__init__(window)
        self._window, self._desk, self._come_back = window, desk, come_back
        self._tray: QSystemTrayIcon | None = None
        self._job: Job | None = None

    def tell(self, job: Job, text: str) -> None:
        """Notify the user that a job has ended."""
        is_news = (job.heavy or job.seconds >= LONG) and not (job.was_removed or job.by_itself)
        if not is_news or self._window.isActiveWindow() or not wants_notices(self._desk):
            return
        self._job = job
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self._window)
            self._tray.messageClicked.connect(self.open_result)
            self._tray.activated.connect(self.open_result)
        self._tray.show()
        self._tray.showMessage(text, str(job.error or ""), self._window.windowIcon(), SHOWN_MS)

    def open_result(self) -> None:
        """Bring the window to the front and show what the job of the last notification made."""
        self._come_back()
        if self._tray is not None:
            self._tray.hide()
        if self._job is not None:
            page, target = place_of(self._job)
            self._job = None
            self._desk.open(page, **target)


def wants_notices(desk: Desk) -> bool:
    """Return whether the user wants to be notified."""
    return str(desk.preferences.value(NOTIFY, "true")).lower() != "false"


def place_of(job: Job) -> Again:
    """Return the page, and the target there, that show what a job made, or why it failed."""
    if job.shows is not None:
        return job.shows
    run = getattr(job.result, "run", None)
    if isinstance(run, str) and job.kind in TARGETS:
        return TYPES[job.kind].page, {TARGETS[job.kind]: run}
    if job.kind in TYPES and job.error is None:
        return TYPES[job.kind].page, {}
    return "jobs", {"run": run} if isinstance(run, str) else {}
