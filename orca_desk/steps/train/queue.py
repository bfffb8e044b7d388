"""The trainings that were started and have not ended: one runs, the others wait for their turn."""

from typing import Generic, Protocol, TypeVar

from orca_desk.steps.train.request import TrainingRequest


class QueuedJob(Protocol):
    """What the queue needs to know of a job."""

    @property
    def is_over(self) -> bool:
        """Whether the job has ended: done, stopped or failed."""

    @property
    def is_waiting(self) -> bool:
        """Whether the job has not begun."""


J = TypeVar("J", bound=QueuedJob)


class TrainingQueue(Generic[J]):
    """Started trainings in order, and which of them to show."""

    def __init__(self) -> None:
        self._jobs: list[tuple[J, TrainingRequest]] = []
        self._unshown: list[J] = []

    def add(self, job: J, request: TrainingRequest) -> None:
        """Append a job that works on `request`."""
        self._jobs = [(known, of) for known, of in self._jobs if not known.is_over]
        self._jobs.append((job, request))
        self._unshown.append(job)

    def holds(self, request: TrainingRequest) -> bool:
        """Return whether a job that works on `request` is running or waiting."""
        return any(known == request and not job.is_over for job, known in self._jobs)

    def next_to_show(self, *, is_showing: bool) -> J | None:
        """Return the next job to show, once; None if there is nothing new.

        A running job replaces whatever is shown. A waiting one is shown only while no other is
        (`is_showing`). A job that has ended before it could be shown is dropped: see `ended_unshown`.
        """
        for job in self._unshown:
            if not job.is_over and not (job.is_waiting and is_showing):
                self._unshown.remove(job)
                return job
        return None

    def ended_unshown(self) -> list[J]:
        """Return the jobs that ended before they were shown, each once, to report their errors."""
        ended = [job for job in self._unshown if job.is_over]
        self._unshown = [job for job in self._unshown if not job.is_over]
        return ended
