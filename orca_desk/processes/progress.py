"""How a job tells how far it is, and how it is told to pause or stop; neither needs a screen."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Wanted = Literal["run", "pause", "stop"]


@dataclass(frozen=True, kw_only=True)
class Update:
    """How far one stage of a job is. `total` None: not known. `rate` is in `unit` a second."""

    stage: str
    done: float = 0
    total: float | None = None
    unit: str = ""
    rate: float | None = None
    message: str = ""

    @property
    def seconds_left(self) -> float | None:
        """The estimate of the time that this stage still takes, where it can be made."""
        if self.total is None or not self.rate:
            return None
        return max(0.0, self.total - self.done) / self.rate


Progress = Callable[[Update], None]


def silent(update: Update) -> None:
    """Show nothing."""


class Meter:
    """Counts what one stage has done, and reports it with the mean rate since the stage began.

    `already` of the total was done by an earlier call: it counts as done, and not for the rate.
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
        """Add `amount` to what is done and report."""
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
    """Pause, resume or stop a job, from any thread. A stop is final and keeps what is done."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may stop the job at any point
        self._wanted: Wanted = "run"
        self._listeners: list[Callable[[], None]] = []

    @property
    def state(self) -> Wanted:
        """Return "run", "pause" or "stop"."""
        return self._wanted

    @property
    def stopped(self) -> bool:
        """Whether the job was asked to stop."""
        return self._wanted == "stop"

    def pause(self) -> None:
        """Ask the job to wait."""
        self._want("pause")

    def resume(self) -> None:
        """Ask a paused job to go on."""
        self._want("run")

    def stop(self) -> None:
        """Ask the job to end soon and to keep what is done."""
        self._want("stop")

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change, in the thread that makes it."""
        with self._lock:
            self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        with self._lock:
            self._listeners.remove(listener)

    def _want(self, wanted: Wanted) -> None:
        with self._lock:
            if self._wanted == "stop":
                return
            self._wanted = wanted
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
