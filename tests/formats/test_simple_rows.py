"""The short way for rows of plain texts: it makes the tasks that the long way makes."""

from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def read(rows: list[dict[str, Any]], *, html: bool = False) -> tuple[list[Task | BadRow], Counter[Any]]:
    """Return what a reader makes of rows, and what it notes."""
    reader = RowReader(family="Mine", html=html)
    found = [reader.task(Row(line=line, values=dict(row), raw="")) for line, row in enumerate(rows)]
    return found, +reader.notes


@given(rows=st.lists(ROWS, max_size=4), html=st.booleans())
def test_simple_rows_become_the_tasks_of_the_long_way(rows: list[dict[str, Any]], html: bool) -> None:
    found = read(rows, html=html)
    with patch.object(RowReader, "_simple_task", return_value=None):
        assert read(rows, html=html) == found


@pytest.mark.parametrize("text", ["Why?", " Why\u00e9? ", "One\r\nTwo"])
def test_rows_of_texts_go_the_short_way(text: str) -> None:
    with patch("orca_desk.formats.task_rows._RowTask", side_effect=AssertionError):
        found, _ = read([{"id": "1", "question": text, "answer": "So", "category": "All"}])
    assert isinstance(found[0], Task)
    assert found[0].family == "All"


def test_half_a_character_in_the_turns_before_a_question_makes_a_bad_row() -> None:
    found, _ = read([{"question": "Why?", "turns": "Human: Why?\n\nAssistant: So.a\ud800b"}])
    assert isinstance(found[0], BadRow)
    assert "half a character" in found[0].what
