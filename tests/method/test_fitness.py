"""The one rule for what is fit for training: each reason alone, their order, and what rules relax."""

from dataclasses import replace

import pytest

from orca_desk.method.fitness import FitnessRules, RecordFacts, Unfit, why_unfit

FIT = RecordFacts(finish_reason="stop", correct=True, leaked=False)
WORST = RecordFacts(
    finish_reason="length", correct=False, leaked=True, decision="drop", held_out=True, other_strategy=True
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"correct": None}, None),
        ({"correct": False}, Unfit.INCORRECT),
        ({"leaked": True}, Unfit.LEAK),
        ({"finish_reason": "length"}, Unfit.CUT_OFF),
        ({"finish_reason": "length", "edited": True}, None),
        ({"other_strategy": True}, Unfit.OTHER_STRATEGY),
        ({"decision": "drop"}, Unfit.DROPPED),
        ({"held_out": True}, Unfit.HELD_OUT),
        ({"held_out": True, "decision": "keep"}, Unfit.HELD_OUT),
        ({"other_strategy": True, "decision": "keep"}, Unfit.OTHER_STRATEGY),
        ({"finish_reason": "length", "correct": False, "leaked": True, "decision": "keep"}, None),
    ],
)
def test_each_reason(changes: dict[str, object], reason: Unfit | None) -> None:
    assert why_unfit(replace(FIT, **changes)) is reason


def test_reasons_come_in_one_order() -> None:
    facts, found = WORST, []
    for cure in (
        {"held_out": False},
        {"decision": None},
        {"other_strategy": False},
        {"edited": True},
        {"correct": True},
        {"leaked": False},
    ):
        found.append(why_unfit(facts))
        facts = replace(facts, **cure)
    assert found == [
        Unfit.HELD_OUT,
        Unfit.DROPPED,
        Unfit.OTHER_STRATEGY,
        Unfit.CUT_OFF,
        Unfit.INCORRECT,
        Unfit.LEAK,
    ]
    assert why_unfit(facts) is None


def test_rules_relax_what_may_be_relaxed() -> None:
    lax = FitnessRules(only_correct=False, only_paired=False, allow_leaks=True)
    assert why_unfit(replace(FIT, correct=False, leaked=True, other_strategy=True), lax) is None
    assert why_unfit(replace(FIT, held_out=True), lax) is Unfit.HELD_OUT
    assert why_unfit(replace(FIT, decision="drop"), lax) is Unfit.DROPPED
    assert why_unfit(replace(FIT, finish_reason="length"), lax) is Unfit.CUT_OFF
