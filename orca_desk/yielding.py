"""Work in threads gives way while the desktop's event loop serves the user.

Python runs one thread at a time. To paint a page the event loop comes to Python a thousand times; each time
it would wait until a busy thread lets go, and what takes 10 ms alone would take 100. So the loop marks what
it does with `serving`, and long work calls `give_way` between its small steps. In the commands, where nothing
is marked, that costs next to nothing.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 0.25  # s that work waits; a loop that takes longer must not bring it to a stand

_free = threading.Event()
_free.set()
_began: float | None = None
_server = 0


@contextmanager
def serving() -> Iterator[None]:
    """Let other threads wait until the block is left. For the event loop's thread alone; may be nested."""
    global _began, _server
    before, _began, _server = _began, time.monotonic(), threading.get_ident()
    _free.clear()
    try:
        yield
    finally:
        _began = before
        _free.set()  # who began to wait for this block does not wait for the one around it
        if before is not None:
            _free.clear()


@contextmanager
def waiting() -> Iterator[None]:
    """Let nobody give way in the block, in which this thread waits for another one."""
    global _began
    if _began is None or threading.get_ident() != _server:
        yield
        return
    before, _began = _began, None
    _free.set()
    try:
        yield
    finally:
        _began = before
        _free.clear()


def give_way() -> None:
    """Wait while the event loop serves the user, at most until it has done so for `PATIENCE`."""
    began = _began
    if began is not None and threading.get_ident() != _server:
        left = began + PATIENCE - time.monotonic()
        if left > 0:
            _free.wait(left)


def courteous(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, and give way before each one."""
    for item in items:
        give_way()
        yield item
