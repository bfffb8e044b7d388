"""Requests that arrive while others run, from any thread: what a server puts to the engine."""

import math
import threading
import time
from collections import deque

from orca_desk.teacher.requests import Request

ASKS = 1.0  # s; a replica that has not asked for so long has no room


class LiveRequests:
    """A run's requests that never end until it is closed; any of them can be dropped at any time."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.dropped: set[str] = set()  # keys of requests that a replica holds and nobody waits for
        self._queue: deque[Request] = deque()
        self._idle = 0  # replicas that wait for a request
        self._loads: dict[int, tuple[int, float]] = {}  # by thread, of busy replicas, and when it asked last
        self._changed = threading.Condition()

    def put(self, request: Request) -> None:
        """Queue a request."""
        with self._changed:
            self._queue.append(request)
            self._changed.notify()

    def give_back(self, requests: list[Request]) -> None:
        """Take back requests that a replica could not answer, to be asked again before all others."""
        with self._changed:
            self._queue.extendleft(reversed(requests))
            self._changed.notify_all()

    def drop(self, key: str) -> bool:
        """Drop a request; return False if a replica has it: it then ends at the next token, "cancelled"."""
        with self._changed:
            for request in self._queue:
                if request.key == key:
                    self._queue.remove(request)
                    return True
            self.dropped.add(key)
            return False

    def forget(self, key: str) -> None:
        """Note that a request has ended."""
        with self._changed:
            self.dropped.discard(key)

    def close(self) -> None:
        """End the run: unfinished answers end now, "cancelled"."""
        with self._changed:
            self.ended.set()
            self._changed.notify_all()

    def take(self, *, wait: bool, load: int = 0) -> Request | None:
        """Return the next request; None after the end, or, unless `wait`, if they are for other replicas.

        Idle replicas come first, and the busy ones share the rest so that all have as much to do: whoever
        asks first would otherwise take all, and the others would idle in the end.
        """
        with self._changed:
            if not wait:
                return self._queue.popleft() if self._is_due(load) else None
            self._loads.pop(threading.get_ident(), None)
            self._idle += 1
            self._changed.wait_for(lambda: self._queue or self.ended.is_set())
            self._idle -= 1
            return None if self.ended.is_set() else self._queue.popleft()

    def _is_due(self, load: int) -> bool:
        """Return whether the replica of this thread, with `load` requests in progress, gets one more."""
        me, now = threading.get_ident(), time.monotonic()
        self._loads[me] = load, now
        spare = len(self._queue) - self._idle
        others = [known for one, (known, asked) in self._loads.items() if one != me and now - asked < ASKS]
        return spare > 0 and load < math.ceil((load + sum(others) + spare) / (1 + len(others)))

    def stopped(self) -> bool:
        """Return whether the run has ended."""
        return self.ended.is_set()
