import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.public_data import MISSING, PUBLIC_DATA
from orca_desk.errors import UserError
from orca_desk.method.grading import grade
from orca_desk.method.pairing import (
    Evidence,
    PairingReason,
    Trial,
    choose,
    measure,
    strategy_for,
    tried_under_all,
    worse_by_chance,
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


@pytest.mark.parametrize(
    ("direct", "steps", "chosen"),
    [
        ("1111111111111110", "1111111111111111", "direct"),  # one loss is luck
        ("1111111111111100", "1111111111111111", "step-by-step"),  # two losses, none back, are not
        ("0000111111111111", "1111001111111111", "direct"),  # 4 against 2
        ("1111111111111111", "1111111111111111", "direct"),
        ("0000000000000000", "0000000000000001", "step-by-step"),  # nothing right is no reason to be chosen
    ],
)
def test_equals_go_to_the_shorter_answer(direct: str, steps: str, chosen: str) -> None:
    pairing = choose(measure([*trials("direct", direct, 3), *trials("step-by-step", steps, 90)]))["f"]
    assert pairing.strategy == chosen


def test_strategies_probed_on_other_tasks_are_compared_by_counts() -> None:
    few = Evidence(family="f", strategy="direct", n=16, correct=2, mean_tokens=3.0)
    many = Evidence(family="f", strategy="step-by-step", n=16, correct=15, mean_tokens=90.0)
    assert worse_by_chance(many, few) < 0.001
    assert choose([few, many])["f"].strategy == "step-by-step"


def test_without_a_correct_answer_there_is_no_evidence_to_pair_by() -> None:
    nothing = measure([*trials("a", "000", 5), *trials("b", "000", 3)])
    assert choose(nothing) == {}
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
        Evidence(family="f", strategy="s", n=2, correct=1, mean_tokens=1.0, outcomes=(("a", True),))
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
def test_the_choice_is_never_worse_nor_longer_than_the_best(
    probe: list[tuple[str, int]], random: object
) -> None:
    evidence = list(measure(t for i, (right, n) in enumerate(probe) for t in trials(f"s{i}", right, n)))
    if not any(item.correct for item in evidence):
        assert choose(evidence) == {}
        return
    pairing = choose(evidence)["f"]
    chosen = next(e for e in evidence if e.strategy == pairing.strategy)
    best = max(evidence, key=lambda e: (e.accuracy, -e.mean_tokens))
    assert chosen.mean_tokens <= best.mean_tokens
    assert worse_by_chance(best, chosen) > 0.25 or chosen.accuracy == best.accuracy
    random.shuffle(evidence)  # type: ignore[attr-defined]
    assert choose(evidence)["f"] == pairing


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
            correct["paired"] += trial.correct and trial.strategy == pairings[trial.family].strategy
        assert correct["paired"] >= max(correct["direct"], correct["step_by_step"]), dict(correct)
        assert len({pairing.strategy for pairing in pairings.values()}) == 2
