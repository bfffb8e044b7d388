"""Judging: what the judge is asked, and which replies are verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.judging import (
    DEFAULT_PROMPT,
    REQUEST,
    JudgeCheck,
    check_judge,
    judge_question,
    read_judgement,
)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("17 + 5 = 22.\nVerdict: correct", True),
        ("Verdict: incorrect.", False),
        ("**Verdict:** Correct", True),
        ("**Verdict: incorrect**\n", False),
        ("<think>Verdict: incorrect</think>\nVerdict: correct", True),
        ("Verdict: correct or incorrect", None),
        ("Verdict: correct\nVerdict: incorrect", None),
        ("Verdict: correct\nHope that helps!", None),
        ("The verdict is clear: correct", None),
        ("The answer is correct.", None),
        ("Verdict: not correct", None),
        ("correct", None),
        ("", None),
        ("<think>Verdict: correct", None),
    ],
)
def test_only_a_reply_that_ends_in_one_verdict_has_one(reply: str, verdict: bool | None) -> None:
    assert read_judgement(reply) is verdict
    assert read_judgement(reply, "length") is None


def test_the_facts_come_in_a_fixed_order_without_thoughts() -> None:
    asked = judge_question("What is 2 + 2?\n", "<think>hm</think>\nAnswer: 4")
    assert asked == f"Question:\n---\nWhat is 2 + 2?\n---\n\nAnswer:\n---\nAnswer: 4\n---\n\n{REQUEST}"
    assert "Verdict: correct" in DEFAULT_PROMPT and "Verdict: incorrect" in DEFAULT_PROMPT


@given(st.text("-a\n", max_size=30), st.text("-a\n", max_size=30))
def test_no_text_can_end_its_block(question: str, answer: str) -> None:
    asked = judge_question(question, answer)
    fence = asked.split("\n")[1]
    assert set(fence) == {"-"} and len(fence) >= 3
    assert asked.split("\n").count(fence) == 4


@given(st.text(max_size=200))
def test_any_reply_can_be_read(reply: str) -> None:
    assert read_judgement(reply) in (True, False, None)


def test_a_judge_is_checked_on_correct_and_incorrect_answers_apart() -> None:
    pairs = [(True, True), (True, True), (False, True), (True, False), (False, False)]
    assert check_judge(pairs) == JudgeCheck(accepted_correct=2, correct=3, accepted_incorrect=1, incorrect=2)
    assert check_judge([]) is None
