"""Looking often finds no more by luck than looking once."""

import random
from statistics import NormalDist

import pytest

from orca_desk.method import sequential
from orca_desk.method.sequential import plan_looks

pytest.importorskip("numpy")


def test_one_look_has_the_whole_level_and_more_share_it() -> None:
    assert plan_looks(0.05, (64,)).levels == pytest.approx((0.05,), abs=1e-4)
    looks = plan_looks(0.05, (8, 16, 32, 64))
    assert sorted(looks.levels) == list(looks.levels), "the later, the more evidence"
    assert 0.025 < looks.levels[-1] < 0.05 < sum(looks.levels)
    assert looks.spent[0] == pytest.approx(looks.levels[0], abs=1e-4)
    assert sorted(looks.spent) == list(looks.spent)
    assert looks.spent[-1] == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(("shape", "limit"), [(0.5, 2.413), (0.0, 2.040)])
def test_the_limits_between_which_ours_lie_are_the_published_ones(
    shape: float, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five equal parts, 0.05 two-sided: Pocock's and O'Brien and Fleming's (Jennison and Turnbull, 1999)."""
    monkeypatch.setattr(sequential, "SHAPE", shape)
    levels = plan_looks.__wrapped__(0.025, (20, 40, 60, 80, 100)).levels
    assert NormalDist().inv_cdf(1 - levels[-1]) == pytest.approx(limit, abs=0.002)


def test_all_looks_together_keep_the_level() -> None:
    draw, alpha, sizes = random.Random(0), 0.1, (8, 16, 24, 32, 64)
    limits = [NormalDist().inv_cdf(1 - level) for level in plan_looks(alpha, sizes).levels]
    found = 0
    for _ in range(4000):
        total, n = 0.0, 0
        for size, limit in zip(sizes, limits, strict=True):
            new = size - n
            total += draw.gauss(0, new**0.5)
            n = size
            if total / n**0.5 > limit:
                found += 1
                break
    assert found / 4000 == pytest.approx(alpha, abs=0.015)
