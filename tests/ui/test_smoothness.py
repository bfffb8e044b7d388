"""The measures for a smooth window do what they say."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.ui.smoothness import collect_in_this_thread


@pytest.fixture
def collecting_threads() -> Iterator[list[threading.Thread]]:
    """The threads in which garbage was collected."""
    threads: list[threading.Thread] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        threads.append(threading.current_thread())

    gc.callbacks.append(note)
    yield threads
    gc.callbacks.remove(note)


def make_garbage() -> None:
    """Make more cycles than Python leaves uncollected."""
    for _ in range(20 * gc.get_threshold()[0]):
        cycle: list[Any] = []
        cycle.append(cycle)


def test_garbage_of_other_threads_is_collected_in_the_event_loops(
    collecting_threads: list[threading.Thread], qtbot: QtBot
) -> None:
    with collect_in_this_thread():
        thread = threading.Thread(target=make_garbage)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: bool(collecting_threads))
        assert set(collecting_threads) == {threading.main_thread()}
    assert gc.isenabled()


def test_garbage_is_collected_as_before_afterwards(
    collecting_threads: list[threading.Thread], qtbot: QtBot
) -> None:
    with collect_in_this_thread():
        pass
    thread = threading.Thread(target=make_garbage)
    thread.start()
    thread.join()
    assert thread in collecting_threads
