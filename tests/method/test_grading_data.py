"""The grader against human grades and published accuracies, on real models' answers."""

import pytest

from benchmarks import grading

pytestmark = pytest.mark.skipif(grading.missing_data() is not None, reason=str(grading.missing_data()))


def test_it_agrees_with_the_human_grades_of_gsm8k_solutions() -> None:
    measured = grading.gsm8k()
    assert measured["solutions"] == 2640
    assert measured["agreement"] >= grading.LEAST_AGREEMENT, measured["disagreements"]


def test_its_accuracies_are_the_published_ones_of_big_bench_hard() -> None:
    measured = grading.bbh()
    assert len(measured["families"]) == 28
    assert measured["largest_difference"] <= grading.LARGEST_DIFFERENCE, measured["families"]
