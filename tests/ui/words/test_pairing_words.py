"""Why a family has its strategy, in words: each reason, and what older libraries stored."""

from dataclasses import replace

import pytest

from orca_desk.library.pairings import StoredPairing
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.halves import HeldOutScore
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.pairing import ChoiceRule, Decision, Pairing, PairingReason, decide
from orca_desk.steps.pair.estimate import ProbeEstimate
from orca_desk.ui.words.pairing import (
    estimate_text,
    held_out_text,
    judge_check_text,
    no_choice,
    pairing_reason,
    probe_summary,
    source_word,
)


def measured(
    strategy: str, correct: int, tokens: float, basis: Basis = Basis.REFERENCE, first: int = 0
) -> Evidence:
    """Evidence of 40 tasks, of which `correct` are right from the `first` on."""
    outcomes = tuple((f"task {n:02}", float(first <= n < first + correct)) for n in range(40))
    return Evidence(
        family="sums",
        strategy=strategy,
        n=40,
        correct=correct,
        mean_tokens=tokens,
        outcomes=outcomes,
        basis=basis,
    )


def decided(*evidence: Evidence) -> Decision:
    return decide(evidence)["sums"]


@pytest.mark.parametrize(
    ("evidence", "reason", "words"),
    [
        ([measured("direct", 36, 5)], PairingReason.ONLY, "36 of 40 correct, the only strategy measured."),
        (
            [measured("direct", 4, 5), measured("step-by-step", 36, 50)],
            PairingReason.BEST,
            "36 of 40 correct, the best of 2 measured strategies.",
        ),
        (
            [measured("direct", 39, 5), measured("step-by-step", 40, 50)],
            PairingReason.SHORTEST,
            "39 of 40 correct at 5 tokens per answer. step-by-step got 40 of 40 at 50; this one is cheaper"
            " and not worse by 20% or more.",
        ),
        (
            [measured("direct", 36, 5, Basis.JUDGE)],
            PairingReason.ONLY,
            "36 of 40 judged correct, the only strategy measured.",
        ),
    ],
)
def test_a_measured_reason(evidence: list[Evidence], reason: PairingReason, words: str) -> None:
    rule = ChoiceRule(margin=0.2)
    pairing = decide(evidence, rule)["sums"].pairing
    assert pairing is not None
    assert (pairing.reason, pairing_reason(pairing, rule)) == (reason, words)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (PairingReason.BY_HAND, "Chosen by hand."),
        ("9 of 10 right, the best of 3 measured", "9 of 10 right, the best of 3 measured."),
        ("Chosen by hand.", "Chosen by hand."),
        ("", ""),
    ],
)
def test_a_reason_without_evidence(stored: str, words: str) -> None:
    assert pairing_reason(Pairing(family="sums", strategy="direct", evidence=(), reason=stored)) == words


def test_no_choice_says_what_would_settle_it() -> None:
    still_open = decided(measured("direct", 18, 5), measured("step-by-step", 20, 50, first=10))
    assert still_open.reason == PairingReason.OPEN and still_open.more_tasks
    words = no_choice(still_open)
    assert f"About {still_open.more_tasks:,} more task" in words and "would probably settle it" in words
    assert f"up to {2 * still_open.more_tasks:,} answers" in words
    nothing = decided(measured("direct", 0, 5), measured("step-by-step", 0, 50))
    assert no_choice(nothing).startswith("No evidence: 0 of 80 answers correct. Use a stronger teacher")
    agreeing = decided(measured("direct", 0, 5, Basis.AGREEMENT))
    assert no_choice(agreeing).startswith("No evidence: 0 of 40 answers agreeing.")


def test_the_held_out_score_is_told_with_its_interval() -> None:
    found = HeldOutScore(accuracy=0.75, tasks=40, low=0.6, high=0.86, by_halves=("direct", "step-by-step"))
    words = held_out_text(found)
    assert "75% correct (60% to 86%, 40 tasks)" in words
    assert "direct on one half and step-by-step on the other" in words
    assert "Direct on one half" in held_out_text(found, titles={"direct": "Direct"})
    assert held_out_text(None) == ""


def test_a_measurement_names_the_families_without_a_choice() -> None:
    assert probe_summary(2, (), 0) == "2 families paired by measurement."
    assert probe_summary(1, {"sums": 6}, 1, ["belief"]) == (
        "1 family paired by measurement. No choice yet for 1 family: too few answers to tell in belief."
        " No evidence for 1 family: no strategy got a task right in sums."
        " 1 task not graded under every strategy, so not compared."
    )
    none = probe_summary(0, (), 3, without_verdict=["sums"])
    assert none == (
        "0 families paired by measurement. No verdict for 1 family: no task has a graded answer under every"
        " strategy in sums. 3 tasks not graded under every strategy, so not compared."
    )
    many = probe_summary(0, [f"f{n}" for n in range(7)], 0)
    assert many.endswith("no strategy got a task right in f0, f1, f2, f3, f4 and 2 more.")


def test_how_a_family_came_to_its_strategy() -> None:
    def stored(basis: Basis) -> StoredPairing:
        pairing = decided(measured("direct", 36, 5, basis)).pairing
        assert pairing is not None
        return StoredPairing(pairing=pairing, source="measured", created_at="2026-01-31T12:00:00.000+00:00")

    assert source_word(stored(Basis.REFERENCE)) == "measured"
    assert source_word(stored(Basis.AGREEMENT)) == "by agreement"
    assert source_word(stored(Basis.JUDGE)) == "by a judge"
    assert source_word(stored(Basis.JUDGE), is_earlier=True) == "earlier version"


def test_a_pairing_that_an_older_version_took_from_nothing_correct_is_not_called_measured() -> None:
    evidence = (measured("direct", 0, 5), measured("step-by-step", 0, 50))
    pairing = Pairing(family="sums", strategy="direct", evidence=evidence, reason=PairingReason.NONE_CORRECT)
    stored = StoredPairing(pairing=pairing, source="measured", created_at="2026-01-31T12:00:00.000+00:00")
    assert source_word(stored) == "no evidence"
    words = "No strategy answered any of the 40 tasks correctly; this one is the shortest."
    assert pairing_reason(pairing) == words


def test_what_a_measurement_will_cost() -> None:
    found = ProbeEstimate(
        families=2, strategies=3, least_answers=48, most_answers=384, tokens=9_600, low=12, high=190
    )
    assert estimate_text(found) == "48 to 384 answers, up to 9,600 tokens, 12 s to 3 min"
    known = replace(found, least_answers=1, most_answers=1, tokens=None, low=None, high=None)
    assert estimate_text(known) == "1 answer"
    assert estimate_text(replace(known, most_answers=0)) == "no answers"


def test_what_a_judges_verdicts_are_worth() -> None:
    found = JudgeCheck(accepted_correct=9, correct=10, accepted_incorrect=1, incorrect=1)
    assert judge_check_text(found) == (
        "Where tasks have reference answers, the judge accepts 9 of 10 correct answers and 1 of 1 incorrect"
        " answer."
    )
