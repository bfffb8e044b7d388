import json
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.public_data import MISSING, PUBLIC_DATA
from orca_desk.errors import UserError
from orca_desk.method.evidence import tried_under_all
from orca_desk.method.grading import grade
from orca_desk.method.pairing import (
    Basis,
    ChoiceRule,
    Evidence,
    PairingReason,
    Trial,
    choose,
    decide,
    measure,
    strategy_for,
)
from orca_desk.method.records import Task

OUTCOMES = PUBLIC_DATA / "bbh" / "strategy_outcomes.jsonl"


def trials(strategy: str, right: str, tokens: int, family: str = "f") -> list[Trial]:
    """One trial a character of `right`: "1" is a right answer."""
    return [
        Trial(task_id=f"t{i}", family=family, strategy=strategy, correct=mark == "1", tokens=tokens)
        for i, mark in enumerate(right)
    ]


def test_a_clearly_better_strategy_wins_whatever_it_costs() -> None:
    pairing = choose(measure([*trials("direct", "0" * 14 + "11", 3), *trials("step-by-step", "1" * 16, 90)]))[
        "f"
    ]
    assert pairing.strategy == "step-by-step"
    assert [(e.strategy, e.correct, e.n, e.mean_tokens) for e in pairing.evidence] == [
        ("direct", 2, 16, 3.0),
        ("step-by-step", 16, 16, 90.0),
    ]
    assert pairing.reason == PairingReason.BEST


FEW, MANY = 8, 80


@pytest.mark.parametrize(
    ("direct", "steps", "chosen"),
    [
        ("1" * MANY, "1" * MANY, "direct"),  # equal, and enough tasks to say so
        ("1" * FEW, "1" * FEW, None),  # equal so far
        ("0" * 4 + "1" * 76, "1" * MANY, "step-by-step"),  # four losses
        ("0" + "1" * 79, "1" * MANY, "direct"),  # one of eighty is within the margin
        ("0" * FEW + "1" * FEW, "1" * 2 * FEW, "step-by-step"),
        ("000", "111", None),  # too few tasks for any choice
        ("0" * 100, "1" * 3 + "0" * 97, "step-by-step"),  # nothing right is no reason to be chosen
    ],
)
def test_equals_go_to_the_shorter_answer(direct: str, steps: str, chosen: str | None) -> None:
    decision = decide(measure([*trials("direct", direct, 3), *trials("step-by-step", steps, 90)]))["f"]
    assert decision.strategy == chosen
    assert (decision.pairing is None) == (chosen is None)
    if chosen is None:
        assert decision.reason == PairingReason.OPEN and decision.more_tasks


def test_without_a_choice_it_says_how_many_more_tasks_would_settle_it() -> None:
    few = decide(measure([*trials("direct", "1" * 8, 3), *trials("step-by-step", "1" * 8, 90)]))["f"]
    more = decide(measure([*trials("direct", "1" * 20, 3), *trials("step-by-step", "1" * 20, 90)]))["f"]
    assert few.more_tasks is not None and more.more_tasks is not None
    assert few.more_tasks > more.more_tasks > 5
    enough = "1" * (8 + few.more_tasks)
    assert choose(measure([*trials("direct", enough, 3), *trials("step-by-step", enough, 90)]))


def test_a_strategy_with_few_tasks_is_the_one_that_must_answer_more() -> None:
    found = decide(measure([*trials("a", "1" * 40, 3), *trials("b", "0" * 40, 9), *trials("c", "111", 20)]))[
        "f"
    ]
    assert (found.strategy, found.reason) == (None, PairingReason.OPEN)
    assert found.more_tasks == found.more_answers["c"] > 0
    assert found.more_answers["a"] == found.more_answers["b"] < found.more_answers["c"]


def test_strategies_that_share_few_tasks_must_answer_more_of_the_same() -> None:
    """Though each has answered many: what counts is on how many tasks they can be compared."""
    right = "1" * 30 + "01" * 35
    apart = [replace(one, task_id=f"u{place}") for place, one in enumerate(trials("b", right[10:], 9))]
    found = decide(measure([*trials("a", right, 3), *trials("b", right[:10], 9), *apart]))["f"]
    assert (found.strategy, found.reason) == (None, PairingReason.OPEN)
    assert found.standings[0].tasks == 10
    assert found.more_tasks is not None and found.more_tasks > 5


