"""Work off the event loop: a function runs in a thread, and what it returns arrives in the GUI's thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from orca_desk.yielding import give_way, serving

T = TypeVar("T")
THREADS = 2  # they mostly wait for SQLite or for a worker process


class Background(QObject):
    """Runs short work (a query, reading a file's head) in threads. Jobs with progress go to `Jobs`."""

    writing = Signal(bool)  # whether work of `run_in_order` waits or runs
    _arrived = Signal(object)

    def __init__(self, parent: QObject, *, failed: Callable[[Exception], None]) -> None:
        """`failed` gets the errors of work that has no handler of its own."""
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="background")
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._ordered = ThreadPoolExecutor(1, thread_name_prefix="writes")
        self._unwritten = 0
        self._failed = failed
        self._newest: dict[tuple[int, str], int] = {}
        self._closed = False
        self._arrived.connect(_serve, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        owner: QObject,
        work: Callable[[], T],
        then: Callable[[T], None] = lambda result: None,
        *,
        failed: Callable[[Exception], None] | None = None,
        only_newest: str = "",
        urgent: bool = False,
    ) -> None:
        """Run `work`; then call `then(result)` or `failed(error)` in the GUI's thread.

        Neither is called when `owner` is gone by then, nor, with a key `only_newest`, when the owner has
        asked for something newer under that key: a search while typing shows the last one only. `urgent` is
        for what takes milliseconds and leaves a hole on the screen: it never waits behind longer work.
        """
        key = (id(owner), only_newest)
        number = self._newest[key] = self._newest.get(key, 0) + 1

        def deliver(handler: Callable[[Any], None], value: Any) -> None:
            stale = bool(only_newest) and self._newest.get(key) != number
            if isValid(owner) and not stale and not self._closed:
                handler(value)

        def work_and_send() -> None:
            if only_newest and self._newest.get(key) != number:
                return
            give_way()
            try:
                result = work()
            except Exception as error:
                handler, value = failed or self._failed, error
                self._send(lambda: deliver(handler, value))
            else:
                self._send(lambda: deliver(then, result))

        if not self._closed:
            (self._rows if urgent else self._pool).submit(work_and_send)

    def run_in_order(
        self,
        work: Callable[[], T],
        then: Callable[[T], Any] = lambda result: None,
        *,
        failed: Callable[[Exception], Any] | None = None,
    ) -> None:
        """Run `work` when all earlier work given here has ended; then as `run` does. For writes."""

        def end(handler: Callable[[Any], Any], value: Any) -> None:
            self._unwritten -= 1
            if not self._unwritten:
                self.writing.emit(False)
            if not self._closed:
                handler(value)

        def work_and_send() -> None:
            give_way()
            try:
                result = work()
            except Exception as error:
                handler, value = failed or self._failed, error
                self._send(lambda: end(handler, value))
            else:
                self._send(lambda: end(then, result))

        self._ordered.submit(work_and_send)
        self._unwritten += 1
        if self._unwritten == 1:
            self.writing.emit(True)

    def close(self) -> None:
        """Finish what runs and every write; drop other work that waits, and deliver nothing more."""
        self._closed = True
        self._ordered.shutdown(wait=True)
        for pool in (self._rows, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)

    def _send(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            self._arrived.emit(deliver)


def _serve(deliver: Callable[[], None]) -> None:
    with serving():
        deliver()
