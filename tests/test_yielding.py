"""Threads give way to a loop that serves the user, and never for good."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from orca_desk import yielding as courtesy
from orca_desk.library.connections import Writer, connect
from orca_desk.yielding import courteous, give_way, serving, waiting

A_MOMENT = 0.05  # s in which a thread that need not wait has long gone on
LONG = 30.0


@pytest.fixture(autouse=True)
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy, "PATIENCE", LONG)


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], object]], threading.Event]]:
    """Run something in a thread; the event is set when it has returned."""
    threads: list[threading.Thread] = []

    def run(work: Callable[[], object]) -> threading.Event:
        over = threading.Event()
        threads.append(threading.Thread(target=lambda: (work(), over.set())))
        threads[-1].start()
        return over

    yield run
    for thread in threads:
        thread.join(LONG)


def test_nobody_waits_for_an_idle_loop(beside):
    assert beside(give_way).wait(LONG)


def test_a_thread_waits_until_the_loop_is_done(beside):
    with serving():
        over = beside(give_way)
        assert not over.wait(A_MOMENT)
    assert over.wait(LONG)


def test_what_is_nested_does_not_end_the_whole(beside):
    with serving():
        with serving():
            pass
        over = beside(give_way)
        assert not over.wait(A_MOMENT)
    assert over.wait(LONG)


def test_who_waits_for_a_nested_block_waits_no_longer_than_that(beside):
    began = threading.Event()
    with serving():
        with serving():
            over = beside(lambda: (began.set(), give_way()))
            began.wait(LONG)
            assert not over.wait(A_MOMENT)
        assert over.wait(LONG / 2)


def test_the_loop_never_waits_for_itself():
    began = time.monotonic()
    with serving():
        assert list(courteous(range(3))) == [0, 1, 2]
    assert time.monotonic() - began < LONG / 2


def test_a_loop_that_takes_long_stops_nobody(beside, monkeypatch):
    monkeypatch.setattr(courtesy, "PATIENCE", A_MOMENT)
    with serving():
        assert beside(lambda: list(courteous(range(1000)))).wait(LONG)


def test_each_item_waits_anew(beside):
    seen: list[int] = []
    read = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        read.wait(LONG)
        yield 2

    over = beside(lambda: seen.extend(courteous(items())))
    with serving():
        read.set()
        assert not over.wait(A_MOMENT)
    assert over.wait(LONG) and seen == [1, 2]


def test_an_error_ends_the_serving(beside):
    with pytest.raises(ZeroDivisionError), serving():
        raise ZeroDivisionError
    assert beside(give_way).wait(LONG)


def test_a_write_that_the_loop_waits_for_does_not_give_way_to_it(tmp_path, beside):
    writer = Writer(connect(tmp_path / "library.db", "rwc"))
    with serving():
        assert writer.run(lambda db: list(courteous(range(3)))) == [0, 1, 2]
        over = beside(give_way)
        assert not over.wait(A_MOMENT), "afterwards it serves again"
    writer.close()


def test_a_write_that_a_thread_waits_for_leaves_the_loop_its_way(beside):
    def write() -> None:
        with waiting():
            give_way()

    with serving():
        over = beside(write)
        assert not over.wait(A_MOMENT)
    assert over.wait(LONG)