@pytest.mark.parametrize(("others", "n"), [(1, 30), (3, 46), (6, 56)])
def test_no_losses_on_a_few_tasks_are_not_taken_for_equality(others: int, n: int) -> None:
    """A strategy that is always worse in 5 of 100 tasks has no loss among `n` too often."""
    shorter = [one for place in range(others) for one in trials(f"s{place}", "1" * n, 3)]
    assert 0.95**n > ChoiceRule().alpha / others
    assert decide(measure([*shorter, *trials("best", "1" * n, 90)]))["f"].strategy is None


def test_many_strategies_need_more_evidence_than_two() -> None:
    """With luck alone, one of many looks good: the p-values are adjusted for their number."""
    two = [*trials("a", "1" * 40, 3), *trials("b", "1" * 40, 9)]
    many = [*two, *(one for i in range(5) for one in trials(f"c{i}", "1" * 40, 20))]
    assert decide(measure(two))["f"].strategy == "a"
    assert decide(measure(many))["f"].strategy is None
    of_two = {one.strategy: one for one in decide(measure(two))["f"].standings}
    of_many = {one.strategy: one for one in decide(measure(many))["f"].standings}
    assert of_two["a"].adjusted_p == of_two["a"].p
    assert of_many["a"].adjusted_p == pytest.approx(6 * of_many["a"].p)


def test_a_wider_margin_and_less_confidence_choose_sooner() -> None:
    evidence = measure([*trials("direct", "1" * 20, 3), *trials("step-by-step", "1" * 20, 90)])
    assert decide(evidence)["f"].strategy is None
    assert decide(evidence, ChoiceRule(margin=0.2))["f"].strategy == "direct"
    assert decide(evidence, ChoiceRule(confidence=0.6))["f"].strategy == "direct"
    with pytest.raises(ValueError, match="no rule"):
        ChoiceRule(confidence=1.0)


def test_samples_of_one_task_are_no_tasks() -> None:
    """Ten samples of each of four tasks are worth no more than four tasks if they agree."""

    def sampled(strategy: str, right: str, tokens: int) -> list[Trial]:
        return [replace(one, sample=k) for one in trials(strategy, right, tokens) for k in range(10)]

    found = measure([*sampled("direct", "0011", 3), *sampled("step-by-step", "0111", 90)])
    assert [(one.n, one.correct, one.tasks, one.accuracy) for one in found] == [
        (40, 20, 4, 0.5),
        (40, 30, 4, 0.75),
    ]
    once = measure([*trials("direct", "0011", 3), *trials("step-by-step", "0111", 90)])
    assert [one.interval for one in found] == [one.interval for one in once]
    again, before = decide(found)["f"], decide(once)["f"]
    assert [one.p for one in again.standings] == [one.p for one in before.standings]
    assert again.strategy is None


def test_evidence_of_different_bases_is_never_compared() -> None:
    by_reference = measure(trials("direct", "1111", 3))
    by_judge = measure(trials("step-by-step", "1111", 9), Basis.JUDGE)
    with pytest.raises(ValueError, match="bases"):
        decide([*by_reference, *by_judge])
    assert decide(by_judge)["f"].basis == Basis.JUDGE


def test_strategies_probed_on_other_tasks_are_compared_by_counts() -> None:
    few = Evidence(family="f", strategy="direct", n=16, correct=2, mean_tokens=3.0)
    many = Evidence(family="f", strategy="step-by-step", n=16, correct=15, mean_tokens=90.0)
    decision = decide([few, many])["f"]
    assert decision.strategy == "step-by-step"
    assert not any(one.paired for one in decision.standings)


def test_strategies_are_paired_on_the_tasks_that_both_answered() -> None:
    direct = trials("direct", "1" * 20 + "0" * 20, 3)
    steps = trials("step-by-step", "1" * 20, 90)  # the easy half alone
    standing = decide(measure([*direct, *steps]))["f"].standings[0]
    assert (standing.difference, standing.tasks, standing.paired) == (0, 20, True)


def test_without_a_correct_answer_there_is_no_evidence_to_pair_by() -> None:
    nothing = measure([*trials("a", "000", 5), *trials("b", "000", 3)])
    assert choose(nothing) == {}
    decision = decide(nothing)["f"]
    assert (decision.strategy, decision.reason) == (None, PairingReason.NONE_CORRECT)
    assert choose([*nothing, *measure(trials("a", "010", 5, family="g"))]).keys() == {"g"}


