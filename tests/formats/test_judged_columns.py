"""Which columns hold what their names say."""

from typing import Any

import pytest

from orca_desk.formats.judged_columns import JudgedColumns, columns_to_judge


def aside(name: str, column: str, *values: Any) -> list[tuple[str, str]]:
    judged = JudgedColumns()
    for value in values:
        judged.add((name, column), value)
    return list(judged.aside())


@pytest.mark.parametrize(
    ("name", "column", "good", "bad"),
    [
        ("split", "split", "train", "blue"),
        ("answer_kind", "type", "Number", "essay"),
        ("tags", "tags", ["a"], {"a": 1}),
        ("family", "topic", "sums", ["sums"]),
        ("answer", "key", "B", "12"),
        ("answer", "label", "Paris", True),
        ("turns", "history", [["Hello", "Hi"]], "not turns"),
    ],
)
def test_a_column_is_set_aside_where_no_value_is_such_a_thing(
    name: str, column: str, good: Any, bad: Any
) -> None:
    assert aside(name, column, bad, bad) == [(name, column)]
    assert aside(name, column, bad, good) == aside(name, column, good) == []
    assert aside(name, column, None if name != "answer" else good) == []


def test_a_verdict_that_is_not_always_one_is_set_aside() -> None:
    assert aside("verdict", "label", True, False) == []
    assert aside("verdict", "label", True, "perhaps") == [("verdict", "label")]


def test_a_subset_of_splits_is_no_family() -> None:
    assert aside("split", "subset", "train", "test") == [("family", "subset")]
    assert aside("split", "subset", "train", "easy") == []


def test_what_the_user_named_is_not_judged() -> None:
    shape = ("question", "split", "key")
    assert columns_to_judge(shape, (), {}) == [("split", "split"), ("answer", "key")]
    assert columns_to_judge(shape, (), {"split": "split", "answer": "key"}) == []
