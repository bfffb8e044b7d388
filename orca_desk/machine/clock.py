"""A clock for measuring speed beside other programs."""

import sys
import time


def computing_seconds() -> float:
    """Return the seconds that this thread has computed, without those in which other programs had its core.

    A library that shares work evenly among threads takes as long for all of it as for this one's part, so the
    difference is what the work takes on an idle machine. It counts on Linux alone: elsewhere such clocks tick
    too rarely, or a library leaves all work to threads of its own, and the seconds are those that passed.
    """
    return time.thread_time() if sys.platform == "linux" else time.perf_counter()
