"""How far a job of several steps is as a whole, and how long the rest may take."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from orca_desk.processes.progress import Overall, Progress, Update

LONGEST_GAP = 30.0  # s between two updates; a longer one was a pause, or the computer slept
ENOUGH_SECONDS, ENOUGH_SHARE = 5.0, 0.02  # of work before its speed tells anything


class OverallProgress:
    """Adds to each update of a job how far its steps are together. It is a `Progress` itself.

    `weights` are the expected times of the steps, in any unit. What an earlier call of the job has done is
    marked by `finish` before the first update; it does not count as speed.
    """

    def __init__(
        self, progress: Progress, weights: Sequence[float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._progress, self._weights, self._clock = progress, weights, clock
        self._finished = 0
        self._share = self._first_share = 0.0
        self._worked = 0.0
        self._last: float | None = None

    def __call__(self, update: Update) -> None:
        """Pass an update on, with the overall progress."""
        self._count_time()
        before = sum(self._weights[: self._finished])
        running = self._weights[self._finished] if self._finished < len(self._weights) else 0.0
        part = update.done / update.total if update.total else 0.0
        share = (before + running * min(1.0, max(0.0, part))) / sum(self._weights)
        self._share = max(self._share, share)  # a step may have parts, each of which begins at 0
        self._progress(replace(update, overall=self.overall))

    @property
    def overall(self) -> Overall:
        """How far the job is."""
        step = min(self._finished + 1, len(self._weights))
        return Overall(
            step=step, steps=len(self._weights), share=self._share, seconds_left=self._seconds_left()
        )

    def finish(self, steps: int = 1) -> None:
        """Note that one more step is done, or several."""
        is_old = self._last is None
        self._count_time()
        self._finished = min(self._finished + steps, len(self._weights))
        self._share = max(self._share, sum(self._weights[: self._finished]) / sum(self._weights))
        if is_old or self._worked < 1.0:  # done by an earlier call
            self._first_share = self._share

    def _count_time(self) -> None:
        now = self._clock()
        if self._last is not None:
            self._worked += min(now - self._last, LONGEST_GAP)
        self._last = now

    def _seconds_left(self) -> float | None:
        new = self._share - self._first_share
        if self._worked < ENOUGH_SECONDS or new < ENOUGH_SHARE:
            return None
        return self._worked * (1 - self._share) / new
