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
    not_written = Signal()  # work of `run_in_order` has failed
    _arrived = Signal(object)

    def __init__(
        self, parent: QObject, *, failed: Callable[[Exception], None], threads: int = THREADS
    ) -> None:
        """`failed` gets the errors of work without a handler of its own."""
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._ordered = ThreadPoolExecutor(1, thread_name_prefix="writes")
        self._unwritten = 0
        self._failed = failed
        self._newest: WeakKeyDictionary[QObject, dict[str, object]] = WeakKeyDictionary()
        self._under_way: WeakKeyDictionary[QObject, int] = WeakKeyDictionary()  # work of `run`, by owner
        self._waiting: list[tuple[QObject, Callable[[], None]]] = []  # see `when_answered`
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
        if self._closed:
            return
        newest, this = self._newest.setdefault(owner, {}), object()
        if only_newest:
            newest[only_newest] = this

        def is_stale() -> bool:
            return bool(only_newest) and newest[only_newest] is not this

        def deliver(handler: Callable[[Any], None], value: Any) -> None:
            try:
                if isValid(owner) and not is_stale() and not self._closed:
                    handler(value)
            finally:
                self._end(owner)

        def work_and_send() -> None:
            if is_stale():
                self._send(lambda: self._end(owner))
                return
            pause_for_ui()
            try:
                result = work()
            except Exception as error:
                handler, value = failed or self._failed, error
                self._send(lambda: deliver(handler, value))
            else:
                self._send(lambda: deliver(then, result))

        self._under_way[owner] = self._under_way.get(owner, 0) + 1
        (self._rows if urgent else self._pool).submit(work_and_send)

    def when_answered(self, part: QObject, then: Callable[[], None]) -> None:
        """Call `then` as soon as no work of `part`, or of anything inside it, is under way: maybe at once."""
        self._waiting.append((part, then))
        self._call_answered()

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
            if isinstance(value, Exception):
                self.not_written.emit()
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

    @property
    def is_writing(self) -> bool:
        """Whether work of `run_in_order` waits or runs."""
        return self._unwritten > 0

    def close(self) -> None:
        """Finish running work and every write, drop other waiting work, and deliver no more results."""
        self._closed = True
        self._ordered.shutdown(wait=True)
        for pool in (self._rows, self._pool):
            pool.shutdown(wait=True, cancel_futures=True)

    def _end(self, owner: QObject) -> None:
        self._under_way[owner] -= 1
        if self._waiting:
            self._call_answered()

    def _call_answered(self) -> None:
        answered = [one for one in self._waiting if not isValid(one[0]) or not self._is_busy(one[0])]
        self._waiting = [one for one in self._waiting if one not in answered]
        for part, then in answered:
            if isValid(part) and not self._closed:
                then()

    def _is_busy(self, part: QObject) -> bool:
        return any(count and _is_inside(owner, part) for owner, count in self._under_way.items())

    def _send(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            self._arrived.emit(deliver)


def _is_inside(owner: QObject, part: QObject) -> bool:
    one = owner if isValid(owner) else None
    while one is not None and one is not part:
        one = one.parent()
    return one is part


def _serve(deliver: Callable[[], None]) -> None:
    with ui_busy():
        deliver()
