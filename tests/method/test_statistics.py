import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.statistics import (
    compare,
    fisher_one_sided,
    mcnemar,
    mcnemar_one_sided,
    share_of,
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


def test_fisher_gives_the_value_of_the_lady_tasting_tea() -> None:
    assert fisher_one_sided((3, 4), (1, 4)) == pytest.approx(17 / 70)
    assert fisher_one_sided((4, 4), (0, 4)) == pytest.approx(1 / 70)


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
