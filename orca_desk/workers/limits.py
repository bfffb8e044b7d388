"""Limits of memory and time for work on files from anywhere, which may be made to take all of both."""

import contextlib
import os
import threading
import time

import psutil

MEMORY_BYTES = 2 * 2**30
LOOK_SECONDS = 0.2
TOO_MUCH = 7  # exit code


class Watch:
    """Ends this process once work takes too much; the system limits the memory too, where it can."""

    def __init__(self, seconds: float, memory_bytes: int = MEMORY_BYTES) -> None:
        """Allow `seconds` from each `begin` to `end`, and `memory_bytes` at any time."""
        self._seconds, self._memory = seconds, memory_bytes
        self._deadline = float("inf")
        with contextlib.suppress(ImportError, ValueError, OSError):  # Windows and macOS have no such limit
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (2 * memory_bytes, 2 * memory_bytes))
        threading.Thread(target=self._look, daemon=True).start()

    def begin(self, seconds: float | None = None) -> None:
        """Start the deadline of a piece of work, as usual or in `seconds`; again to allow more time."""
        self._deadline = time.monotonic() + (seconds or self._seconds)

    def end(self) -> None:
        """Stop the deadline."""
        self._deadline = float("inf")

    def _look(self) -> None:
        process = psutil.Process()
        while process.memory_info().rss <= self._memory and time.monotonic() <= self._deadline:
            time.sleep(LOOK_SECONDS)
        os._exit(TOO_MUCH)
