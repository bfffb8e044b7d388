"""Differences in words: ahead, gained and lost are said only where the test finds it clear."""

import pytest

from orca_desk.library.repeats import Repeats
from orca_desk.method.statistics import Comparison, compare
from orca_desk.ui.words.evaluations import gain_text, gap_text, p_value, repeats_text, unasked_text


def made(first: str, second: str) -> Comparison:
    return compare([mark == "1" for mark in first], [mark == "1" for mark in second])


BETTER, WORSE, ALIKE = made("1" * 20, "0" * 20), made("0" * 20, "1" * 20), made("1101" * 5, "1110" * 5)
FEW = made("1" * 4 + "0" * 4, "0" * 8)  # its interval excludes 0, yet 4 wins to none are chance once in 8


@pytest.mark.parametrize(
    ("found", "gain", "gap"),
    [
        (BETTER, "Training gained +100.0 points (", "The teacher, which is given the strategy, is ahead"),
        (WORSE, "Training lost -100.0 points (", "The teacher, though given the strategy, is behind"),
        (ALIKE, "Training made no clear difference: +0.0", "There is no clear difference to the teacher"),
        (FEW, "Training made no clear difference: +50.0 points (+6.8 to", "There is no clear difference"),
    ],
)  # fmt: skip
def test_a_difference_is_claimed_only_where_it_is_clear(found: Comparison, gain: str, gap: str) -> None:
    assert gain_text(found).startswith(gain)
    assert gap_text(found).startswith(gap)
    for text in (gain_text(found), gap_text(found)):
        assert text.endswith(f", {p_value(found.p)}).")


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "p < 0.001"),
        (0.0704, "p = 0.070"),
        (0.04998, "p = 0.04998"),
        (0.0501, "p = 0.05010"),
        (1, "p = 1.000"),
    ],
)
def test_a_p_value_says_on_which_side_of_the_limit_it_is(p: float, text: str) -> None:
    assert p_value(p) == text


def test_what_could_not_be_asked_is_said_with_its_reasons() -> None:
    assert unasked_text(1, {"Too long.": 1}) == "1 task could not be asked and counts as incorrect: Too long."
    assert unasked_text(2, {}) == "2 tasks could not be asked and count as incorrect."


def test_questions_that_the_model_was_trained_on_are_counted() -> None:
    assert repeats_text(Repeats(snapshot="first try", exact=1, near=0)) == (
        "1 question repeats what the model was trained on in the snapshot first try (1 exactly, 0 nearly):"
        " it may only remember the answers."
    )
    assert repeats_text(Repeats(snapshot="x", exact=1_000, near=2)).startswith("1,002 questions repeat what")
