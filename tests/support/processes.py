"""Watching processes that are not children of the tests."""

import threading

import psutil


def ends(pid: int, *, seconds: float = 30.0) -> bool:
    """Return whether the process ends in time; one that waits for its parent to notice has ended."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        pause.wait(0.02)
    return False
