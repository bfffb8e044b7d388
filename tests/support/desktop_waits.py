"""Waiting for the desktop in tests, without sleeping."""

import threading

from pytestqt.qtbot import QtBot

from orca_desk.ui.background import THREADS
from orca_desk.ui.desk import Desk


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
