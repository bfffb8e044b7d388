"""Measure how fast the processor computes, alone and beside other programs."""

from collections.abc import Iterator
from itertools import count

import pytest

pytest.importorskip("torch")

from orca_desk.machine.clock import computing_seconds
from orca_desk.student import speed
from orca_desk.student.speed import SIDE, cpu_speed


@pytest.fixture(autouse=True)
def clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product takes 10 ms that pass, of which this thread computes in 2."""

    def ticking(step: float) -> Iterator[float]:
        return (number * step for number in count())

    passed, computed = ticking(0.010), ticking(0.002)
    monkeypatch.setattr("orca_desk.student.speed.time.perf_counter", lambda: next(passed))
    monkeypatch.setattr(speed, "computing_seconds", lambda: next(computed))
    monkeypatch.setattr(speed, "COPIED", 2**20)


@pytest.mark.parametrize(("busy", "seconds"), [(0.0, 0.010), (10.0, 0.010), (95.0, 0.002)])
def test_other_programs_are_left_out_of_the_measurement(
    monkeypatch: pytest.MonkeyPatch, busy: float, seconds: float
) -> None:
    monkeypatch.setattr("orca_desk.student.speed.psutil.cpu_percent", lambda _: busy)
    found = cpu_speed()
    assert found.busy == busy / 100
    assert found.products["float32"] == pytest.approx(2 * SIDE**3 / seconds)
    assert found.bandwidth == pytest.approx(2 * 2**20 / seconds)


def test_computing_takes_time() -> None:
    before = computing_seconds()
    assert sum(range(100_000)) and computing_seconds() > before
