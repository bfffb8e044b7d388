"""The tournament of a family: few answers where it is easy, no more errors for looking often."""

import random
from collections.abc import Mapping, Sequence

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.pairing import ChoiceRule, PairingReason
from orca_desk.method.tournament import (
    FIRST,
    HOPELESS,
    Contest,
    ContestState,
    Trial,
    concluded,
    standing,
)

pytest.importorskip("numpy")
Tried = dict[tuple[str, str], list[Trial]]


def contest(marks: Mapping[str, str], **more: object) -> Contest:
    tasks = [f"t{n}" for n in range(max(map(len, marks.values())))]
    return Contest(family="f", tasks=tasks, strategies=list(marks), **more)  # type: ignore[arg-type]


def trial(marks: Mapping[str, str], task: str, name: str) -> list[Trial]:
    """The outcome of a task; "-" has no verdict. A strategy's answers are as long as its place says."""
    mark = marks[name][int(task[1:])]
    if mark == "-":
        return []
    tokens = 10 * (1 + list(marks).index(name))
    return [Trial(task_id=task, family="f", strategy=name, correct=mark == "1", tokens=tokens)]


def hold(held: Contest, marks: Mapping[str, str]) -> tuple[ContestState, Tried]:
    """Answer what is wanted until nothing is."""
    tried: Tried = {}
    while (state := standing(held, tried)).wanted:
        tried |= {(task, name): trial(marks, task, name) for task, name in state.wanted}
    return state, tried


def test_a_clear_winner_takes_few_tasks() -> None:
    marks = {"direct": "0" * 200, "steps": "1" * 200}
    state, tried = hold(contest(marks), marks)
    assert (state.end, state.decision and state.decision.strategy) == ("chosen", "steps")
    assert len(tried) == 2 * FIRST
    assert state.decision and state.decision.reason == PairingReason.BEST


def test_a_strategy_that_is_clearly_worse_leaves_and_the_others_go_on() -> None:
    marks = {"bad": "0" * 256, "a": "10" * 128, "b": "1" * 256, "c": "1" * 256}
    state, tried = hold(contest(marks), marks)
    assert state.decision and state.decision.strategy == "b"
    assert state.left["bad"].why == "worse" and state.left["bad"].rival in "bc"
    asked = {name: sum(one == name for _, one in tried) for name in marks}
    assert asked["bad"] <= asked["a"] < asked["b"]
    measured = {item.strategy: item.tasks for item in state.decision.evidence}
    assert measured["bad"] < measured["b"]
    assert {one.strategy for one in state.decision.standings if not one.not_worse} >= {"bad", "a"}


def test_equal_strategies_end_with_the_shorter_or_without_a_choice() -> None:
    enough = {"short": "1" * 256, "long": "1" * 256}
    state, tried = hold(contest(enough), enough)
    assert state.decision and state.decision.strategy == "short"
    assert len(tried) < 512
    few = {"short": "10" * 8, "long": "01" * 8}
    state, _ = hold(contest(few), few)
    assert (state.end, state.decision and state.decision.strategy) == ("out of tasks", None)
    assert state.decision and state.decision.reason == PairingReason.OPEN and state.decision.more_tasks


def test_a_family_in_which_nothing_is_right_is_given_up() -> None:
    marks = {"a": "0" * 500, "b": "0" * 500}
    state, tried = hold(contest(marks), marks)
    assert (state.end, len(tried)) == ("nothing right", 2 * HOPELESS)
    assert state.decision and state.decision.reason == PairingReason.NONE_CORRECT


def test_tasks_without_a_verdict_under_a_strategy_compare_nothing() -> None:
    marks = {"a": "1-" * 32, "b": "01" * 32}
    state, _ = hold(contest(marks), marks)
    assert state.decision
    assert {item.tasks for item in state.decision.evidence} == {8}, "half of the first 16"
    assert state.decision.strategy == "a"
    nothing = {"a": "-" * 20, "b": "1" * 20}
    state, _ = hold(contest(nothing), nothing)
    assert (state.end, state.decision) == ("nothing graded", None)


def test_a_budget_that_runs_out_gives_the_last_look_at_what_there_is() -> None:
    marks = {"a": "0" * 6, "b": "1" * 6}
    held = contest({name: mark * 50 for name, mark in marks.items()})
    tried = {(f"t{n}", name): trial(marks, f"t{n}", name) for n in range(6) for name in marks}
    state = standing(held, tried)
    assert state.wanted and state.decision is None
    over = concluded(held, state, tried)
    assert (over.end, over.decision and over.decision.strategy) == ("out of budget", "b")
    assert concluded(held, standing(held, {}), {}).end == "nothing graded"


def test_a_measurement_that_goes_on_after_its_end_needs_more_evidence() -> None:
    marks = {"a": "1" * 30, "b": "1" * 30}
    first, third = contest(marks), contest(marks, earlier=2)
    for size in first.sizes:
        assert third.level(size) < first.level(size) / 2
    assert third.rule_at(third.level_left(FIRST)).alpha == pytest.approx(first.rule.alpha / 4)
    assert first.level_left(16) < first.level_left(FIRST) == first.rule.alpha


marks_of = st.integers(1, 40).flatmap(
    lambda n: st.dictionaries(
        st.sampled_from("abcd"), st.text("01-", min_size=n, max_size=n), min_size=1, max_size=4
    )
)


@at_most(30)
@given(marks_of, st.randoms(use_true_random=False))
def test_a_state_is_a_function_of_the_answers_alone(marks: dict[str, str], draw: random.Random) -> None:
    """Stopped anywhere, and asked in any order, it comes to the same end with the same answers."""
    held = contest(marks)
    whole, tried = hold(held, marks)
    again: Tried = {}
    while (state := standing(held, again)).wanted:
        for task, name in draw.sample(state.wanted, draw.randint(1, len(state.wanted))):
            again[task, name] = trial(marks, task, name)
    assert (state, again) == (whole, tried)
    assert set(state.open) | set(state.left) == set(marks)


def accuracies(draw: random.Random, shares: Sequence[float], tasks: int) -> dict[str, str]:
    return {
        f"s{place}": "".join("1" if draw.random() < share else "0" for _ in range(tasks))
        for place, share in enumerate(shares)
    }


@pytest.mark.parametrize("shares", [(0.55, 0.6), (0.75, 0.8, 0.8)])
def test_looking_often_chooses_wrongly_no_more_often_than_allowed(shares: Sequence[float]) -> None:
    """The shortest strategy is worse than the best by just the margin: choosing it is the error."""
    draw, runs = random.Random(1), 40
    wrong = 0
    for _ in range(runs):
        marks = accuracies(draw, shares, 128)
        state, _ = hold(contest(marks, rule=ChoiceRule(margin=0.05)), marks)
        wrong += bool(state.decision and state.decision.strategy == "s0")
    assert wrong / runs <= 0.15 + 0.11  # twice the standard error of the simulation
