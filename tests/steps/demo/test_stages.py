"""How far the demo is, over all its stages."""

import pytest

from orca_desk.steps.demo.stages import SHARES, STAGES, overall_progress


def test_the_progress_of_the_whole_demo_grows_from_0_to_1() -> None:
    assert set(SHARES) == set(STAGES) and sum(SHARES.values()) == 100
    seen = [
        overall_progress(list(STAGES)[:done], current)
        for done in range(len(STAGES))
        for current in (0.0, 0.5, 1.0)
    ]
    assert seen == sorted(seen) and seen[0] == 0
    assert overall_progress(STAGES, 0.0) == 1
    assert overall_progress((), 0.5) == pytest.approx(0.085)
    assert overall_progress(("probe and pair",), 7.0) == pytest.approx(0.35)
