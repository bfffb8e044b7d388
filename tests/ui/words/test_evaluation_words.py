"""Differences in words: ahead, gained and lost are said only where the interval excludes 0."""

import pytest

from orca_desk.method.statistics import Comparison, compare
from orca_desk.ui.words.evaluations import gain_text, gap_text, unasked_text


def made(first: str, second: str) -> Comparison:
    return compare([mark == "1" for mark in first], [mark == "1" for mark in second])


BETTER, WORSE, ALIKE = made("1" * 20, "0" * 20), made("0" * 20, "1" * 20), made("1101" * 5, "1110" * 5)


@pytest.mark.parametrize(
    ("found", "gain", "gap"),
    [
        (BETTER, "Training gained +100.0 points (", "The teacher, which is given the strategy, is ahead"),
        (WORSE, "Training lost -100.0 points (", "The teacher, though given the strategy, is behind"),
        (ALIKE, "Training made no clear difference: +0.0", "There is no clear difference to the teacher"),
    ],
)  # fmt: skip
def test_a_difference_is_claimed_only_where_its_interval_excludes_0(
    found: Comparison, gain: str, gap: str
) -> None:
    assert gain_text(found).startswith(gain)
    assert gap_text(found).startswith(gap)


def test_what_could_not_be_asked_is_said_with_its_reasons() -> None:
    assert unasked_text(1, {"Too long.": 1}) == "1 task could not be asked and counts as incorrect: Too long."
    assert unasked_text(2, {}) == "2 tasks could not be asked and count as incorrect."
