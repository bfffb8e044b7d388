"""Whether a sentence names the answer to a short question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.naming import names_answer, options

LONGER = "Which lasts longer, a month or a week? Answer with one word."
OPPOSITE = 'Which of these words means the opposite of "ancient": old, modern or large? Answer with one word.'
LIGHTER = "The blue box is heavier than the red box. Which box is lighter, the blue one or the red one?"
BEFORE = "Which day comes before Thursday? Answer with one word."
PHONE = "Nina gave her old phone to her cousin Max. Who has it now? Answer with one word."
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
        (LONGER, "A month is longer than a week.", "month", True),
        (LONGER, "A week is longer than a month.", "month", False),
        (LIGHTER, "The blue box is lighter than the red box.", "red", False),
        (LIGHTER, "The red box is lighter than the blue box.", "red", True),
        (BEFORE, "Friday comes before Wednesday.", "Wednesday", False),
        (BEFORE, "Wednesday comes before Thursday.", "Wednesday", True),
        (BEFORE, "The day that comes before Thursday is Wednesday.", "Wednesday", True),
        (PHONE, "Max's cousin has it.", "Max", False),
        (PHONE, "Max has it.", "Max", True),
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
