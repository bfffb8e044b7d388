"""Counts with their nouns."""

import pytest

from orca_desk.ui.words.counting import counted


@pytest.mark.parametrize(
    ("count", "nouns", "text"),
    [
        (0, ("task",), "0 tasks"),
        (1, ("task",), "1 task"),
        (2194, ("task",), "2,194 tasks"),
        (1, ("family", "families"), "1 family"),
        (2, ("family", "families"), "2 families"),
    ],
)
def test_a_count_takes_the_singular_for_one_only(count: int, nouns: tuple[str, ...], text: str) -> None:
    assert counted(count, *nouns) == text
