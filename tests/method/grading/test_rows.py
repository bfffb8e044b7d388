"""Answers as models write them, each with the verdict of a careful person; one file a group."""

import json
from pathlib import Path
from typing import Any

import pytest

from orca_desk.method.grading import grade

ROWS = Path(__file__).parent / "rows"


def rows() -> list[Any]:
    """Return every row of every group, named by its group and line."""
    return [
        pytest.param(json.loads(line), id=f"{file.stem}-{number}")
        for file in sorted(ROWS.glob("*.jsonl"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    ]


@pytest.mark.parametrize("row", rows())
def test_a_row_is_graded_as_a_careful_person_does(row: dict[str, Any]) -> None:
    verdict = grade(row["response"], row["reference"], row.get("kind"), question=row.get("question", ""))
    assert verdict.correct == row["expected"], verdict.reason
