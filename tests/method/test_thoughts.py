"""Thoughts are told from the answer; an answer of thoughts alone says nothing."""

import pytest

from orca_desk.method.records import is_blank
from orca_desk.method.thoughts import TAGS, split_thoughts


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("<think>\nTwo.\n</think>\n\n4", "Two.", "4"),
        ("\n[THINK]Two.[/THINK]4", "Two.", "4"),
        ("<think>Two.", "Two.", ""),
        ("4", "", "4"),
        ("The tag <think> opens thoughts.", "", "The tag <think> opens thoughts."),
    ],
)
def test_thoughts_are_told_from_the_answer(text: str, thoughts: str, answer: str) -> None:
    assert split_thoughts(text) == (thoughts, answer)


@pytest.mark.parametrize("tags", TAGS)
def test_an_answer_of_thoughts_alone_is_blank(tags: tuple[str, str]) -> None:
    start, end = tags
    assert is_blank(f"{start}\nTwo.\n{end}\n\n")
    assert is_blank(f"{start}\nTwo, and then")
    assert not is_blank(f"{start}\n\n{end}\n\n4")
