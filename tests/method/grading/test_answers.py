"""Where the final answer is: the piece, its place, and what is no part of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.grading import grade
from orca_desk.method.grading.answers import as_read, find_answer
from orca_desk.method.grading.options import parse_options
from orca_desk.ui.words.grading import verdict_reason

PIECES = [
    "Answer: ",
    "**",
    "\\boxed{",
    "}",
    "<answer>",
    "</answer>",
    "\n\n",
    "\r\n",
    "```\n",
    "\n```",
    "</think>",
    "<think>",
]
PIECES += [
    "答案是",
    '{"answer": "',
    '"}',
    "Question: ",
    "42",
    " or ",
    "Paris",
    "#### ",
    "<|im_end|>",
    "\u200b",
    "Let me know",
]


@given(response=st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join))
def test_the_raw_answer_is_at_its_place_in_the_response(response: str) -> None:
    final = find_answer(response)
    assert as_read(response)[final.start : final.end] == final.raw
    assert final.raw in as_read(response)


@pytest.mark.parametrize(
    ("response", "raw", "text"),
    [
        ("So the answer is **42**.", "**42**.", "42."),
        ("Answer: 5\r\nbecause of the tax", "5\nbecause of the tax", "5"),
        ("<think>Answer: 1</think>\n<answer> Paris </answer> done", "Paris", "Paris"),
        ('{"why": "x", "answer": "Par\\u0069s"}', '"Par\\u0069s"', "Paris"),
        ("The answer is $\\boxed{\\frac{1}{2}}$.", "\\frac{1}{2}", "1/2"),
        ("Answer:\n```python\nx = 1\n```\nThat is all.", "x = 1", "x = 1"),
        ("Réponse finale : Lyon", "Lyon", "Lyon"),
        ("Answer: 5. Wait, no: 6", "5. Wait, no: 6", "6"),
    ],
)
def test_the_piece_that_is_compared(response: str, raw: str, text: str) -> None:
    final = find_answer(response)
    assert (final.raw, final.text, final.marked) == (raw, text, True)


@pytest.mark.parametrize(
    ("response", "reference", "shown"),
    [
        ("Step 1: 20 - 5 = 15\nStep 2: 15 / 3 = 5", "5", "5"),
        ("```\n42\n```", "42", "42"),
        ("First we add the eggs.\nThen there are 12 of them.", "13", "12"),
        ("Lena has some.\n\nShe keeps 1,250 of them.", "1250", "1,250"),
        ("Nine lines\nof words\nand then 7", "8", "7"),
        ("42\n\nExplanation: there are 6 rows of 7 chairs.", "42", "42"),
        ("It takes 3 days (72 hours).", "3", "3"),
        ("(C) 431. The answer is (C) 431.", "(C) 432", "(C) 431"),
        ("I think it's B. Not C.", "C", "B"),
        ("It is not true.", "true", "not true"),
        ("The ball is in the basket, not in the box.", "the basket", "in the basket"),
        ("Let me think.\n\nred\nblue\ngreen", "red, green, blue", "red blue green"),
        (
            "Ann left.\n\nAnn: box, Bob: bag\n\nI hope this helps!",
            "Ann: box. Bob: bag.",
            "Ann: box, Bob: bag",
        ),
    ],
)
def test_the_verdict_shows_the_piece_that_was_compared(response: str, reference: str, shown: str) -> None:
    verdict = grade(response, reference)
    assert verdict.answer == shown
    assert shown in verdict_reason(verdict.reason)


def test_thoughts_without_an_answer_are_called_by_their_name() -> None:
    for response in ("<think>Answer: 5", "<think>Answer: 5</think>"):
        verdict = grade(response, "5")
        assert not verdict.correct
        assert verdict_reason(verdict.reason) == "The response has thoughts, but no answer; 5 was expected."
    assert verdict_reason(grade(" ", "5").reason) == "The response is empty; 5 was expected."


@pytest.mark.parametrize(
    ("response", "whole"),
    [
        ("<think>still thinking", ""),
        ("a<think>b</think>c", "c"),
        ("4\n\nQuestion: 3 + 3?\nAnswer: 6", "4"),
        ("Answer: 4\n\nQ: 3 + 3?\nA: 6", "Answer: 4"),
        ("Paris<|im_end|>\n<|im_start|>user\nAnd Spain?", "Paris"),
        ("```\nParis\n```", "Paris"),
        ("Question: 2 + 2?\nAnswer: 4", "Question: 2 + 2?\nAnswer: 4"),
        ("First, the question:\nQ: 2 + 2?\nA: 4", "First, the question:\nQ: 2 + 2?\nA: 4"),
    ],
)
def test_what_of_a_response_is_visible(response: str, whole: str) -> None:
    assert find_answer(response).whole == whole


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Which? (A) red (B) blue", {"A": "red", "B": "blue"}),
        ("Which?\nA. red\nB. blue\nC. green\n\nGive the letter.", {"A": "red", "B": "blue", "C": "green"}),
        ("Which?\nA) red, B) blue; C) green", {"A": "red", "B": "blue", "C": "green"}),
        ("(A) old (B) list. Now: (A) 1 (B) 2 (C) 3", {"A": "1", "B": "2", "C": "3"}),
        ("What is vitamin A. It is (B) here.", {}),
        ("A. red", {}),
        ("", {}),
    ],
)
def test_the_options_of_a_question(question: str, options: dict[str, str]) -> None:
    assert parse_options(question) == options
