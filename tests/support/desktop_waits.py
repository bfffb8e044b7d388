"""Waiting for the desktop in tests, without sleeping."""

import threading
from collections.abc import Callable
from typing import Any

from pytestqt.qtbot import QtBot

from orca_desk.ui.background import THREADS
from orca_desk.ui.desk import Desk
from orca_desk.ui.window import Window

READY: dict[str, Callable[[Any], bool]] = {  # pages of the filled library that a worker tells more about
    "grow": lambda page: page.proposals.model.rowCount() > 0,
    "strategies": lambda page: page.pairing.model.rowCount() > 0,
}
SLOW_MS = 20_000


def wait_for_background(desk: Desk, qtbot: QtBot, *, rounds: int = 3) -> None:
    """Wait until the results of all background work have arrived, and those of work that results start.

    In each round one task per thread meets the others at a barrier. By then each thread has ended its earlier
    work, and results arrive in the order in which the threads sent them.
    """
    for _ in range(rounds):
        barrier, arrived = threading.Barrier(THREADS), list[int]()
        for _ in range(THREADS):
            desk.background.run(desk, barrier.wait, arrived.append)
        qtbot.waitUntil(lambda arrived=arrived: len(arrived) == THREADS, timeout=20_000)


def settled_page(window: Window, name: str, qtbot: QtBot) -> Any:
    """Show a page of the filled library, and return it when it shows what the library has."""
    page: Any = window.show_page(name)
    if name in READY:
        qtbot.waitUntil(lambda: READY[name](page), timeout=SLOW_MS)
    else:
        wait_for_background(window.desk, qtbot)
    return page
