"""Jobs that have not begun: they are stored while they wait, so that no close and no crash loses them."""

from PySide6.QtCore import QObject

from orca_desk.library.waiting import WaitingJob, store_waiting, waiting_jobs
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job


class WaitingJobs(QObject):
    """Stores the jobs that wait. `left` are those of an earlier start, until they are taken."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._stored = waiting_jobs(desk.library)
        self.left: list[WaitingJob] = list(self._stored)
        desk.jobs.changed.connect(self._store)
        desk.jobs.started.connect(lambda job: job.updated.connect(self._store))

    def hold(self) -> None:
        """Keep the jobs that have not begun for the next start: the window stops them because it closes."""
        self.left += self._not_begun()

    def take(self) -> list[WaitingJob]:
        """Return the jobs that are left, which are then the caller's to start or to drop."""
        left, self.left = self.left, []
        self._store()
        return left

    def _not_begun(self) -> list[WaitingJob]:
        """Return the jobs of this start whose runs have not begun, or that have none."""
        jobs: list[Job] = self._desk.jobs.unfinished
        return [
            WaitingJob(title=_title(job, jobs), page=job.again[0], target=job.again[1])
            for job in jobs
            if job.again is not None and not job.has_begun and not job.control.stopped
        ]

    def _store(self) -> None:
        wanted = [*self.left, *self._not_begun()]
        if wanted != self._stored and self._desk.library.problem is None:
            self._stored = wanted
            library = self._desk.library
            self._desk.write(lambda: store_waiting(library, wanted))


def _title(job: Job, jobs: list[Job]) -> str:
    """Return the title of a job, with the number of others that are started with it."""
    others = sum(other.returns_with is job for other in jobs)
    return f"{job.title} and {others} more" if others else job.title
