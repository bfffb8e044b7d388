"""Recorded outcomes: every row is used, or named with the reason."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.formats.outcomes import RecordedOutcomes, read_outcomes

ROW = {"family": "sums", "task": "t1", "strategy": "direct", "correct": True, "tokens": 3}


def read(text: str | bytes, name: str = "outcomes.jsonl") -> RecordedOutcomes:
    return read_outcomes(io.BytesIO(text.encode() if isinstance(text, str) else text), Path(name))


def lines(*rows: object) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize("correct", [True, 1, "true", "TRUE", "1", 1.0, "yes"])
def test_a_true_verdict_is_read_however_it_is_written(correct: object) -> None:
    found = read(lines({**ROW, "correct": correct}))
    assert [(one.correct, one.tokens) for one in found.trials] == [(True, 3)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**ROW, "correct": "perhaps"}, "'perhaps', neither true nor false"),
        ({**ROW, "correct": 0.5}, "'0.5', neither true nor false"),
        ({**ROW, "correct": None}, "no verdict"),
        ({"family": "sums", "task": "t1", "strategy": "direct"}, "no verdict"),
        ({**ROW, "family": " "}, 'no "family"'),
        ({**ROW, "task": {"id": 1}}, '"task" is not text'),
        ({**ROW, "strategy": None}, 'no "strategy"'),
        ({**ROW, "sample": 0.5}, "not a whole number"),
        ('{"family": "sums", ', "JSON"),
        ("[1, 2]", ""),
    ],
)
def test_a_row_that_cannot_be_used_is_named(row: object, reason: str) -> None:
    found = read(lines(ROW, row, {**ROW, "task": "t2"}))
    assert [one.task_id for one in found.trials] == ["t1", "t2"]
    assert found.unused and all(one.line == 2 for one in found.unused)
    assert reason in found.unused[0].reason
    assert found.read == len(found.trials) + len(found.unused)


def test_samples_are_numbered_or_counted_in_their_order() -> None:
    numbered = read(lines(*({**ROW, "sample": number} for number in (0, 1, 1))))
    assert [one.sample for one in numbered.trials] == [0, 1]
    assert [(one.line, one.reason) for one in numbered.unused] == [
        (3, "sample 1 of this task and strategy came before, with the same")
    ]
    counted = read(lines(ROW, {**ROW, "correct": False}, {**ROW, "strategy": "other"}))
    assert [(one.strategy, one.sample, one.correct) for one in counted.trials] == [
        ("direct", 0, True),
        ("direct", 1, False),
        ("other", 0, True),
    ]
    assert (counted.repeated, counted.unused) == (1, [])


@pytest.mark.parametrize("tokens", [-1, "many", True, 1e12, [3]])
def test_a_verdict_counts_though_the_length_beside_it_is_none(tokens: object) -> None:
    found = read(lines(ROW, {**ROW, "task": "t2", "tokens": tokens}))
    assert [(one.task_id, one.tokens) for one in found.trials] == [("t1", 3), ("t2", 0)]
    assert [(one.line, "not 0 or a positive number" in one.reason) for one in found.unread_tokens] == [
        (2, True)
    ]
    assert (found.unused, found.without_tokens["sums", "direct"]) == ([], 1)


def test_numbers_that_a_table_made_fractions_name_the_same_task() -> None:
    found = read(lines(*({**ROW, "task": task, "strategy": f"s{task}"} for task in (7, 7.0, "7", 7.5))))
    assert [one.task_id for one in found.trials] == ["7", "7", "7", "7.5"]


def test_answers_without_tokens_are_counted() -> None:
    found = read(lines(ROW, {**ROW, "task": "t2", "tokens": None}, {**ROW, "task": "t3", "tokens": ""}))
    assert found.without_tokens["sums", "direct"] == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("o.jsonl", b"\xef\xbb\xbf" + lines(ROW, {**ROW, "task": 2}).encode()),
        ("o.jsonl", lines(ROW, {**ROW, "task": 2}).replace("\n", "\r\n").encode()),
        ("o.json", json.dumps([ROW, {**ROW, "task": 2}], indent=1).encode()),
        ("standard input", json.dumps([ROW, {**ROW, "task": 2}]).encode()),
        ("o.csv", b"Family,Task,Strategy,Correct,Tokens\nsums,t1,direct,true,3\nsums,2,direct,1,3\n"),
        ("o.txt", lines("", ROW, "", {**ROW, "task": 2}).encode()),
    ],
)
def test_every_form_of_a_file_is_read(name: str, text: bytes) -> None:
    found = read(text, name)
    assert [(one.family, one.task_id, one.correct, one.tokens) for one in found.trials] == [
        ("sums", "t1", True, 3),
        ("sums", "2", True, 3),
    ]
    assert not found.unused


def test_an_empty_file_has_no_outcomes_and_a_packed_one_is_refused() -> None:
    assert read("").trials == []
    with pytest.raises(UserError, match="not a text file"):
        read(b"\x1f\x8b\x08\x00", "o.jsonl.gz")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from([*ROW, "sample"]), anything), max_size=8))
def test_whatever_the_rows_hold_each_is_used_or_named(rows: list[dict[str, object]]) -> None:
    found = read(lines(ROW, *rows))
    assert found.read == len(found.trials) + len(found.unused) == len(rows) + 1
