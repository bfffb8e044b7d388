"""Grading a measurement by reference and by agreement."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.method.pairing import Basis
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.pair.graders import ByAgreement, ByReference, ProbeGrader, TrialAnswer, make_grader

SUM = Task(family="sums", query="What is 2 + 2?", answer="4")
OPEN = Task(family="sums", query="How many?")


def _verdicts(grader: ProbeGrader, *answers: tuple[Task, str, str]) -> list[bool | None] | None:
    trials = [
        TrialAnswer(task=task, strategy=strategy, sample=number, response=response)
        for number, (task, strategy, response) in enumerate(answers)
    ]
    return grader.verdicts(trials, progress=silent, control=JobControl(), log=None)


def test_by_reference_each_answer_stands_for_itself() -> None:
    found = _verdicts(
        ByReference(),
        (SUM, "direct", "Answer: 4"),
        (SUM, "step-by-step", "Answer: 5"),
        (OPEN, "direct", "Answer: 4"),
    )
    assert found == [True, False, None]
    assert ByReference().basis == Basis.REFERENCE


def test_by_agreement_the_common_answer_of_all_strategies_counts() -> None:
    found = _verdicts(
        ByAgreement(),
        (OPEN, "direct", "Answer: 4"),
        (SUM, "direct", "Answer: 5"),
        (OPEN, "step-by-step", "So it is 4."),
        (OPEN, "guess-and-check", "Answer: 7"),
        (SUM, "step-by-step", "Answer: 5"),
    )
    assert found == [True, None, True, False, None]  # two samples of a task tell nothing apart


@pytest.mark.parametrize(
    "answers",
    [
        [("a", "4"), ("b", "4"), ("c", "5"), ("d", "5")],  # a tie
        [("a", "4"), ("b", "5"), ("c", "6")],  # everyone says something else
        [("a", "4"), ("a", "4"), ("a", "4"), ("b", "5")],  # many samples of one strategy are one voice
    ],
)
def test_by_agreement_nothing_is_graded_without_a_common_answer(answers: list[tuple[str, str]]) -> None:
    asked = [(OPEN, strategy, f"Answer: {answer}") for strategy, answer in answers]
    assert _verdicts(ByAgreement(), *asked) == [None] * len(answers)


def test_a_judge_must_be_chosen(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        assert make_grader(library, "agreement").basis == Basis.AGREEMENT
        with pytest.raises(UserError, match="No judge"):
            make_grader(library, "judge")
