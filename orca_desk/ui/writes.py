"""Writes that may take a while, off the event loop, one after the other, each with its undo."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from orca_desk.ui.desk import Desk

T = TypeVar("T")
Step = tuple[Callable[[], Any], Callable[[Any], Any], Callable[[], Any]]  # work, then told or lost


class Writes(QObject):
    """Does and takes back. `busy` says whether something is being written; `failed` gets what went wrong."""

    busy = Signal(bool)

    def __init__(self, desk: Desk, parent: QObject, *, failed: Callable[[Exception], None]) -> None:
        super().__init__(parent)
        self.desk = desk
        self._failed = failed
        self._waiting: deque[Step] = deque()
        self._running = False
        self._written = threading.Event()  # set while nothing is being written
        self._written.set()

    def do(
        self,
        text: str,
        work: Callable[[], T],
        undo: Callable[[T], Any],
        *parts: str,
        then: Callable[[T], Any] = lambda result: None,
    ) -> None:
        """Do `work` now; Ctrl+Z calls `undo` with what it returned. `text` names it in the menu.

        `then` gets the first result, once `parts` have been told of.
        """
        results: list[T] = []
        once = [then]

        def forward() -> None:
            results[:] = [work()]

        def back() -> None:
            if results:  # else the work failed: there is nothing to take back
                undo(results[0])
                results.clear()

        def told(_: Any) -> None:
            self.desk.tell(*parts)
            if once and results:
                once.pop()(results[0])

        def lost() -> None:
            self.desk.forget(command)

        command = self.desk.do(
            text, lambda: self._queue((forward, told, lost)), lambda: self._queue((back, told, lost))
        )

    def finish(self) -> None:
        """Write now whatever waits, behind what is being written: the window is closing."""
        self._written.wait()
        while self._waiting:
            work, _, _ = self._waiting.popleft()
            work()

    def _queue(self, step: Step) -> None:
        self._waiting.append(step)
        if not self._running:
            self._next()

    def _next(self) -> None:
        self._running = bool(self._waiting)
        self.busy.emit(self._running)
        if not self._waiting:
            return
        work, told, lost = self._waiting.popleft()
        self._written.clear()

        def write() -> Any:
            try:
                return work()
            finally:
                self._written.set()

        def done(result: Any) -> None:
            try:
                told(result)
            finally:  # whatever a handler does: what waits is still to be written
                self._next()

        def failed(error: Exception) -> None:
            try:
                lost()
                self._failed(error)
            finally:
                self._next()

        self.desk.background.run(self, write, done, failed=failed)
