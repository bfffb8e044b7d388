"""The two built-in kinds that look at text: quotations of the question, and consistent orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.method.answer_reading import read_answer
from orca_desk.method.checkers import CHOICES, StepFault, known_checker
from orca_desk.method.checkers.order import relations

CONTEXT = (
    "The bus to Paris is blue. Peter, who lives in Paris, takes the   bus every day.\n\n"
    "What colour is Peter's bus?"
)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ('The text says "the bus to Paris is blue".', "correct"),
        ("It says “Peter, who lives in Paris, takes the bus”.", "correct"),
        ('It says "Peter, who ... takes the bus every day".', "correct"),
        ('It says "the bus to Rome is blue".', "incorrect"),
        ('First "the bus to Paris is blue", then "Peter hates the bus".', "incorrect"),
        ('This is "sad".', "unchecked"),
        ('Write it as "(left) ? red book ? (right)".', "unchecked"),
        ('That makes "total cost = two trains".', "unchecked"),
        ('Call it "A - B".', "unchecked"),
        ('The order is "(cheapest) apples pears plums (dearest)".', "unchecked"),
        ("Nothing is quoted, it's clear, isn't it.", "unchecked"),
    ],
)
def test_quotations_must_stand_in_the_question(step: str, outcome: str) -> None:
    reading = read_answer(step, CONTEXT, (), "quotes")
    assert reading.checks[0].outcome == outcome


def test_a_missing_quotation_is_named() -> None:
    check = read_answer('"The bus to Rome is blue."', CONTEXT, (), "quotes").checks[0]
    assert (check.fault, check.facts["quote"]) == (StepFault.NOT_QUOTED, "The bus to Rome is blue")


RACE = "Ann finished before Bob. Bob finished before Cid. Dora is taller than Emil. Who was first?"


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("Ann came before Cid.", "correct"),
        ("Cid came after Ann.", "correct"),
        ("Cid came before Ann.", "incorrect"),
        ("So Emil is taller than Dora.", "incorrect"),
        ("Emil is shorter than Dora.", "correct"),
        ("Ann is taller than Bob.", "unchecked"),
        ("If Cid came before Ann, Bob would be last.", "unchecked"),
        ("Cid did not come before Ann.", "unchecked"),
        ("He came before Ann.", "unchecked"),
        ("2 > 3", "unchecked"),
        ('(1) Cid came before Ann: "(first) ? Cid ? Ann ? (last)".', "incorrect"),
    ],
)
def test_what_is_said_of_an_order_must_agree(step: str, outcome: str) -> None:
    assert read_answer(step, RACE, (), "order").checks[0].outcome == outcome


def test_a_step_that_contradicts_an_earlier_one_is_incorrect_and_both_are_named() -> None:
    reading = read_answer("A1 > B1 > C1.\nC1 > A1.", "Order them.", (), "order")
    assert [check.outcome for check in reading.checks] == ["unchecked", "incorrect"]
    assert reading.checks[1].fault is StepFault.CONTRADICTS
    assert reading.checks[1].facts == {"relation": "C1 > A1", "other": "A1 > B1 > C1"}


@pytest.mark.parametrize(
    ("question", "response"),
    [
        ("In 2010, Ann was taller than Bob. Today Bob is taller than Ann.", "Bob is taller than Ann."),
        ("Red sits left of Blue. They swap seats.", "Blue sits left of Red."),
        ("Order them.", "Red sits left of Blue.\nThey swap seats.\nBlue sits left of Red."),
        ("Order them.", "Option A: Ann is left of Bob.\nOption B: Bob is left of Ann."),
        ("Order them.", "Try 1: Ann is left of Bob.\nThat fails.\nTry 2: Bob is left of Ann."),
    ],
)
def test_an_order_at_another_time_or_in_another_case_contradicts_nothing(
    question: str, response: str
) -> None:
    assert read_answer(response, question, (), "order").first_incorrect is None


@given(st.text(max_size=300))
def test_no_text_makes_a_checker_raise(text: str) -> None:
    assert all(relation.text in text for relation in relations(text))
    for checker in CHOICES:
        reading = read_answer(text, text, (), checker)
        assert len(reading.checks) == len(reading.steps)
        for check in reading.checks:
            assert (check.outcome == "incorrect") == (check.fault is not None) == bool(check.facts)


def test_only_known_checkers_can_be_chosen() -> None:
    assert [known_checker(name) for name in CHOICES] == list(CHOICES)
    with pytest.raises(UserError, match="no checker 'sums'"):
        known_checker("sums")
