"""Threads pause for a busy event loop, and never for good."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orca_desk import yielding as module
from orca_desk.library.connections import Writer, connect
from orca_desk.yielding import pause_for_ui, ui_busy, ui_waiting, yielding

LONG = 30.0  # s
Beside = Callable[[Callable[[], object]], threading.Event]


class Watched(threading.Event):
    """An event that tells when a thread begins to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.paused.release()
        return super().wait(timeout)


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Make threads as patient as can be, and watch them pause."""
    event = Watched()
    event.set()
    monkeypatch.setattr(module, "_free", event)
    monkeypatch.setattr(module, "PATIENCE", LONG)
    return event


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Run a function in a thread; the returned event is set when it has ended."""
    threads: list[threading.Thread] = []

    def run(work: Callable[[], object]) -> threading.Event:
        over = threading.Event()
        threads.append(threading.Thread(target=lambda: (work(), over.set())))
        threads[-1].start()
        return over

    yield run
    for thread in threads:
        thread.join(LONG)


def paused(watched: Watched) -> bool:
    return watched.paused.acquire(timeout=LONG)


def test_nobody_waits_for_an_idle_loop(beside: Beside) -> None:
    assert beside(pause_for_ui).wait(LONG)


def test_a_thread_waits_until_the_loop_is_done(beside: Beside, watched: Watched) -> None:
    with ui_busy():
        over = beside(pause_for_ui)
        assert paused(watched) and not over.is_set()
    assert over.wait(LONG)


def test_the_end_of_a_nested_block_does_not_end_the_outer_one(beside: Beside, watched: Watched) -> None:
    with ui_busy():
        with ui_busy():
            pass
        over = beside(pause_for_ui)
        assert paused(watched) and not over.is_set()
    assert over.wait(LONG)


def test_a_thread_that_waits_for_a_nested_block_continues_after_it(beside: Beside, watched: Watched) -> None:
    with ui_busy():
        with ui_busy():
            over = beside(pause_for_ui)
            assert paused(watched) and not over.is_set()
        assert over.wait(LONG)


def test_the_loop_never_waits_for_itself(watched: Watched) -> None:
    with ui_busy():
        assert list(yielding(range(3))) == [0, 1, 2]
    assert not watched.paused.acquire(blocking=False)


def test_a_slow_loop_halts_nobody(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with ui_busy():
        assert beside(lambda: list(yielding(range(1000)))).wait(LONG)


def test_each_item_waits_anew(beside: Beside, watched: Watched) -> None:
    seen: list[int] = []
    read = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        read.wait(LONG)
        yield 2

    over = beside(lambda: seen.extend(yielding(items())))
    with ui_busy():
        read.set()
        assert paused(watched) and not over.is_set()
    assert over.wait(LONG) and seen == [1, 2]


def test_an_error_ends_the_busy_block(beside: Beside) -> None:
    with pytest.raises(ZeroDivisionError), ui_busy():
        raise ZeroDivisionError
    assert beside(pause_for_ui).wait(LONG)


def test_a_write_that_the_loop_waits_for_does_not_pause(
    tmp_path: Path, beside: Beside, watched: Watched
) -> None:
    writer = Writer(connect(tmp_path / "library.db", "rwc"))
    with ui_busy():
        assert writer.run(lambda db: list(yielding(range(3)))) == [0, 1, 2]
        over = beside(pause_for_ui)
        assert paused(watched) and not over.is_set(), "afterwards the loop is busy again"
    writer.close()


def test_a_write_that_a_thread_waits_for_does_pause(beside: Beside, watched: Watched) -> None:
    def write() -> None:
        with ui_waiting():
            pause_for_ui()

    with ui_busy():
        over = beside(write)
        assert paused(watched) and not over.is_set()
    assert over.wait(LONG)
