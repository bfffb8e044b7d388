"""A job within a job that ends at a deadline, or when the job around it is stopped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orca_desk.processes.progress import JobControl


@contextmanager
def until(control: JobControl, seconds: float | None) -> Iterator[JobControl]:
    """Yield a control that follows `control`, and is stopped after `seconds` (None: never).

    Time runs on while the job is paused: a budget in minutes is of the user's time.
    """
    if seconds is None:
        yield control
        return
    inner = JobControl()

    def follow() -> None:
        match control.state:
            case "pause":
                inner.pause()
            case "run":
                inner.resume()
            case "stop":
                inner.stop()

    control.listen(follow)
    follow()
    timer = threading.Timer(max(0.0, seconds), inner.stop)
    timer.daemon = True
    timer.start()
    try:
        yield inner
    finally:
        timer.cancel()
        control.unlisten(follow)
