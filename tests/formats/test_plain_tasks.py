"""Reading in one go, by plans for plain rows: it finds what two long ways over the file find."""

import io
import json
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orca_desk.formats.json_rows import _flat_object, parse
from orca_desk.formats.layout import Asked
from orca_desk.formats.plain_tasks import PlainTasks, by_shape, task_of
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.row_counts import RowCounts
from orca_desk.formats.rows import BadRow, Literal, Row
from orca_desk.formats.task_rows import RowReader
from orca_desk.method.records import Task

ODD = [
    "",
    " ",
    "\ufeff",
    "n/a",
    "None",
    "NaN",
    " - ",
    "a\x00b",
    "a\ud800b",
    "\ufffd",
    "e\u0301",
    "  a\r\n  b\r",
    "42 \n#### 7",
    "\\boxed{7} so",
    "<think>a</think>b",
    "Human: Why?\n\nAssistant: So.",
    "### Instruction: Why? ### Response: So.",
    "<|im_start|>user\nWhy?<|im_end|><|im_start|>assistant\nSo.",
    "[INST]Why?[/INST]So.",
    '[{"role": "user", "content": "Why?"}]',
    "[{",
    "0" * 32,
    "<b>x</b>",
    "\x1c\u3000x\u2003",
    "test",
]
NAMES = [
    "question", "query", "prompt", "input", "instruction", "answer", "output", "completion", "response",
    "context", "category", "family", "id", "role", "label", "turns", "history", "earlier turns", "messages",
    "conversations", "row", "stem", "tags", "split", "choices", "target_scores", "chosen", "rejected",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=12),
    st.tuples(st.sampled_from(ODD), st.sampled_from(ODD)).map("".join),
    st.sampled_from([None, True, False, [], {}, ["a", "b"], Literal("1.0"), {"text": "x"}]),
)
ROWS = st.one_of(
    st.fixed_dictionaries({"question": VALUES}, optional=dict.fromkeys(NAMES[5:13], VALUES)),
    st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=5),
)


LISTS = st.lists(ROWS, max_size=5)
MANY = settings(deadline=None)


def long_way(rows: list[dict[str, Any]], *, html: bool = False) -> list[Task | BadRow]:
    reader = RowReader(family="Mine", html=html)
    return [reader.task(Row(line=line, values=dict(row))) for line, row in enumerate(rows)]


@given(rows=LISTS, html=st.booleans())
def test_plain_rows_become_the_tasks_of_the_long_way(rows: list[dict[str, Any]], html: bool) -> None:
    plain = PlainTasks(RowReader(family="Mine", html=html))
    given = [Row(line=line, values=row) for line, row in enumerate(rows)]
    found = plain.read(given, by_shape(given))
    assert [task_of(one) if isinstance(one, tuple) else one for one in found] == long_way(rows, html=html)


@pytest.mark.parametrize("text", ["Why?", " Why\u00e9? ", "One\r\nTwo"])
def test_rows_of_texts_are_plain(text: str) -> None:
    row = {"id": Literal("1"), "question": text, "answer": "So", "category": "All", "note": None}
    rows = [
        Row(line=line, values={**row, "question": asked}) for line, asked in enumerate((text, "\0", text))
    ]
    ((shape, alike),) = by_shape(rows).items()
    first, odd, last = PlainTasks(RowReader(family="Mine")).take(shape, alike.values)
    assert first is not None
    assert first[1] == "All"
    assert (odd, last) == (None, first)


@MANY
@given(rows=LISTS, first=st.integers(1, 3), piece=st.integers(1, 4), mapped=st.booleans())
def test_one_go_over_a_file_finds_what_a_survey_and_a_second_one_find(
    rows: list[dict[str, Any]], first: int, piece: int, mapped: bool
) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows + rows)
    asked = Asked(family="Mine", mapping={"query": "answer"} if mapped else None)

    def file() -> TaskFile:
        return TaskFile(io.BytesIO(text.encode("utf-8", "surrogatepass")), Path("rows.jsonl"), asked)

    twice, once = file(), file()
    survey = twice.survey()
    reader = twice.reader
    expected = [row if isinstance(row, BadRow) else reader.task(row) for row in twice.raw_rows()]
    with patch("orca_desk.formats.reading.FIRST", first), patch("orca_desk.formats.reading.PIECE", piece):
        reading = once.read()
        found = list(chain.from_iterable(reading.pieces()))
    assert reading.survey == survey
    again = found if reading.holds else list(once.rows())
    assert [task_of(row) if isinstance(row, tuple) else row for row in again] == expected
    assert +once.notes() == +twice.notes()


def test_most_rows_of_a_usual_file_are_not_looked_at_twice() -> None:
    rows = [
        {"id": str(n), "question": f"{n}?", "answer": "4", "context": "", "note": "old"} for n in range(60)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    file = TaskFile(io.BytesIO(text.encode()), Path("rows.jsonl"), Asked())
    with (
        patch("orca_desk.formats.reading.FIRST", 10),
        patch.object(RowReader, "task", side_effect=AssertionError),
        patch("orca_desk.formats.row_counts.RowCounts.add", autospec=True, side_effect=RowCounts.add) as add,
    ):
        reading = file.read()
        assert len([row for rows in reading.pieces() for row in rows if isinstance(row, tuple)]) == 60
    assert add.call_count < 15
    assert reading.survey.rows == 60


PIECES = [
    '{"a"', '{"b"', ":", " ", "\\n", '"x"', ',"a"', ',"b"', "1.50", "[", "]", "{", "}", "NaN", "Infinity",
    "null", '"\\""', "\n", '"', '"\\\\"', '"\\\\\\""', '"\\u0061"', "\\", "\r\n", "x",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_an_object_of_texts_is_parsed_sooner_and_the_same(text: str) -> None:
    found = _flat_object(text)
    assert found is None or (found == parse(text) and list(found) == list(parse(text)))


def test_half_a_character_in_the_turns_before_a_question_makes_a_bad_row() -> None:
    (found,) = long_way([{"question": "Why?", "turns": "Human: Why?\n\nAssistant: So.a\ud800b"}])
    assert isinstance(found, BadRow)
    assert "half a character" in found.what
