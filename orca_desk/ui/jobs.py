"""Jobs on the desktop: each runs in a thread that calls the same functions as the commands.

Those that run a model take turns: the others wait in a queue, whose order the user may change.

The threads only record events; a timer passes them to the screen ten times per second, so that showing a
fast job costs no more than showing a slow one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from orca_desk.processes.progress import JobControl, Progress, Update
from orca_desk.ui.words.progress import JobState
from orca_desk.yielding import ui_busy

TICK_MS = 100
EVENTS_PER_TICK = 500
ANNOUNCE_SECONDS = 1.0  # between two refreshes of the pages that watch what a running job changes
Work = Callable[["Tools"], Any]
Again = tuple[str, Mapping[str, Any]]  # a page, and a target there
NO_RUN = "no run"  # as `begins_in`: the job has no run of its own that could be resumed


class Tools:
    """What the function of a job gets: where to report progress, and its control for pausing and stopping.

    `tell(event)` passes an object of any type to `Job.event_arrived`, from any thread.
    """

    def __init__(self, progress: Progress, control: JobControl, tell: Callable[[Any], None]) -> None:
        self.progress, self.control, self.tell = progress, control, tell


class Job(QObject):
    """One job: waiting, running or over. Its signals fire in the GUI's thread.

    `ended` fires once; by then `result` holds what the function returned, or `error` what it raised. `again`
    is the page and the target there that start the job again if it never begins: its run begins with its
    first progress in the stage `begins_in`, or in any; a job of `NO_RUN` is started again until it is done.
    `returns`: whether the next start of the app offers what is left of the job once it has begun.
    `shows` is the page, and the target there, with what the job made. `was_removed` tells that the user took
    it off the queue before its turn. `returns_with` is the job whose `again` starts this one too.
    """

    updated = Signal(object)
    event_arrived = Signal(object)
    state_changed = Signal()
    ended = Signal()

    def __init__(
        self,
        parent: QObject,
        *,
        title: str,
        kind: str,
        work: Work,
        changes: frozenset[str],
        heavy: bool,
        again: Again | None,
        begins_in: str,
        returns: bool,
        shows: Again | None,
    ) -> None:
        super().__init__(parent)
        self.title, self.kind, self.changes, self.heavy = title, kind, changes, heavy
        self.again, self.returns, self.shows = again, returns, shows
        self.was_removed = False
        self.returns_with: Job | None = None
        self.has_begun, self._begins_in = False, begins_in
        self.by_itself = False
        self.control = JobControl()
        self.state: JobState = "waiting"
        self.last: Update | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.began: float | None = None
        self._work = work
        self._newest: Update | None = None
        self._events: deque[Any] = deque()
        self._finished = False
        self._thread: threading.Thread | None = None
        self._announced = time.monotonic()

    @property
    def share(self) -> float | None:
        """How much of the job is done, 0 to 1; None if unknown."""
        return 1.0 if self.state == "done" else self.last.share if self.last else None

    @property
    def is_over(self) -> bool:
        """Whether the job has ended: done, stopped or failed."""
        return self.state in ("done", "stopped", "failed")

    @property
    def is_waiting(self) -> bool:
        """Whether the job waits for its turn."""
        return self.state == "waiting"

    @property
    def comes_back(self) -> bool:
        """Whether the next start of the app offers what is left of this job, should the app close now."""
        if self.again is not None or (self.returns and not self.is_waiting):
            return True
        return self.returns_with is not None and self.returns_with.comes_back

    @property
    def seconds(self) -> float:
        """The seconds since the job began to run; 0 while it waits."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def pause(self) -> None:
        """Ask the job to pause."""
        if self.state == "running":
            self.control.pause()
            self._set("pausing")

    def resume(self) -> None:
        """Resume a paused job."""
        if self.state == "pausing":
            self.control.resume()
            self._set("running")

    def stop(self) -> None:
        """Ask the job to save its work and end; a waiting job ends at once."""
        if self.is_over:
            return
        self.control.stop()
        self._set("stopping")
        if self._thread is None:
            self._end()

    def start(self) -> None:
        """Begin to run. Only `Jobs` calls this."""
        self.began = time.monotonic()
        self._set("running")
        self._thread = threading.Thread(target=self._run, name=f"job {self.kind}", daemon=True)
        self._thread.start()

    def tick(self) -> bool:
        """Emit what has happened; return whether to announce changes now. Only `Jobs` calls this."""
        finished = self._finished  # read first: the loop below emits every event recorded before it
        for _ in range(len(self._events) if finished else min(len(self._events), EVENTS_PER_TICK)):
            self.event_arrived.emit(self._events.popleft())
        if self._newest is not self.last:
            self.last = self._newest
            self.has_begun |= self.last is not None and self._begins_in in ("", self.last.stage)
            self.updated.emit(self.last)
        if finished and not self.is_over:
            self._end()
            return True
        if time.monotonic() - self._announced >= ANNOUNCE_SECONDS:
            self._announced = time.monotonic()
            return True
        return False

    def wait(self, seconds: float) -> bool:
        """Block until the thread of the job has ended; return whether it has."""
        if self._thread:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        try:
            self.result = self._work(Tools(self._note, self.control, self._events.append))
        except Exception as error:  # shown by whoever listens to `ended`, or as a crash report
            self.error = error
        self._finished = True

    def _note(self, update: Update) -> None:
        self._newest = update

    def _end(self) -> None:
        self._work = lambda tools: None  # drops everything that the closure holds
        if self.error is not None:
            self._set("failed")
        else:
            # A stop that arrives with the last piece of work stops nothing
            finished = not self.control.stopped or getattr(self.result, "finished", False)
            self._set("done" if finished else "stopped")
        self.ended.emit()

    def _set(self, state: JobState) -> None:
        self.state = state
        self.state_changed.emit()


