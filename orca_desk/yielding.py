"""Threads pause while the desktop's event loop is busy with the screen.

Python runs one thread at a time. To paint a page the event loop enters Python a thousand times, and each time
it would wait until a busy thread lets go: what takes 10 ms alone would take 100 ms. So the event loop marks
its work with `ui_busy`, and long loops call `pause_for_ui` between their steps, or iterate over
`yielding(items)`. In the commands nothing is marked, and the calls cost next to nothing.
`orca_desk.ui.smoothness` lists the other measures for a smooth window, and how to measure them.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 0.25  # s that a thread pauses at most, so that a slow event loop cannot halt it

_free = threading.Event()
_free.set()
_busy_since: float | None = None
_ui_thread = 0


@contextmanager
def ui_busy() -> Iterator[None]:
    """Pause other threads until the block ends. Only the event loop's thread may use it; it nests."""
    global _busy_since, _ui_thread
    before, _busy_since, _ui_thread = _busy_since, time.monotonic(), threading.get_ident()
    _free.clear()
    try:
        yield
    finally:
        _busy_since = before
        _free.set()  # threads that paused for this block need not wait for the one around it
        if before is not None:
            _free.clear()


@contextmanager
def ui_waiting() -> Iterator[None]:
    """Pause nobody inside the block, where the event loop's thread waits for another one."""
    global _busy_since
    if _busy_since is None or threading.get_ident() != _ui_thread:
        yield
        return
    before, _busy_since = _busy_since, None
    _free.set()
    try:
        yield
    finally:
        _busy_since = before
        _free.clear()


def pause_for_ui() -> None:
    """Wait while the event loop is busy, but no longer than `PATIENCE` after it became so."""
    since = _busy_since
    if since is not None and threading.get_ident() != _ui_thread:
        left = since + PATIENCE - time.monotonic()
        if left > 0:
            _free.wait(left)


def yielding(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, with a pause for the event loop before each one."""
    for item in items:
        pause_for_ui()
        yield item
