"""How far the demo is, over all its stages."""

import pytest

from orca_desk.method.grading import Verdict
from orca_desk.steps.demo.stages import SHARES, STAGES, AskedOutcome, overall_progress, stage_from_json
from orca_desk.steps.demo.state import STUDENTS, DemoStudent


@pytest.mark.parametrize("student", STUDENTS)
def test_the_progress_of_the_whole_demo_grows_from_0_to_1(student: DemoStudent) -> None:
    assert set(SHARES[student]) == set(STAGES) and sum(SHARES[student].values()) == 100
    seen = [
        overall_progress(list(STAGES)[:done], current, student)
        for done in range(len(STAGES))
        for current in (0.0, 0.5, 1.0)
    ]
    assert seen == sorted(seen) and seen[0] == 0
    assert overall_progress(STAGES, 0.0, student) == 1


def test_the_progress_counts_the_current_stage_by_its_share() -> None:
    assert overall_progress((), 0.5) == pytest.approx(0.085)
    assert overall_progress(("probe and pair",), 7.0) == pytest.approx(0.35)


def test_what_the_students_made_of_the_worked_example_is_stored_as_data() -> None:
    verdict = Verdict(correct=False, kind="text", answer=None, reason='{"why": "no reference"}')
    asked = AskedOutcome(verdicts={"base": verdict, "tuned": verdict})
    assert stage_from_json(asked.to_json()) == asked
    assert stage_from_json('{"worked_example": {"base": {"right": true}}}') is None
