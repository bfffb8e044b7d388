"""Counts with their nouns."""

import pytest

from orca_desk.counting import counted, plural_of, unit_for
from orca_desk.processes.progress import Update
from orca_desk.ui.words.progress import describe


@pytest.mark.parametrize(
    ("count", "nouns", "text"),
    [
        (0, ("task",), "0 tasks"),
        (1, ("task",), "1 task"),
        (2194, ("task",), "2,194 tasks"),
        (1, ("family", "families"), "1 family"),
        (2, ("family", "families"), "2 families"),
        (2, ("family",), "2 families"),
        (3, ("strategy",), "3 strategies"),
        (2, ("match",), "2 matches"),
        (2, ("box",), "2 boxes"),
        (2, ("day",), "2 days"),
        (2, ("training",), "2 trainings"),
        (5, ("answer to read", "answers to read"), "5 answers to read"),
    ],
)
def test_a_count_takes_the_singular_for_one_only(count: int, nouns: tuple[str, ...], text: str) -> None:
    assert counted(count, *nouns) == text


UNITS = [
    "answer",
    "record",
    "task",
    "check",
    "step",
    "comparison",
    "family",
    "match",
    "piece",
    "file",
    "epoch",
]


@pytest.mark.parametrize("noun", UNITS)
def test_a_unit_is_in_the_singular_for_one_only(noun: str) -> None:
    units = plural_of(noun)
    assert unit_for(1, f"{units} read") == f"{noun} read"
    assert (unit_for(1, units), unit_for(0, units), unit_for(2, units)) == (noun, units, units)


def test_progress_counts_one_in_the_singular() -> None:
    assert describe(Update(stage="asking", done=1, total=None, unit="answers")) == "asking: 1 answer"
    assert describe(Update(stage="asking", done=0, total=1, unit="answers")) == "asking: 0 of 1 answer"
    assert describe(Update(stage="asking", done=1, total=4, unit="answers")) == "asking: 1 of 4 answers"
