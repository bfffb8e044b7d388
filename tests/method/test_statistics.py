from math import comb, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.statistics import (
    at_most,
    compare,
    holm,
    mcnemar,
    mcnemar_one_sided,
    paired_gap,
    share_of,
    student_quantile,
    student_upper_tail,
    unpaired_gap,
    wilson,
)

outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(correct: int, n: int, low: float, high: float) -> None:
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)


def test_paired_comparison_gives_the_published_values() -> None:
    # Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014) 2850-2875, airway hyper-responsiveness
    # before and after stem cell transplantation: 1, 1, 7, 12.
    pairs = [(True, True)] + [(True, False)] + [(False, True)] * 7 + [(False, False)] * 12
    result = compare([a for a, _ in pairs], [b for _, b in pairs])
    assert (result.both, result.only_first, result.only_second, result.neither) == (1, 1, 7, 12)
    assert (result.low, result.high) == pytest.approx((-0.507, -0.026), abs=5e-4)
    assert result.p == pytest.approx(0.070, abs=5e-4)
    assert result.difference == pytest.approx(-6 / 21)
    assert result.finding == "no clear difference"  # though the interval excludes 0


def test_holm_gives_the_adjusted_values_of_its_definition() -> None:
    # Each times the number of those that are not smaller, and never below a smaller one's.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_holm_keeps_the_order_and_lowers_no_value(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(value <= corrected <= 1 for value, corrected in zip(values, adjusted, strict=True))
    pairs = sorted(zip(values, adjusted, strict=True))
    assert [corrected for _, corrected in pairs] == sorted(adjusted)


@given(st.floats(-30, 30), st.integers(1, 400))
def test_students_t_falls_and_is_symmetric(t: float, freedom: int) -> None:
    tail = student_upper_tail(t, freedom)
    assert 0 <= tail <= 1
    assert tail + student_upper_tail(-t, freedom) == pytest.approx(1)
    assert student_upper_tail(t + 0.1, freedom) <= tail + 1e-12


@pytest.mark.parametrize(
    # Fisher and Yates's table of t
    ("probability", "freedom", "value"),
    [(0.975, 1, 12.706), (0.95, 9, 1.833), (0.975, 21, 2.080), (0.5, 7, 0.0)],
)
def test_students_quantiles_are_those_of_the_tables(probability: float, freedom: int, value: float) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(value, abs=5e-4)


def test_a_gap_is_bonetts_and_prices() -> None:
    differences = [1.0] + [-1.0] * 7 + [0.0] * 13
    gap = paired_gap(differences)
    assert (gap.n, gap.difference, gap.freedom) == (21, pytest.approx(-6 / 21), 22)
    assert gap.mean == pytest.approx((2 - 8) / 23)
    assert gap.error == pytest.approx(((2 + 8 - 36 / 23) / 23 / 23) ** 0.5)
    low, high = gap.interval()
    assert -1 < low < gap.mean < high < 0.05
    assert gap.p_not_above(0) > 0.95 > 0.05 > gap.p_not_above(-0.6)


@pytest.mark.parametrize("n", [4, 8, 20, 40])
@pytest.mark.parametrize("value", [0.0, -0.05])
def test_the_test_of_a_gap_keeps_its_level(n: int, value: float) -> None:
    """Over all outcomes of n tasks: where the gap is `value`, it is found above in hardly more than 15%."""
    for differing in (0.1, 0.3, 0.6):
        won, lost = (differing + value) / 2, (differing - value) / 2
        rejected = 0.0
        for wins in range(n + 1):
            for losses in range(n + 1 - wins):
                differences = [1.0] * wins + [-1.0] * losses + [0.0] * (n - wins - losses)
                if paired_gap(differences).p_not_above(value) <= 0.15:
                    ways = comb(n, wins) * comb(n - wins, losses)
                    rejected += ways * won**wins * lost**losses * (1 - differing) ** (n - wins - losses)
        assert rejected <= 0.16


