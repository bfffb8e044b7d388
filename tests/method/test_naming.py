"""Whether a sentence names the answer to a short question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.naming import names_answer, options

LONGER = "Which lasts longer, a month or a week? Answer with one word."
OPPOSITE = 'Which of these words means the opposite of "ancient": old, modern or large? Answer with one word.'
RISES = "In which direction does the sun rise? Answer with one word."


@pytest.mark.parametrize(
    ("question", "response", "answer", "names"),
    [
        (RISES, "The sun rises in the east.", "east", True),
        (RISES, "It rises in the EAST. That is where the day begins, not in the west.", "east", True),
        (RISES, "The sun rises in the east or in the west.", "east", False),
        (RISES, "It does not rise in the east.", "east", False),
        (RISES, "It doesn’t rise in the east.", "east", False),
        (RISES, "The sun rises in the north-easterly direction.", "east", False),
        (RISES, "<think>east?</think>The sun rises in the west.", "east", False),
        (LONGER, "A month lasts longer.", "month", True),
        (LONGER, "A month is longer than a week.", "month", False),  # it names both
        (LONGER, "Which lasts longer, a month", "month", False),  # only the question again
        (OPPOSITE, "The opposite is modern.", "modern", True),
        (OPPOSITE, "The opposite of old is modern.", "modern", False),
        (OPPOSITE, "", "modern", False),
        (OPPOSITE, "modern " * 30, "modern", False),
    ],
)
def test_a_sentence_names_the_answer(question: str, response: str, answer: str, names: bool):
    assert names_answer(question, response, answer) is names


def test_options_of_a_question():
    assert options(OPPOSITE.casefold()) == ["old", "modern", "large"]
    assert options(LONGER.casefold()) == ["month", "week"]
    assert options(RISES.casefold()) == []


@given(st.text(), st.text(), st.text(min_size=1))
def test_no_text_is_too_odd(question: str, response: str, answer: str):
    assert names_answer(question, response, answer) in (True, False)
