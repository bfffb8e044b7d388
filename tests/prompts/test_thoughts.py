"""Thoughts: opened by a prompt, dropped from the history, never doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.grading.visible import visible_span
from orca_desk.method.thoughts import TAGS, split_thoughts
from orca_desk.prompts.thoughts import ForgottenThoughts, continuation, opened_thoughts


@pytest.mark.parametrize(
    ("prompt", "opening"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>\n"),
        ("assistant<think>", "<think>"),
        ("[THINK]", "[THINK]"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("<|im_start|>assistant\n", ""),
    ],
)
def test_what_a_prompt_has_begun(prompt: str, opening: str) -> None:
    assert opened_thoughts(prompt) == opening


@pytest.mark.parametrize(
    ("answer", "continued"),
    [
        ("<think>\nTwo.\n</think>\n\n4", "Two.\n</think>\n\n4"),
        ("\n<think>Two.</think>4", "Two.</think>4"),
        ("Two.\n</think>\n\n4", "Two.\n</think>\n\n4"),
        ("4", "\n</think>\n\n4"),
    ],
)
def test_an_answer_continues_the_thoughts_that_a_prompt_opened(answer: str, continued: str) -> None:
    assert continuation("<think>\n", answer) == continued


@given(thoughts=st.text("ab \n"), answer=st.text("ab12 \n"), tags=st.sampled_from(TAGS))
def test_prompt_and_continuation_always_close_the_thoughts_once(
    thoughts: str, answer: str, tags: tuple[str, str]
) -> None:
    start, end = tags
    for text in (answer, f"{start}{thoughts}{end}{answer}", f"{thoughts}{end}{answer}"):
        opening = f"{start}\n"
        whole = opening + continuation(opening, text)
        assert whole.count(start) == whole.count(end) == 1
        assert split_thoughts(whole)[1] == answer.lstrip()


@pytest.mark.parametrize("tags", TAGS)
def test_the_grader_sees_no_thoughts_between_these_tags(tags: tuple[str, str]) -> None:
    response = f"{tags[0]}thought: 5?{tags[1]}4"
    start, end = visible_span(response)
    assert response[start:end] == "4"


def test_an_earlier_answer_is_shown_without_thoughts() -> None:
    answer = "<think>\nTwo.\n</think>\n\n4"
    assert ForgottenThoughts("</think>", strips=True).apply(answer) == "4"
    assert ForgottenThoughts("</think>", strips=False).apply(answer) == "\n\n4"
    assert ForgottenThoughts("</think>", strips=True).apply("4") == "4"
