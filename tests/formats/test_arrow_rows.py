"""Parquet and Arrow files are read by pyarrow."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from task_files import read_tasks

from orca_desk.errors import UserError
from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.answers import AnswerFile, AnswersAsked
from orca_desk.method.records import Task

TURNS = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "What is 2+2?"},
    {"role": "assistant", "content": "4"},
]


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_tasks_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.parquet", [{"question": "2+2?", "answer": 4, "split": "test"}] * 2)
    first, _ = read_tasks(path)
    assert isinstance(first, Task)
    assert (first.query, first.answer, first.split) == ("2+2?", "4", "heldout")


def test_conversations_are_read_as_answers(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.parquet", [{"messages": TURNS, "score": 1.5}])
    with path.open("rb") as stream:
        file = AnswerFile(stream, path, AnswersAsked())
        assert file.survey().rows == 1
        assert file.holds_answers()
        (row,) = file.rows()
    assert isinstance(row, AnsweredRow)
    assert (row.line, row.system, row.query, row.response) == (1, "Be short.", "What is 2+2?", "4")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and more")
    with pytest.raises(UserError, match="not a complete Parquet file"):
        list(read_tasks(path))


@pytest.mark.parametrize("write", [pyarrow.ipc.new_file, pyarrow.ipc.new_stream])
def test_arrow_is_read_with_the_names_of_classes(write: Any, tmp_path: Path) -> None:
    features = {"label": {"names": ["negative", "positive"], "_type": "ClassLabel"}}
    about = json.dumps({"info": {"features": features}})
    rows = [
        {"text": "Good film", "label": 1},
        {"text": "Bad film", "label": 0},
        {"text": "Film", "label": -1},
    ]
    table = pyarrow.Table.from_pylist(rows).replace_schema_metadata({"huggingface": about})
    path = tmp_path / "data.arrow"
    with path.open("wb") as file, write(file, table.schema) as writer:
        writer.write_table(table)
    assert [getattr(task, "answer", "") for task in read_tasks(path)] == ["positive", "negative", None]
