"""How far the demo is, over all its stages."""

import pytest

from orca_desk.method.grading import Verdict
from orca_desk.steps.demo.stages import SHARES, STAGES, AskedOutcome, stage_from_json
from orca_desk.steps.demo.state import STUDENTS, DemoStudent


@pytest.mark.parametrize("student", STUDENTS)
def test_the_shares_of_the_stages_are_those_of_the_whole_demo(student: DemoStudent) -> None:
    assert list(SHARES[student]) == list(STAGES) and sum(SHARES[student].values()) == 100


def test_what_the_students_made_of_the_worked_example_is_stored_as_data() -> None:
    verdict = Verdict(correct=False, kind="text", answer=None, reason='{"why": "no reference"}')
    asked = AskedOutcome(verdicts={"base": verdict, "tuned": verdict})
    assert stage_from_json(asked.to_json()) == asked
    assert stage_from_json('{"worked_example": {"base": {"right": true}}}') is None