@pytest.mark.parametrize("n", [20, 30, 36, 60, 200])
def test_the_test_keeps_its_level_where_one_never_does_better(n: int) -> None:
    """Over all numbers of losses: what is worse by 5 points is found worse by less in at most 15%."""
    rejected = sum(
        comb(n, losses) * 0.05**losses * 0.95 ** (n - losses)
        for losses in range(n + 1)
        if paired_gap([-1.0] * losses + [0.0] * (n - losses)).p_not_above(-0.05) <= 0.15
    )
    assert rejected <= 0.15


@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.001, 0.999))
def test_the_chance_of_few_events_is_the_binomial_one(count: int, n: int, chance: float) -> None:
    exact = sum(comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(min(count, n) + 1))
    assert at_most(count, n, chance) == pytest.approx(min(1.0, exact), abs=1e-9)


def test_as_many_tasks_as_foretold_show_a_gap() -> None:
    measured = paired_gap([1.0] * 3 + [-1.0] + [0.0] * 16)
    needed = int(measured.tasks_to_show_above(-0.05, 0.15))
    repeats = needed // 20
    assert paired_gap(([1.0] * 3 + [-1.0] + [0.0] * 16) * repeats).p_not_above(-0.05) < 0.15
    assert needed > 20
    assert paired_gap([-1.0] * 5 + [0.0] * 15).tasks_to_show_above(-0.05, 0.15) == inf


def test_strategies_that_share_no_task_are_compared_by_counts() -> None:
    gap = unpaired_gap((15, 16), (2, 16))
    assert gap.difference == pytest.approx(13 / 16)
    assert gap.p_not_above(0) < 0.001


def test_where_the_other_got_all_right_the_first_could_only_lose() -> None:
    for tasks in (8, 12, 20, 40):
        alike = unpaired_gap((tasks, tasks), (tasks, tasks))
        assert alike.p_not_above(-0.05) >= 0.95**tasks  # the chance that a worse one shows no loss
    assert unpaired_gap((19, 20), (20, 20)).p_not_above(-0.05) >= 0.735  # at most 1 of 20
    assert not unpaired_gap((19, 20), (18, 20)).only_losses


def test_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0
    assert share_of(0, 0).share == 0.0
    assert mcnemar(0, 0) == 1.0
    for bad in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="no share"):
            wilson(*bad)
    with pytest.raises(ValueError, match="no share"):
        wilson(1, 2, confidence=1.0)
    with pytest.raises(ValueError, match="lengths"):
        compare([True], [])


@given(n=st.integers(1, 500), data=st.data(), confidence=st.floats(0.5, 0.999))
def test_wilson_holds_the_share_and_stays_a_share(n: int, data: st.DataObject, confidence: float) -> None:
    correct = data.draw(st.integers(0, n))
    low, high = wilson(correct, n, confidence)
    assert 0 <= low <= correct / n <= high <= 1
    mirrored = wilson(n - correct, n, confidence)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(outcomes)
def test_comparison_holds_the_difference_and_mirrors(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = compare(first, second), compare(second, first)
    assert -1 <= one.low <= one.difference <= one.high <= 1
    assert (one.low, one.high, one.p) == pytest.approx((-other.high, -other.low, other.p))
    assert 0 < one.p <= 1
    named = {"better": "worse", "worse": "better"}
    assert other.finding == named.get(one.finding, one.finding)
    if one.finding != "no clear difference":
        assert one.p < 0.05
        assert one.low > 0 if one.finding == "better" else one.high < 0


@given(wins=st.integers(0, 40), losses=st.integers(0, 40))
def test_more_wins_are_better_evidence(wins: int, losses: int) -> None:
    assert (
        mcnemar_one_sided(wins + 1, losses) < mcnemar_one_sided(wins, losses)
        or wins + losses == 0
        or wins == 0
    )
    assert mcnemar_one_sided(wins, losses) + mcnemar_one_sided(losses, wins) >= 1
