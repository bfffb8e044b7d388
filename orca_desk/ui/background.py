"""Work off the event loop: a function runs in a thread, and its result arrives in the GUI's thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from orca_desk.yielding import pause_for_ui, ui_busy

T = TypeVar("T")
THREADS = 2  # they mostly wait for SQLite or for a worker process


class Background(QObject):
    """Runs short work in threads, such as a query. Work with progress is a job: see `Jobs`."""

    writing = Signal(bool)  # whether work of `run_in_order` waits or runs
    _arrived = Signal(object)

    def __init__(self, parent: QObject, *, failed: Callable[[Exception], None]) -> None:
        """`failed` gets the errors of work without a handler of its own."""
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="background")
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._ordered = ThreadPoolExecutor(1, thread_name_prefix="writes")
        self._unwritten = 0
        self._failed = failed
        self._newest: WeakKeyDictionary[QObject, dict[str, object]] = WeakKeyDictionary()
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
        """Run `work`, then `then(result)` or `failed(error)` in the GUI's thread.

        Neither is called if Qt has deleted `owner` by then nor, with a key `only_newest`, if `owner` has
        started newer work under that key: a search while typing shows its last result only. `urgent` is for
        work of milliseconds that fills a hole on the screen: it never waits behind longer work.
        """
        newest, this = self._newest.setdefault(owner, {}), object()
        if only_newest:
            newest[only_newest] = this

        def is_stale() -> bool:
            return bool(only_newest) and newest[only_newest] is not this

        def deliver(handler: Callable[[Any], None], value: Any) -> None:
            if isValid(owner) and not is_stale() and not self._closed:
                handler(value)

        def work_and_send() -> None:
            if is_stale():
                return
            pause_for_ui()
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
        """Run `work` after all earlier work in order, then `then` or `failed` as `run` does. For writes."""
        if self._closed:  # a timer may still fire while the window closes, when the library is closed already
            return

        def end(handler: Callable[[Any], Any], value: Any) -> None:
            self._unwritten -= 1
            if not self._unwritten:
                self.writing.emit(False)
            if not self._closed:
                handler(value)

        def work_and_send() -> None:
            pause_for_ui()
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
        """Finish running work and every write, drop other waiting work, and deliver no more results."""
        self._closed = True
        self._ordered.shutdown(wait=True)
        for pool in (self._rows, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)

    def _send(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            self._arrived.emit(deliver)


def _serve(deliver: Callable[[], None]) -> None:
    with ui_busy():
        deliver()
