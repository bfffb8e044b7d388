"""Looking often finds no more by luck than looking once."""

import random

import pytest

from orca_desk.method.sequential import level_per_look

pytest.importorskip("numpy")


def test_one_look_has_the_whole_level_and_two_have_pococks() -> None:
    assert level_per_look(0.05, 1) == 0.05
    # Two looks, the evidence doubled in between: Pocock (1977), table 1; two-sided 0.05 is one-sided 0.025.
    assert level_per_look(0.025, 2) == pytest.approx(0.0294 / 2, abs=5e-5)
    assert 0.05 / 9 < level_per_look(0.05, 9) < level_per_look(0.05, 5) < 0.05


def test_all_looks_together_keep_the_level() -> None:
    draw, looks, alpha = random.Random(0), 6, 0.1
    level = level_per_look(alpha, looks)
    from statistics import NormalDist

    limit = NormalDist().inv_cdf(1 - level)
    found = 0
    for _ in range(4000):
        total, n = 0.0, 0
        for look in range(looks):
            new = 8 if look == 0 else n
            total += draw.gauss(0, new**0.5)
            n += new
            if total / n**0.5 > limit:
                found += 1
                break
    assert found / 4000 == pytest.approx(alpha, abs=0.015)
