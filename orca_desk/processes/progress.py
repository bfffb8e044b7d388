"""How a job reports its progress, and how it is paused and stopped; neither needs a screen."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Wanted = Literal["run", "pause", "stop"]
LOOK_AROUND = 0.5  # s; on Windows an endless wait could not be interrupted by Ctrl-C


class StoppedError(Exception):
    """The user stopped the job; the code that runs it catches this and cleans up."""


@dataclass(frozen=True, kw_only=True)
class Overall:
    """How far a job of several steps is as a whole: step 3 of 7, the share done (0 to 1), the time left.

    `seconds_left` is an estimate; None where there is none yet.
    """

    step: int
    steps: int
    share: float
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class Update:
    """How far one stage of a job is. `total` None: unknown. `rate` is in `unit` per second.

    `overall` is how far the whole job is, where it has several steps.
    """

    stage: str
    done: float = 0
    total: float | None = None
    unit: str = ""
    rate: float | None = None
    message: str = ""
    overall: Overall | None = None

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1: of the whole job if known, else of this stage; None if unknown."""
        if self.overall is not None:
            return self.overall.share
        return min(1.0, max(0.0, self.done / self.total)) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """The estimated time left for this stage; None where it cannot be estimated."""
        if self.total is None or not self.rate:
            return None
        return max(0.0, self.total - self.done) / self.rate


Progress = Callable[[Update], None]


def silent(update: Update) -> None:
    """Ignore the update."""


class Meter:
    """Counts what one stage has done, and reports it with the mean rate since the stage began.

    An earlier call did `already` of the total: the count includes it, the rate does not.
    """

    def __init__(
        self, progress: Progress, *, stage: str, total: float | None, unit: str, already: float = 0.0
    ) -> None:
        self._progress = progress
        self._stage, self._total, self._unit = stage, total, unit
        self._began = time.monotonic()
        self._already = self.done = already
        self.advance(0)

    def advance(self, amount: float, message: str = "") -> None:
        """Add `amount` to the count and report it."""
        self.done += amount
        seconds = time.monotonic() - self._began
        new = self.done - self._already
        rate = new / seconds if new and seconds > 0 else None
        self._progress(
            Update(
                stage=self._stage,
                done=self.done,
                total=self._total,
                unit=self._unit,
                rate=rate,
                message=message,
            )
        )


class JobControl:
    """Pauses, resumes or stops a job, from any thread. A stop is final; finished work stays saved.

    Whoever sees the job come to its end sets `finished`: a stop that came with the last piece of work has
    stopped nothing.
    """

    def __init__(self) -> None:
        self.finished = False
        # A signal handler may stop the job at any point, even inside this lock: it must be re-entrant.
        self._changed = threading.Condition(threading.RLock())
        self._wanted: Wanted = "run"
        self._listeners: list[Callable[[], None]] = []

    @property
    def state(self) -> Wanted:
        """Return "run", "pause" or "stop"."""
        return self._wanted

    @property
    def stopped(self) -> bool:
        """Whether the user stopped the job."""
        return self._wanted == "stop"

    def pause(self) -> None:
        """Let the job wait until it is resumed or stopped."""
        self._want("pause")

    def resume(self) -> None:
        """Let a paused job continue."""
        self._want("run")

    def stop(self) -> None:
        """Let the job end soon, with its finished work saved."""
        self._want("stop")

    def proceed(self) -> bool:
        """Wait while the job is paused; return whether it should continue (False: stop)."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._wanted != "pause", LOOK_AROUND):
                pass
        return self._wanted != "stop"

    def require_running(self) -> None:
        """Wait while the job is paused. Raises StoppedError once it is stopped."""
        if not self.proceed():
            raise StoppedError

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change, in the thread that makes the change."""
        with self._changed:
            self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Stop calling `listener`."""
        with self._changed:
            self._listeners.remove(listener)

    def _want(self, wanted: Wanted) -> None:
        with self._changed:
            if self._wanted == "stop":
                return
            self._wanted = wanted
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
