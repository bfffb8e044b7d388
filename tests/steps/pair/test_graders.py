"""Grading a measurement by reference and by agreement."""

from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.pairing import Basis
from orca_desk.method.records import Task
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.pair.graders import ByAgreement, ByReference, ProbeGrader, TrialAnswer, make_grader
from orca_desk.steps.pair.judge import Judge, JudgedAnswers

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


def test_by_agreement_a_strategy_is_compared_with_itself() -> None:
    found = _verdicts(
        ByAgreement(),
        (OPEN, "direct", "Answer: 4"),
        (OPEN, "step-by-step", "So it is 7."),
        (SUM, "direct", "Answer: 9"),
        (OPEN, "direct", "So it is 4."),
        (OPEN, "step-by-step", "Answer: 7"),
        (OPEN, "direct", "Answer: 5"),
        (OPEN, "step-by-step", "#### 7"),
        (SUM, "direct", "Answer: 9"),
    )
    # "direct" gives 4 twice of three times, "step-by-step" always 7; two samples of a task are too few
    assert found == [True, True, None, True, True, False, True, None]


@pytest.mark.parametrize("answers", [["4", "4", "5", "5"], ["4", "5", "6"], ["none", "", "I cannot tell"]])
def test_by_agreement_a_tie_is_no_agreement(answers: list[str]) -> None:
    task = Task(family="sums", query="How many?", answer_kind="number")
    assert _verdicts(ByAgreement(), *[(task, "direct", f"Answer: {one}") for one in answers]) == [
        False for _ in answers
    ]


def test_a_judge_is_compared_with_the_references_that_there_are(
    tmp_path: Path, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(self: Judge, answers: list[tuple[str, str]], **_: object) -> JudgedAnswers:
        return JudgedAnswers(verdicts=(True, True, None, False), unasked=0, finished=True)

    monkeypatch.setattr(Judge, "judge", judge)
    with Library.open(tmp_path / "library") as library:
        grader = make_grader(library, "judge", judge=Runner(model=tiny_llama.gguf))
        asked = [(SUM, "direct", f"Answer: {n}") for n in (4, 5, 4)]
        assert _verdicts(grader, *asked, (OPEN, "direct", "Answer: 4")) == [True, True, None, False]
    assert grader.check == JudgeCheck(accepted_correct=1, correct=1, accepted_incorrect=1, incorrect=1)
    assert {"judge", "prompt"} <= grader.settings.keys()


def test_a_judge_must_be_chosen(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        assert make_grader(library, "agreement").basis == Basis.AGREEMENT
        with pytest.raises(UserError, match="No judge"):
            make_grader(library, "judge")
