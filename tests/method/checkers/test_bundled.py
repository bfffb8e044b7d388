"""The bundled families' checkers agree with the recipe of the families, and find planted mistakes."""

from random import Random

import pytest

from models.recipe.families import FAMILIES, WINNERS, draw
from models.recipe.problem import WORKED_EXAMPLE, Problem
from models.recipe.traces import STRATEGIES as NAMES
from models.recipe.traces import answer_under, worked_answer
from orca_desk.method.answer_reading import AnswerReading, StepFaults, read_answer
from orca_desk.method.checkers import StepFault
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

STRATEGIES = tuple(load_folder(resources() / "strategies").values())
CHECKED = [family for family in FAMILIES if family != "facts"]


def problems(family: str, count: int = 60) -> list[Problem]:
    rng = Random(7)
    return [draw(family, rng, heldout=bool(index % 2)) for index in range(count)]


def read(response: str, problem: Problem) -> AnswerReading:
    return read_answer(response, problem.user_text, STRATEGIES)


@pytest.mark.parametrize("family", CHECKED)
def test_every_step_of_the_familys_own_work_is_correct(family: str) -> None:
    for problem in problems(family):
        reading = read(worked_answer(problem), problem)
        assert (reading.checker, reading.strategy) == (family, WINNERS[family])
        assert reading.checked == len(reading.steps) > 1
        assert reading.first_incorrect is None


@pytest.mark.parametrize("family", CHECKED)
def test_the_form_of_another_strategy_has_no_incorrect_step(family: str) -> None:
    for problem in problems(family, 20):
        for strategy in NAMES:
            reading = read(answer_under(strategy, problem), problem)
            assert reading.first_incorrect is None
            if strategy not in ("direct", WINNERS[family]):
                assert reading.checks[0].outcome == "unchecked"


def test_facts_have_no_checker() -> None:
    problem = problems("facts", 1)[0]
    reading = read(worked_answer(problem), problem)
    assert (reading.checker, reading.checked) == ("none", 0)


def plant(problem: Problem, rng: Random) -> tuple[str, int] | None:
    """Return the family's work with a piece of one step changed to another of the question, and which."""
    reading = read(worked_answer(problem), problem)
    step = rng.choice(reading.steps)
    words = [word.strip(".,;:") for word in step.body.split()]
    others = [word.strip(".,;:?") for word in problem.user_text.split()]
    name = [w for w in words if w[:1].isupper() or w.isdigit()]
    pool = [
        w
        for w in others
        if (w[:1].isupper() or w.isdigit()) and w not in words and w not in ("Then", "First")
    ]
    if not name or not pool:
        return None
    old, new = rng.choice(name), rng.choice(pool)
    if old.isdigit() != new.isdigit():
        return None
    answer = worked_answer(problem)
    body = step.text.index(step.body)
    changed = step.text[:body] + step.text[body:].replace(old, new, 1)
    return answer[: step.start] + changed + answer[step.end :], step.number


@pytest.mark.parametrize("family", ["belief", "swaps", "words", "lookup"])
def test_a_planted_mistake_is_found_where_it_is(family: str) -> None:
    rng = Random(3)
    planted = [(problem, made) for problem in problems(family) if (made := plant(problem, rng))]
    assert len(planted) > 10
    for problem, (response, number) in planted:
        assert read(response, problem).first_incorrect == number, response


def test_the_worked_example_is_followed_and_its_mistake_explained() -> None:
    response = (
        "Step 1: John puts it in the box and leaves; ball box, John away box, Mark here box.\n"
        "Step 2: Mark puts it in the basket and leaves; ball basket, John away basket, Mark away basket.\n"
        "Answer: John: the basket. Mark: the basket."
    )
    reading = read_answer(response, WORKED_EXAMPLE, STRATEGIES)
    assert (reading.checker, reading.first_incorrect) == ("belief", 2)
    assert reading.checks[1].fault is StepFault.DIFFERS
    assert reading.checks[1].facts["expected"].endswith("John away box, Mark away basket")
    assert reading.checks[2].fault is StepFault.ANSWER


SWAPS = (
    "Lucy has the key, Tom has the cup and Ann has the book. First Lucy and Ann swap. "
    "What does Lucy have at the end?"
)
WORDS = "Lucy has 13 cups. Then Lucy finds 2 more. Then Lucy sells 5. How many cups does Lucy have now?"
BUSES = (
    "The notes: Lucy lives in Oslo; the bus to Oslo is black; the black bus sells fruit.\n\n"
    "What does the bus to the town where Lucy lives sell?"
)


@pytest.mark.parametrize(
    ("question", "response", "outcomes"),
    [
        (SWAPS, "Step 1: Ann book, Lucy key, Tom cup.", ["correct"]),
        (SWAPS, "Step 2: Ann book and Lucy key swap; Tom cup, Ann key, Lucy book.", ["correct"]),
        (SWAPS, "Step 1: Ann book and Lucy key swap; Tom cup, Ann key, Lucy book.", ["unchecked"]),
        (SWAPS, "Step 2: Ann book and Lucy key swap; Tom key, Ann cup, Lucy book.", ["incorrect"]),
        (WORDS, "Step 1: more, 2 + 13 = 15.\nStep 2: less, 15 - 5 = 10.", ["correct", "correct"]),
        (WORDS, "Step 1: less, 15 - 5 = 10.", ["unchecked"]),
        (WORDS, "Step 2: less, 5 - 15 = 10.", ["incorrect"]),
        (BUSES, "Extract: Lucy lives in Oslo; the black bus sells fruit.", ["correct", "unchecked"]),
        (BUSES, "Extract: Lucy lives in Oslo; the bus to Rome is black.", ["correct", "incorrect"]),
    ],
)
def test_a_right_step_in_another_order_is_not_incorrect(
    question: str, response: str, outcomes: list[str]
) -> None:
    checks = read_answer(response, question, STRATEGIES).checks
    assert [check.outcome for check in checks] == outcomes


def test_a_question_in_other_words_is_left_alone() -> None:
    for question in ("John puts the ball in the box. Where is it?", "", "Lucy has 3 cups. How many has she?"):
        assert read_answer("Step 1: 2 + 2 = 5\nAnswer: 5", question, STRATEGIES).checker == "none"


def test_faults_are_counted_by_place_and_by_what_opens_the_step() -> None:
    problem = problems("words", 1)[0]
    faults = StepFaults()
    faults.add(read(worked_answer(problem), problem))
    faults.add(read("Step 1: more, 2 + 2 = 5.\nAnswer: 5", problem))
    faults.add(read("Step 1: more, 2 + 2 = 5.\nAnswer: 5", problem))
    faults.add(read("Step 1: Look at it.", problem))
    assert (faults.answers, faults.clean, faults.unchecked) == (4, 1, 1)
    assert (dict(faults.by_place), dict(faults.by_marker)) == ({1: 2}, {"step": 2})
    assert dict(faults.by_fault) == {"differs": 2}
