"""The rules for records: what each asks of an answer, all reasons at once, and rules as JSON."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import SettingError
from orca_desk.method.answer_facts import answer_facts
from orca_desk.method.answer_format import matches
from orca_desk.method.fitness import (
    DEFAULT_RULES,
    FitnessRules,
    RecordBasis,
    RecordFacts,
    Unfit,
    standing_of,
    why_unfit,
)

ENGLISH = "Anna put the ball into the box, and Ben did not see that. So Ben looks into the basket."
GERMAN = "Anna legt den Ball in die Kiste, und Ben hat das nicht gesehen. Also sucht Ben im Korb."
LOOP = f"{ENGLISH} {'Then we add the next number again. ' * 6}"
REFUSAL = "I'm sorry, but I can't help with that."


def facts(answer: str = ENGLISH, **changes: object) -> RecordFacts:
    """The facts of a complete answer without a reference."""
    known = RecordFacts(
        finish_reason="stop", correct=None, leaked=False, tokens=len(answer) // 4, text=answer_facts(answer)
    )
    return replace(known, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "bad", "reason"),
    [
        ({"no_refusals": True}, facts(REFUSAL), Unfit.REFUSAL),
        ({"no_repetition": True}, facts(LOOP), Unfit.REPETITION),
        ({"languages": ("en",)}, facts(GERMAN), Unfit.LANGUAGE),
        ({"min_tokens": 10}, facts("Yes."), Unfit.TOO_SHORT),
        ({"max_tokens": 30}, facts(LOOP), Unfit.TOO_LONG),
        ({"min_characters": 10}, facts("Yes."), Unfit.TOO_SHORT),
        ({"max_characters": 100}, facts(LOOP), Unfit.TOO_LONG),
        ({"agreement": 0.5}, facts(agreed=0.4), Unfit.NO_AGREEMENT),
        ({"agreement": 0.5}, facts(agreed=None), Unfit.NO_AGREEMENT),
    ],
)
def test_each_rule_alone(rules: dict[str, object], bad: RecordFacts, reason: Unfit) -> None:
    given_rules = FitnessRules(**rules)  # type: ignore[arg-type]
    assert why_unfit(bad, given_rules) is reason
    assert why_unfit(bad) is None
    assert why_unfit(facts(agreed=0.6), given_rules) is None
    assert why_unfit(replace(bad, decision="keep"), given_rules) is None


def test_an_answer_in_another_format() -> None:
    assert why_unfit(facts(format="other"), FitnessRules(must_match="^Answer:")) is Unfit.FORMAT


def test_an_answer_with_several_faults_tells_them_all() -> None:
    rules = FitnessRules(no_refusals=True, languages=("de",), max_characters=20)
    standing = standing_of(facts(REFUSAL, leaked=True, correct=False), rules)
    assert standing.reasons == (
        Unfit.INCORRECT,
        Unfit.LEAK,
        Unfit.REFUSAL,
        Unfit.LANGUAGE,
        Unfit.TOO_LONG,
    )
    assert standing.reason is Unfit.INCORRECT


def test_what_speaks_for_a_record() -> None:
    voted = FitnessRules(agreement=0.5)
    assert standing_of(facts(correct=True)).basis is RecordBasis.CORRECT
    assert standing_of(facts()).basis is RecordBasis.UNGRADED
    assert standing_of(facts(agreed=0.7), voted).basis is RecordBasis.AGREEMENT
    assert standing_of(facts(correct=True), voted).basis is RecordBasis.CORRECT
    assert standing_of(facts(decision="keep", correct=False)).basis is RecordBasis.KEPT
    assert standing_of(facts(correct=False), FitnessRules(only_correct=False)).basis is RecordBasis.INCORRECT


def test_a_refusal_that_the_reference_asks_for_stays() -> None:
    assert why_unfit(facts(REFUSAL, correct=True), FitnessRules(no_refusals=True)) is None


def test_an_answer_whose_tokens_nobody_counted_is_not_judged_by_them() -> None:
    assert why_unfit(facts("Yes.", tokens=None), FitnessRules(min_tokens=10)) is None


def test_an_answer_that_was_cut_off_can_be_let_in() -> None:
    cut = facts(finish_reason="length")
    assert why_unfit(cut) is Unfit.CUT_OFF
    assert why_unfit(cut, FitnessRules(allow_cut_off=True)) is None


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"per_task": 0}, "per_task"),
        ({"min_tokens": 9, "max_tokens": 3}, "max_tokens"),
        ({"max_characters": -1}, "max_characters"),
        ({"agreement": 1.5}, "agreement"),
        ({"agreement": 0.0}, "agreement"),
        ({"agreement": float("nan")}, "agreement"),
        ({"must_match": "(a"}, "must_match"),
        ({"must_match": "(?:" * 1000 + "a" + ")" * 1000}, "must_match"),
        ({"must_not_match": "[z-a]"}, "must_not_match"),
        ({"languages": ("english",)}, "languages"),
        ({"languages": ()}, "languages"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_by_its_name(values: dict[str, object], setting: str) -> None:
    with pytest.raises(SettingError) as refused:
        FitnessRules(**values)  # type: ignore[arg-type]
    assert refused.value.setting == setting
    assert refused.value.hint


RULES = st.builds(
    FitnessRules,
    only_correct=st.booleans(),
    per_task=st.none() | st.integers(1, 9),
    agreement=st.none() | st.floats(0.01, 1),
    no_refusals=st.booleans(),
    languages=st.sampled_from([None, ("en",), ("de", "fr")]),
    min_tokens=st.none() | st.integers(1, 5),
    max_tokens=st.none() | st.integers(5, 9),
    must_match=st.sampled_from(["", "^A", r"\d+$"]),
)


@given(rules=RULES)
def test_rules_survive_json(rules: FitnessRules) -> None:
    assert FitnessRules.from_json(json.loads(json.dumps(asdict(rules)))) == rules


def test_rules_of_an_earlier_version_had_no_maximum_per_task() -> None:
    old = {"only_correct": False, "only_paired": True, "allow_leaks": True, "only_kept": False, "later": 1}
    assert FitnessRules.from_json(old) == FitnessRules(only_correct=False, allow_leaks=True, per_task=None)
    assert DEFAULT_RULES.per_task == 4


def test_an_expression_matches_anywhere_and_lines_have_ends() -> None:
    assert matches("^Answer: \\d+$", "Let me see.\nAnswer: 12\nDone.")
    assert not matches("^Answer: \\d+$", "The Answer: 12.")
    rules = FitnessRules(must_match="Answer:", must_not_match="(?i)as an ai")
    assert rules.format_of("Answer: 3") == "right"
    assert rules.format_of("3") == "other"
    assert rules.format_of("As an AI I say Answer: 3") == "other"


def test_an_expression_that_would_run_for_ever_is_ended() -> None:
    slow = "a" * 5000 + "b"
    assert matches("(a+)+$", slow) is None
    assert FitnessRules(must_match="(a+)+$").format_of(slow) == "unchecked"
    assert why_unfit(facts(format="unchecked"), FitnessRules(must_match="x")) is Unfit.FORMAT_UNCHECKED
