"""Keeps the system awake while jobs run, unless the user does not want that."""

from PySide6.QtCore import QObject, Signal

from orca_desk.machine.awake import KeptAwake, keeps_awake
from orca_desk.ui.desk import Desk
from orca_desk.ui.words.awake import REFUSED


class JobsAwake(QObject):
    """Holds off the system's sleep while a job runs; one that waits or is paused holds off nothing."""

    _refused = Signal(str)  # from the thread that asked the system

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._kept: KeptAwake | None = None
        self._has_told = False
        self._refused.connect(self._tell)
        desk.jobs.changed.connect(self.follow)

    def follow(self) -> None:
        """Begin or end to hold off the sleep, after a change of the jobs or of the setting."""
        running = [job for job in self._desk.jobs.unfinished if job.state in ("running", "stopping")]
        if not running or not keeps_awake():
            self._end(wait=False)
        elif self._kept is None:
            self._kept = KeptAwake(running[0].title, self._refused.emit)

    def close(self) -> None:
        """Let the system sleep again, before the window closes."""
        self._desk.jobs.changed.disconnect(self.follow)
        self._end(wait=True)

    def _end(self, *, wait: bool) -> None:
        if self._kept is not None:
            self._kept.end(wait=wait)
            self._kept = None

    def _tell(self, why: str) -> None:
        """Say once that the system may go to sleep."""
        if not self._has_told:
            self._has_told = True
            self._desk.say(REFUSED.format(why), "warn")
