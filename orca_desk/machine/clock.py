"""Clocks: for measuring speed beside other programs, and for the time in which the computer slept."""

import sys
import time


def computing_seconds() -> float:
    """Return the seconds that this thread has computed, without those in which other programs had its core.

    A library that shares work evenly among threads takes as long for all of it as for this one's part, so the
    difference is what the work takes on an idle machine. It counts on Linux alone: elsewhere such clocks tick
    too rarely, or a library leaves all work to threads of its own, and the seconds are those that passed.
    """
    return time.thread_time() if sys.platform == "linux" else time.perf_counter()


def asleep_seconds() -> float:
    """Return for how long the computer has slept since some moment: only differences mean something.

    0 where the system has no clock that stops meanwhile (Windows).
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    if sys.platform == "darwin":  # CLOCK_MONOTONIC goes on there, and CLOCK_UPTIME_RAW stops
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    return 0.0
