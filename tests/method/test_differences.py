"""Differences of texts join to the texts again."""

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.differences import word_changes


def test_whole_words_change() -> None:
    changes = [(one.state, one.text) for one in word_changes("Answer at once.", "Answer in steps!")]
    assert changes == [
        ("kept", "Answer "),
        ("erased", "at"),
        ("inserted", "in"),
        ("kept", " "),
        ("erased", "once."),
        ("inserted", "steps!"),
    ]


@given(st.text("ab .\nß", max_size=30), st.text("ab .\nß", max_size=30))
def test_both_texts_are_in_it(before: str, after: str) -> None:
    changes = word_changes(before, after)
    assert "".join(one.text for one in changes if one.state != "inserted") == before
    assert "".join(one.text for one in changes if one.state != "erased") == after
    assert all(one.text for one in changes)