class Jobs(QObject):
    """All jobs since the app started. Heavy ones, which run a model, take turns."""

    started = Signal(object)
    ended = Signal(object)
    changed = Signal()
    progressed = Signal()  # at most ten times per second, and after each `changed`
    announced = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.all: list[Job] = []
        self.batch: list[Job] = []  # the unfinished jobs, and those that ended since the last idle moment
        self.changed.connect(self.progressed)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def unfinished(self) -> list[Job]:
        """Jobs that wait or run, in the order in which they were started."""
        return [job for job in self.all if not job.is_over]

    @property
    def front(self) -> Job | None:
        """The job to show where there is room for one: the first that runs, else the first that waits."""
        unfinished = self.unfinished
        return next((job for job in unfinished if not job.is_waiting), next(iter(unfinished), None))

    @property
    def share(self) -> float | None:
        """How much of the batch is done, 0 to 1, as if its jobs took equally long; None if unknown."""
        counted = [job for job in self.batch if not job.was_removed]
        shares = [1.0 if job.is_over else job.share for job in counted]
        if not self.unfinished or all(share is None for share in shares):
            return None
        return sum(share or 0.0 for share in shares) / len(shares)

    @property
    def waiting(self) -> list[Job]:
        """Jobs that wait for their turn, the next one first."""
        return [job for job in self.all if job.is_waiting]

    def move(self, job: Job, place: int) -> None:
        """Give a waiting job another place among those that wait; 0 is the next to run.

        A job that no longer waits stays where it is, and a place beyond an end is that end.
        """
        waiting = self.waiting
        if job not in waiting:
            return
        waiting.remove(job)
        waiting.insert(min(max(place, 0), len(waiting)), job)
        self.all = [one for one in self.all if not one.is_waiting] + waiting
        self.changed.emit()

    def remove(self, job: Job) -> None:
        """Take a waiting job off the queue; one that runs continues."""
        if job.is_waiting:
            job.was_removed = True
            job.stop()

    def start(
        self,
        title: str,
        kind: str,
        work: Work,
        *,
        changes: Iterable[str] = (),
        heavy: bool = True,
        again: Again | None = None,
        begins_in: str = "",
        returns: bool = False,
        shows: Again | None = None,
        by_itself: bool = False,
    ) -> Job:
        """Queue `work(tools)` and return its job. A light job runs at once.

        `changes` names the parts of the library that the work changes (see `Desk.tell`). They are announced
        every second while the job runs, and when it ends. For `again`, `begins_in`, `returns` and `shows` see
        `Job`; a job with `again` returns. One that the app began `by_itself` stops without a question when
        the window closes.
        """
        job = Job(
            self,
            title=title,
            kind=kind,
            work=work,
            changes=frozenset({*changes, "runs"}),
            heavy=heavy,
            again=again,
            begins_in=begins_in,
            returns=returns or again is not None,
            shows=shows,
        )
        job.by_itself = by_itself
        if not self.unfinished:
            self.batch = []
        self.all.append(job)
        self.batch.append(job)
        job.state_changed.connect(self.changed)
        job.ended.connect(lambda: self._ended(job))
        self.started.emit(job)
        self._start_next()
        if not self._timer.isActive():
            self._timer.start()
        self.changed.emit()
        return job

    def is_paused(self, kind: str) -> bool:
        """Return whether a run of this kind that the library lists as running is paused.

        Heavy jobs take turns, so the running one made it, whatever its own kind: a demo has runs of many.
        """
        begun = [job for job in self.unfinished if job.state != "waiting"]
        makers = [job for job in begun if job.kind == kind] or [job for job in begun if job.heavy]
        return bool(makers) and all(job.state == "pausing" for job in makers)

    def stop_all(self) -> None:
        """Ask every job to end soon: those that wait first, so that none of them begins meanwhile."""
        for job in (*self.waiting, *self.unfinished):
            job.stop()

    def _start_next(self) -> None:
        busy = any(job.heavy and job.state not in ("waiting",) for job in self.unfinished)
        for job in self.unfinished:
            if job.state == "waiting" and not (job.heavy and busy):
                busy = busy or job.heavy
                job.start()

    def _tick(self) -> None:
        with ui_busy():
            for job in self.unfinished:
                if job.state != "waiting" and job.tick():
                    self.announced.emit(job.changes)
            self.progressed.emit()
        if not self.unfinished:
            self._timer.stop()

    def _ended(self, job: Job) -> None:
        self._start_next()
        self.ended.emit(job)
