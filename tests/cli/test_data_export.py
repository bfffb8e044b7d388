"""The commands that export data: any table, by one set of options."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.new_records import add_records
from orca_desk.library.tasks import add_tasks


@pytest.fixture
def orca(tmp_path: Path) -> Callable[..., Result]:
    """Runs a command on a library with tasks, one of them held out, graded records and an evaluation."""
    with new_library(tmp_path / "library") as library:
        tasks = [make_task(1), make_task(2), make_task(3, split="heldout")]
        add_tasks(library, tasks)
        records = [make_record(1), make_record(1, id="wrong", response="Answer: 5"), make_record(3)]
        add_records(library, [judged(one, n) for one, n in zip(records, (1, 1, 3), strict=True)])

    def run(*words: str) -> Result:
        return CliRunner().invoke(commands, [*words, "--library", str(tmp_path / "library")])

    return run


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_tasks_go_out_in_the_format_that_is_asked_for(orca: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "chats.jsonl"
    made = told(orca("tasks", "export", str(out), "--format", "messages", "--json"))
    assert (made["written"], made["left_out"]) == (2, {"held-out": 1})
    assert made["files"][0]["rows"] == len(out.read_text().splitlines()) == 2
    for beside in ("manifest", "card"):
        assert Path(made[beside]).is_file()
    plain = orca("tasks", "export", str(tmp_path / "set"), "--format", "mlx", "--no-about")
    assert "Wrote 3 tasks" in plain.stdout and "1 in test" in plain.stdout
    assert not (tmp_path / "set" / "README.md").exists()


def test_a_file_that_is_there_is_replaced_only_when_asked(
    orca: Callable[..., Result], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_text("precious\n")
    refused = orca("tasks", "export", str(mine))
    assert "already exists" in str(refused.exception) and mine.read_text() == "precious\n"
    made = told(orca("tasks", "export", str(mine), "--overwrite", "--json"))
    assert "precious" not in mine.read_text() and Path(made["manifest"]).is_file()
    assert orca("tasks", "export", str(mine), "--overwrite", "--no-about").exit_code == 0
    assert [path.name for path in tmp_path.glob("mine*")] == ["mine.jsonl"]


def test_a_dry_run_shows_rows_and_writes_none(orca: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    seen = told(orca("tasks", "export", str(out), "--format", "alpaca", "--dry-run", "--json"))
    assert seen["written"] == 2 and seen["examples"][0]["output"] == "1"
    shown = orca("tasks", "export", str(out), "--format", "alpaca", "--dry-run")
    assert "2 would be written" in shown.stdout and "1 held out for evaluation" in shown.stdout
    assert not out.exists()


def test_records_go_out_as_asked_erased_or_in_pairs(orca: Callable[..., Result], tmp_path: Path) -> None:
    for what, form, written in (
        ("teacher", "jsonl", 3),
        ("training", "messages", 2),
        ("training", "kto", 2),
        ("preferences", "preference", 1),
    ):
        out = tmp_path / f"{what}-{form}.jsonl"
        assert (
            told(orca("records", "export", what, str(out), "--format", form, "--json"))["written"] == written
        )
    assert "direct" not in (tmp_path / "training-messages.jsonl").read_text().split('"messages"')[0]
    refused = orca("records", "export", "teacher", str(tmp_path / "x.jsonl"), "--format", "preference")
    assert "cannot be written as preference" in str(refused.exception)


def test_an_evaluation_goes_out_with_its_answers(orca: Callable[..., Result], tmp_path: Path) -> None:
    task = make_task(3)
    with new_library(tmp_path / "library") as library:
        made = create_evaluation(
            library,
            model=tmp_path / "m.gguf",
            adapter=None,
            system_kind="empty",
            system="",
            settings={},
            questions=[Question.of(task, None)],
        )
        answer = Answered(
            task_id=task.id,
            response="It is 3.",
            correct=True,
            reason="",
            recognised=None,
            completion_tokens=4,
            finish_reason="stop",
        )
        add_answers(library, made.id, [answer])
    out = tmp_path / "answers.jsonl"
    assert told(orca("evaluate", "export", made.id, str(out), "--json"))["written"] == 1
    (row,) = map(json.loads, out.read_text().splitlines())
    assert (row["response"], row["reference"], row["correct"]) == ("It is 3.", "3", True)
    listed = tmp_path / "evaluations.csv"
    assert told(orca("evaluate", "export", "all", str(listed), "--json"))["written"] == 1
    assert listed.read_text().splitlines()[1].endswith(",1,1,1,1")
    refused = orca("evaluate", "export", made.id, str(out), "--format", "messages")
    assert "Invalid value for '--format'" in refused.stderr
