"""Suggestions and edited tasks are read out of what models write."""

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.variations import (
    CHANGES,
    edit_request,
    read_suggestions,
    read_task,
    suggest_request,
)


def test_suggestions_are_read_by_their_numbers() -> None:
    reply = "Here are some:\n1. Add a second train to it.\n**2.** Ask for the time instead.\n3) No.\n"
    found = read_suggestions(reply, 3)
    assert found.texts == ("Add a second train to it.", "Ask for the time instead.")
    assert found.unread == 1
    assert read_suggestions("Use other numbers for the apples.", 1).texts == (
        "Use other numbers for the apples.",
    )
    assert read_suggestions("1. Use other numbers here.\n2. Use the", 2, "length").texts == (
        "Use other numbers here.",
    )
    assert read_suggestions("", 2).unread == 1
    echoed = read_suggestions("1. The suggestion: 1. Ask for the time.\n2. 3 - 1\n", 2)
    assert (echoed.texts, echoed.unread) == (("Ask for the time.",), 1)


def test_a_task_is_what_stands_after_its_label() -> None:
    assert (
        read_task("Sure.\n**New task:** Ann has 3 pears.\nHow many?\n\nSolution: 3")
        == "Ann has 3 pears.\nHow many?"
    )
    assert read_task("Ann has 3 pears. How many?") == "Ann has 3 pears. How many?"
    assert read_task("The new task: How many?\n\nThe answer is: 3") == "How many?"
    assert read_task("Task: Ann has", "length") is None
    assert read_task("<think>Task: no</think>") is None


def test_a_task_cannot_end_its_block() -> None:
    for change in CHANGES:
        assert "----\nA\n---\nB\n----" in suggest_request("A\n---\nB", change, 2)
    assert edit_request("A", "B").count("---") >= 4


@given(st.text(), st.integers(1, 4))
def test_no_reply_breaks_the_reading(reply: str, number: int) -> None:
    found = read_suggestions(reply, number)
    assert len(found.texts) <= number and found.unread >= 0
    assert read_task(reply) != ""
