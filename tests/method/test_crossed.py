"""Shares and differences over tasks and seeds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.crossed import crossed_difference, crossed_share
from orca_desk.method.statistics import compare, share_of

pytest.importorskip("scipy")

TABLES = st.integers(1, 12).flatmap(
    lambda tasks: st.integers(1, 4).flatmap(
        lambda seeds: st.lists(
            st.lists(st.booleans(), min_size=seeds, max_size=seeds), min_size=tasks, max_size=tasks
        )
    )
)


@given(TABLES)
def test_an_interval_is_around_its_share_and_within_0_and_1(table):
    found = crossed_share(table)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.low < found.high
    assert (found.tasks, found.seeds) == (len(table), len(table[0]))


@given(TABLES, st.randoms(use_true_random=False))
def test_a_difference_changes_its_sign_with_its_sides(table, chance):
    other = [[chance.random() < 0.5 for _ in row] for row in table]
    one, back = crossed_difference(table, other), crossed_difference(other, table)
    assert one.difference == pytest.approx(-back.difference)
    assert (one.low, one.high) == (pytest.approx(-back.high), pytest.approx(-back.low))
    assert one.p == pytest.approx(back.p)
    assert -1 <= one.low <= one.difference + 1e-12
    assert one.difference - 1e-12 <= one.high <= 1
    assert 0 <= one.p <= 1


def test_one_seed_gives_what_two_models_are_compared_by():
    first = [True] * 14 + [False] * 6
    second = [True] * 8 + [False] * 6 + [True] * 2 + [False] * 4
    found = crossed_difference([[one] for one in first], [[one] for one in second])
    alone = compare(first, second)
    assert (found.difference, found.low, found.high, found.p) == (
        alone.difference,
        alone.low,
        alone.high,
        alone.p,
    )
    share, wilson = crossed_share([[one] for one in first]), share_of(14, 20)
    assert share.low == pytest.approx(wilson.low, abs=0.015)  # Student's quantile for the normal one
    assert share.high == pytest.approx(wilson.high, abs=0.015)


def test_more_seeds_cannot_make_up_for_few_tasks():
    """Students that all answer alike are one student."""
    once = [[n % 3 == 0] for n in range(30)]
    thrice = [row * 3 for row in once]
    assert crossed_share(thrice).low == pytest.approx(crossed_share(once).low, abs=0.01)


def test_seeds_that_differ_much_widen_the_interval():
    """Two students that answer everything and one that answers nothing say little of the next one."""
    found = crossed_share([[True, True, False]] * 200)
    assert found.share == pytest.approx(2 / 3)
    assert found.low < 0.1
    assert found.high > 0.95


def test_a_base_without_seeds_stands_beside_every_student():
    base = [[False], [True], [False], [False]] * 10
    tuned = [[True, True, True], [True, False, True], [False, True, True], [True, True, False]] * 10
    found = crossed_difference(tuned, base)
    assert (found.tasks, found.seeds) == (40, 3)
    assert found.difference == pytest.approx(9 / 12 - 1 / 4)
    assert found.low > 0
    assert found.p < 0.05


def test_no_spread_at_all_is_no_proof_in_few_tasks():
    alike = crossed_difference([[True, True]] * 3, [[False, False]] * 3)
    assert alike.p == 0.25
    assert crossed_difference([[True, True]] * 9, [[True, True]] * 9).p == 1
    assert crossed_difference([[True, True]] * 9, [[True, True]] * 9).low < 0
    assert crossed_difference([[True, False]], [[False, True]]).p == 1


def test_tables_that_do_not_fit_are_refused():
    for first, second in (([], []), ([[True]], [[True], [False]]), ([[True, True]], [[True] * 3])):
        with pytest.raises(ValueError, match="table"):
            crossed_difference(first, second)


@pytest.mark.parametrize("spread_of_seeds", [0.0, 0.15])
def test_intervals_hold_what_they_promise_over_tasks_and_seeds(spread_of_seeds):
    """Of 300 experiments in which both arms are equally good, about 5% may seem to differ."""
    chance = random.Random(5)
    wrong = covered = 0
    for _ in range(300):
        hard = [chance.uniform(0.1, 0.9) for _ in range(60)]
        tables = []
        for _ in range(2):
            of_arm = [min(0.95, max(0.05, one + chance.gauss(0, 0.1))) for one in hard]
            shifts = [chance.gauss(0, spread_of_seeds) for _ in range(3)]
            tables.append([[chance.random() < one + shift for shift in shifts] for one in of_arm])
        found = crossed_difference(*tables)
        wrong += found.p < 0.05
        covered += found.low <= 0 <= found.high
    assert wrong <= 24  # 8%
    assert covered >= 276  # 92%
