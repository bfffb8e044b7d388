"""Answers as models write them, each with the verdict of a careful person; one file a group."""

import json
from pathlib import Path

import pytest

from orca_desk.method.grading import grade

GROUPS = sorted((Path(__file__).parent / "rows").glob("*.jsonl"))


@pytest.mark.parametrize("group", GROUPS, ids=lambda file: file.stem)
def test_rows_are_graded_as_a_careful_person_does(group: Path) -> None:
    """One test for a group: a test takes pytest ten times as long as a row takes to grade."""
    wrong = []
    for number, line in enumerate(group.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        verdict = grade(row["response"], row["reference"], row.get("kind"), question=row.get("question", ""))
        if verdict.correct != row["expected"]:
            wrong.append(f"line {number}: {verdict.reason}")
    assert wrong == []
