"""Texts cut to a length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.ui.words.shorten import shorten


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        ("exactly 10", "exactly 10"),
        ("eleven char", "eleven ch…"),
        ("two\n\n words", "two words"),
        ("  edges  ", "edges"),
        ("1\u202e2", "1‹RLO›2"),
        ("cut after a space", "cut after…"),
        ("a" * 39 + " " * 100 + "end", "aaaaaaaaa…"),
        ("one" + " " * 100 + "end", "one…"),
    ],
)
def test_a_text_fits_on_one_line(text: str, short: str) -> None:
    assert shorten(text, 10) == short


def test_lines_can_be_left_as_they_are() -> None:
    assert shorten("a\n  b", 10, keep_lines=True) == "a\n  b"
    assert shorten("a\nbcdefghijk", 10, keep_lines=True) == "a\nbcdefgh…"


@given(st.text(), st.integers(min_value=1, max_value=20), st.booleans())
def test_the_length_is_never_exceeded(text: str, longest: int, keep_lines: bool) -> None:
    assert len(shorten(text, longest, keep_lines=keep_lines)) <= longest