def test_strategies_are_compared_on_the_tasks_that_all_could_be_tried_on() -> None:
    short, long = trials("a", "1100", 5), trials("b", "11", 9)  # b was tried on the first two alone
    compared = tried_under_all([*short, *long], ["a", "b"])
    assert {(one.strategy, one.task_id) for one in compared} == {
        (strategy, task.task_id) for strategy in "ab" for task in long
    }
    assert [(one.strategy, one.correct, one.n) for one in measure(compared)] == [("a", 2, 2), ("b", 2, 2)]


def test_bad_evidence_is_a_bug() -> None:
    with pytest.raises(ValueError, match="twice"):
        measure(trials("direct", "1", 3) * 2)
    one = measure(trials("direct", "1", 3))[0]
    with pytest.raises(ValueError, match="twice"):
        choose([one, one])
    with pytest.raises(ValueError, match="add up"):
        Evidence(family="f", strategy="s", n=1, correct=0, mean_tokens=1.0, outcomes=(("a", True),))
    with pytest.raises(ValueError, match="no evidence"):
        Evidence(family="f", strategy="s", n=0, correct=0, mean_tokens=0.0)


def test_a_task_may_override_its_family() -> None:
    pairings = choose(measure(trials("direct", "11", 3)))
    assert strategy_for(Task(family="f", query="q"), pairings) == "direct"
    assert (
        strategy_for(Task(family="f", query="q", strategy="guess-and-check"), pairings) == "guess-and-check"
    )
    assert strategy_for(Task(family="g", query="q"), pairings, default="step-by-step") == "step-by-step"
    with pytest.raises(UserError, match="no strategy yet"):
        strategy_for(Task(family="g", query="q"), pairings)


probes = st.integers(1, 24).flatmap(
    lambda n: st.lists(
        st.tuples(st.text("01", min_size=n, max_size=n), st.integers(1, 200)), min_size=1, max_size=7
    )
)


@given(probes, st.randoms(use_true_random=False))
def test_the_choice_is_proven_and_does_not_depend_on_the_order(
    probe: list[tuple[str, int]], random: object
) -> None:
    evidence = list(measure(t for i, (right, n) in enumerate(probe) for t in trials(f"s{i}", right, n)))
    if not any(item.correct for item in evidence):
        assert choose(evidence) == {}
        return
    decision = decide(evidence)["f"]
    random.shuffle(evidence)  # type: ignore[attr-defined]
    assert decide(evidence)["f"] == decision
    assert all(one.p <= one.adjusted_p <= 1 for one in decision.standings)
    if decision.strategy is None:
        assert decision.reason == PairingReason.OPEN
        return
    chosen = next(e for e in evidence if e.strategy == decision.strategy)
    best = max(evidence, key=lambda e: (e.accuracy, -e.mean_tokens))
    assert chosen.correct
    assert chosen.mean_tokens <= best.mean_tokens or best.strategy not in {
        one.strategy for one in decision.standings if one.not_worse
    }


@pytest.mark.skipif(not OUTCOMES.is_file(), reason=MISSING)
def test_chosen_on_one_half_of_real_outcomes_it_wins_on_the_other() -> None:
    halves: tuple[list[Trial], list[Trial]] = ([], [])
    for line in OUTCOMES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for strategy in ("direct", "step_by_step"):
            right = grade(row[strategy], row["target"]).correct
            halves[row["index"] % 2].append(
                Trial(
                    task_id=str(row["index"]),
                    family=row["task"],
                    strategy=strategy,
                    correct=right,
                    tokens=len(row[strategy].split()),
                )
            )
    for chosen_on, scored_on in (halves, halves[::-1]):
        pairings = choose(measure(chosen_on))
        correct: dict[str, int] = defaultdict(int)
        for trial in scored_on:
            correct[trial.strategy] += trial.correct
            pairing = pairings.get(trial.family)
            strategy = pairing.strategy if pairing else "step_by_step"  # no choice: as before
            correct["paired"] += trial.correct and trial.strategy == strategy
        assert correct["paired"] >= max(correct["direct"], correct["step_by_step"]), dict(correct)
        assert len({pairing.strategy for pairing in pairings.values()}) == 2
