"""How far a job of several steps is: it only grows, and its time left counts no pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.processes.overall import LONGEST_GAP, OverallProgress
from orca_desk.processes.progress import Overall, Update
from orca_desk.ui.words.progress import overall_text


class Told:
    """What a job told, and a clock that it can set."""

    def __init__(self, weights: list[float]) -> None:
        self.seconds = 0.0
        self.updates: list[Update] = []
        self.overall = OverallProgress(self.updates.append, weights, lambda: self.seconds)

    def tell(self, done: float, total: float | None = 100, after: float = 1.0) -> Overall:
        self.seconds += after
        self.overall(Update(stage="working", done=done, total=total))
        told = self.updates[-1].overall
        assert told is not None
        return told


def test_a_step_counts_by_its_weight_and_share() -> None:
    told = Told([1, 3])
    assert told.tell(50).share == pytest.approx(0.125)
    told.overall.finish()
    assert told.tell(50) == Overall(step=2, steps=2, share=pytest.approx(0.625), seconds_left=None)
    assert told.updates[-1].share == pytest.approx(0.625) and told.updates[-1].done == 50


@given(st.lists(st.tuples(st.floats(0, 200), st.sampled_from([None, 0.0, 50.0, 100.0]), st.booleans())))
def test_it_never_goes_back_and_stays_within_the_whole(
    events: list[tuple[float, float | None, bool]],
) -> None:
    told, shares = Told([2, 1, 5]), [0.0]
    for done, total, is_end in events:
        shares.append(told.tell(done, total).share)
        if is_end:
            told.overall.finish()
    assert shares == sorted(shares) and shares[-1] <= 1


def test_the_time_left_is_that_of_the_work_without_pauses() -> None:
    told = Told([1])
    assert told.tell(0).seconds_left is None  # nothing tells the speed yet
    told.tell(10, after=10)
    assert told.tell(20, after=10).seconds_left == pytest.approx(80)
    slow = told.tell(20, after=3600).seconds_left
    assert slow == pytest.approx((20 + LONGEST_GAP) * 0.8 / 0.2)


def test_what_an_earlier_call_did_tells_no_speed() -> None:
    told = Told([1, 1])
    told.overall.finish()
    assert told.tell(0).seconds_left is None
    assert told.tell(50, after=10).seconds_left == pytest.approx(11, abs=1.5)


def test_it_reads_as_a_sentence() -> None:
    assert overall_text(Overall(step=3, steps=7, share=0.41)) == "Step 3 of 7, about 41%"
    left = Overall(step=3, steps=7, share=0.41, seconds_left=118)
    assert overall_text(left) == "Step 3 of 7, about 41%, 2 min left"
