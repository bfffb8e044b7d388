"""`orca-desk records import` says what became of every row."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orca_desk.cli import commands

ROWS = (
    {
        "system_prompt": "Think step by step.",
        "question": "What is 2+2?",
        "response": "It is 4.",
        "answer": "4",
    },
    {"system_prompt": "", "question": "What is 2+3?", "response": "5"},
    {"system_prompt": "", "question": "What is 2+4?"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(commands, ["records", *arguments, "--library", str(folder / "library")])
    assert done.exit_code == 0, done.output
    return done.output


def test_an_import_names_its_strategies_and_refused_rows(folder: Path) -> None:
    said = run(folder, "import", str(folder / "rows.jsonl"), "--dry-run")
    assert "rows.jsonl would add 2 teacher records, which answer 2 new tasks." in said
    said = run(folder, "import", str(folder / "rows.jsonl"), "--refused", str(folder / "refused.jsonl"))
    assert "Added 2 teacher records from rows.jsonl" in said
    assert "Line 3: 'response'" not in said
    assert "Line 3: There is no column with the answer." in said
    assert "2 new strategies for the system messages" in said
    assert "Graded by reference answers: 1 of the records, of which 1 are correct." in said
    assert (folder / "refused.jsonl").read_text().strip() == json.dumps(ROWS[2])


def test_what_was_left_aside_or_given_twice_is_told(folder: Path) -> None:
    row = {"question": "2+2?", "response": "4", "answer": {"sum": 4}}
    (folder / "one.jsonl").write_text(f"{json.dumps(row)}\n" * 2)
    said = run(folder, "import", str(folder / "one.jsonl"), "--dry-run")
    assert "would add 1 teacher record, which answers 1 new task." in said
    assert "Already in the library, or twice in the file: 1." in said
    assert "2 rows have a reference answer that is not text, which was left out." in said


def test_json_counts_every_row(folder: Path) -> None:
    done = CliRunner().invoke(
        commands,
        ["records", "import", str(folder / "rows.jsonl"), "--json", "--library", str(folder / "library")],
    )
    result = json.loads(done.stdout)
    assert result["rows"] == result["added"] + result["already_there"] + result["refused"] == 3
    assert [one["strategy"] for one in result["messages"]] == ["imported-think-step", "imported-no-message"]
    shown = json.loads(run(folder, "list", "--json"))["records"][0]["record"]["provenance"]
    assert shown["imported"]["file"] == "rows.jsonl"
    assert shown["sampling"] is None


def test_an_import_of_tasks_tells_that_the_rows_are_answers(folder: Path) -> None:
    done = CliRunner().invoke(
        commands, ["tasks", "import", str(folder / "rows.jsonl"), "--library", str(folder / "library")]
    )
    assert "These rows hold a model's answers" in done.output
