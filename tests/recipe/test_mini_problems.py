"""The problem families: deterministic, rightly answered, and split without overlap."""

from random import Random

import pytest

from models.recipe import tasks
from models.recipe.families import FAMILIES, WINNERS, draw
from models.recipe.problem import WORKED_ANSWER, WORKED_EXAMPLE, Problem, is_heldout
from models.recipe.samples import CAUTIOUS
from models.recipe.traces import STRATEGIES, answer_under, instructions, worked_answer
from orca_desk.method.grading import grade


def some(family: str, count: int = 200, *, heldout: bool = False) -> list[Problem]:
    rng = Random(f"test {family}")
    return [draw(family, rng, heldout=heldout) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_gives_the_same_problems(family: str) -> None:
    assert some(family) == some(family)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_text_alone_decides_the_split(family: str) -> None:
    train, heldout = some(family), some(family, heldout=True)
    assert not {problem.user_text for problem in train} & {problem.user_text for problem in heldout}
    respaced = heldout[0].user_text.replace(" ", "  ")
    twin = Problem(
        family=family, query=respaced, answer="other", answer_kind="text", work="", topic="nothing"
    )
    assert is_heldout(twin)


def test_about_one_problem_in_eight_is_held_out() -> None:
    rng = Random(0)
    problems = [FAMILIES["swaps"].make(rng) for _ in range(4000)]
    assert 0.10 < sum(map(is_heldout, problems)) / len(problems) < 0.15


def test_the_worked_example_is_held_out_whatever_its_hash() -> None:
    worked = Problem(
        family="belief",
        query=WORKED_EXAMPLE,
        answer=WORKED_ANSWER,
        answer_kind="keyed",
        work="",
        topic="the ball",
    )
    assert is_heldout(worked)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_answer_of_the_teacher_is_right_by_the_apps_own_grader(family: str) -> None:
    for problem in some(family, 40):
        for strategy in STRATEGIES:
            verdict = grade(answer_under(strategy, problem), problem.answer, problem.answer_kind)
            assert verdict.correct, (strategy, problem, verdict)


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_winner_does_the_work(family: str) -> None:
    for problem in some(family, 40):
        holders = [s for s in STRATEGIES if problem.work and problem.work in answer_under(s, problem)]
        assert holders == ([WINNERS[family]] if family != "facts" else [])


def test_different_strategies_win() -> None:
    assert len(set(WINNERS.values())) >= 4


def test_the_work_of_a_belief_problem_ends_in_its_answer() -> None:
    for problem in some("belief"):
        last = problem.work.rsplit("\n", 1)[-1].rstrip(".")
        states = [part.split() for part in last.split(", ")[1:]]
        assert " ".join(f"{name}: the {place}." for name, _, place in states) == problem.answer


def test_the_work_of_a_word_problem_adds_up() -> None:
    for problem in some("words"):
        total = None
        for line in problem.work.splitlines():
            left, right = line.rstrip(".").split(", ")[-1].split(" = ")
            first, sign, second = left.split()
            assert total in (None, int(first))
            total = int(first) + int(second) * (1 if sign == "+" else -1)
            assert total == int(right)
            assert 0 <= total <= 99
        assert str(total) == problem.answer


def test_following_the_swaps_gives_the_answer() -> None:
    for problem in some("swaps"):
        opening, *rest = problem.query.split(". ")
        holds = {}
        for part in opening.replace(" and ", ", ").split(", "):
            name, _, _, thing = part.split()
            holds[name] = thing
        for sentence in rest[:-1]:
            _, first, _, second, _ = sentence.split()
            holds[first], holds[second] = holds[second], holds[first]
        assert problem.answer == f"the {holds[rest[-1].split()[2]]}"


@pytest.mark.parametrize("family", ["lookup", "rules"])
def test_the_work_quotes_the_text(family: str) -> None:
    for problem in some(family):
        quoted = problem.work.split(": ", 1)[1].rstrip(".")
        text = f"{problem.context} {problem.query}"
        assert all(part in text for part in quoted.split("; "))


def test_the_instructions_are_those_of_the_app_and_the_cautious_text_is_its_own() -> None:
    assert all(text.endswith(".") and text == text.strip() for text in instructions().values())
    assert "cautious assistant" in CAUTIOUS


def test_sample_tasks_are_distinct_and_on_their_side_of_the_border() -> None:
    train = tasks.distinct("facts", 0, tasks.TRAIN, heldout=False)
    heldout = tasks.distinct("facts", 0, tasks.HELDOUT, heldout=True)
    assert len({p.user_text for p in (*train, *heldout)}) == tasks.TRAIN + tasks.HELDOUT
    assert worked_answer(train[0]) == f"Answer: {train[0].answer}"
