"""A choice is scored on tasks that did not make it."""

from orca_desk.method.evidence import Evidence, Trial, measure
from orca_desk.method.halves import held_out_score
from orca_desk.method.pairing import ChoiceRule


def evidence(**marks: str) -> tuple[Evidence, ...]:
    return measure(
        Trial(task_id=f"t{n}", family="f", strategy=name, correct=mark == "1", tokens=len(name))
        for name, those in marks.items()
        for n, mark in enumerate(those)
    )


def test_every_task_is_scored_once_by_what_the_other_half_chose() -> None:
    score = held_out_score(evidence(direct="0" * 40, steps="1" * 38 + "00"), ChoiceRule())
    assert score is not None
    assert (score.accuracy, score.tasks, score.by_halves) == (0.95, 40, ("steps", "steps"))
    assert score.low < 0.95 < score.high


def test_too_few_tasks_and_counts_alone_have_no_score() -> None:
    assert held_out_score(evidence(direct="111", steps="111"), ChoiceRule()) is None
    counts = [Evidence(family="f", strategy=name, n=40, correct=20, mean_tokens=3.0) for name in "ab"]
    assert held_out_score(counts, ChoiceRule()) is None


def test_the_halves_do_not_depend_on_the_order_of_the_file() -> None:
    found = evidence(a="10" * 10, b="0110" * 5)
    assert held_out_score(found, ChoiceRule()) == held_out_score(found[::-1], ChoiceRule())
