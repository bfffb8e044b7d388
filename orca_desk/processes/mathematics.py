"""Mathematics compared in a worker: started when the first pair needs it, killed when one takes too long."""

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, cast

from orca_desk.method.grading.mathematics import Comparison
from orca_desk.processes import protocol
from orca_desk.processes.process import WorkerProcess

SECONDS = 5.0  # for one comparison
MEMORY_BYTES = 2 * 2**30  # of address space, of which importing sympy takes some hundred MB
_START_SECONDS = 120.0  # for importing sympy on a busy machine
_IDLE_SECONDS = 60.0  # until an unused worker is ended
_REMEMBERED = 4096  # comparisons


class Mathematics:
    """Compares expressions by a worker of its own. Safe in any thread; one comparison at a time.

    The worker starts with the first comparison that is not remembered, and ends after a minute without any.
    """

    def __init__(self, *, seconds: float = SECONDS, command: Sequence[str] | None = None) -> None:
        """Allow each comparison `seconds`; start the worker with `command`, if given."""
        self._seconds = seconds
        self._command = command
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._idle: threading.Timer | None = None
        self._known: OrderedDict[tuple[str, str], Comparison] = OrderedDict()

    @property
    def limits(self) -> dict[str, float]:
        """What one comparison may use: see `Comparer`."""
        return {"seconds": self._seconds, "bytes": MEMORY_BYTES}

    @property
    def running(self) -> bool:
        """Whether a worker is running."""
        return self._worker is not None

    def compare(self, answer: str, expected: str) -> Comparison:
        """Return whether two expressions in LaTeX are equal.

        "unfinished" says that it took too long or too much memory, or that the worker crashed. Raises
        WorkerCrashError or UserError if the worker cannot start.
        """
        with self._lock:
            pair = (answer, expected)
            if pair in self._known:
                self._known.move_to_end(pair)
                return self._known[pair]
            outcome = self._ask(answer, expected)
            self._known[pair] = outcome
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            self._end_when_idle()
            return outcome

    def close(self) -> None:
        """End the worker, if it runs; a later comparison starts another."""
        with self._lock:
            self._end()

    def _ask(self, answer: str, expected: str) -> Comparison:
        worker = self._worker or self._start()
        worker.send(protocol.request({"answer": answer, "expected": expected}))
        event = _next_event(worker, "outcome", self._seconds)
        if event is None:
            self._end()
            return "unfinished"
        return cast(Comparison, event["outcome"])

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess("math", {"memory_bytes": MEMORY_BYTES}, command=self._command)
        if _next_event(worker, "ready", _START_SECONDS) is None:
            worker.kill()
            try:
                worker.check()
            finally:
                worker.close()
        self._worker = worker
        atexit.register(self.close)
        return worker

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._worker is not None:
            self._worker.close()
            self._worker = None
            atexit.unregister(self.close)

    def _end_when_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None
        if self._worker is not None:
            self._idle = threading.Timer(_IDLE_SECONDS, self.close)
            self._idle.daemon = True
            self._idle.start()


def _next_event(worker: WorkerProcess, name: str, seconds: float) -> dict[str, Any] | None:
    """Return the next event of that name; None if the worker ends, or sends none within `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        events = worker.events(left)
        if events is None:
            return None
        for event in events:
            if event["event"] == name:
                return event
    return None
