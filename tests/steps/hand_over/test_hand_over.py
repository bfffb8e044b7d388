"""Every table is written in its formats, all of it or nothing, and what is left out is said."""

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from library_doubles import judged, make_record, make_task
from new_library import new_library
from task_files import read_tasks

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.formats.writers.data_formats import DATA_FORMATS
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.record_edits import decide
from orca_desk.library.records import RecordFilter
from orca_desk.library.runs import list_runs
from orca_desk.library.tasks import TaskFilter, add_tasks, delete_tasks, task_rowids
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.hand_over.hand_over import hand_over, preview
from orca_desk.steps.hand_over.handed_over import handed_over_from_json
from orca_desk.steps.hand_over.request import KIND, OFFERED, HandOverRequest

TASKS = [
    Task(
        family="sums",
        query=f"{number} and 1?",
        answer=str(number + 1),
        split="heldout" if number % 5 == 0 else "train",
    )
    for number in range(50)
]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with tasks, of which every fifth is held out."""
    with new_library(tmp_path / "library") as opened:
        add_tasks(opened, TASKS)
        yield opened


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.csv", "tasks.parquet"])
def test_what_is_exported_is_read_back(library: Library, tmp_path: Path, name: str) -> None:
    rowids = task_rowids(library)
    delete_tasks(library, [TASKS[0].id])
    seen: list[Update] = []
    request = HandOverRequest(table="tasks", format=name.partition(".")[2], path=tmp_path / name)  # type: ignore[arg-type]
    made = hand_over(library, request, rowids=rowids, progress=seen.append)
    assert made is not None
    assert (made.written, made.left_out) == (49, {"deleted": 1})
    assert list(read_tasks(tmp_path / name)) == TASKS[1:]
    assert seen[-1].done == seen[-1].total == 50


def test_the_manifest_and_the_card_tell_what_was_written(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    wanted = TaskFilter(family="sums")
    made = hand_over(library, HandOverRequest(table="tasks", format="sharegpt", path=path, tasks=wanted))
    assert made is not None
    found = json.loads((tmp_path / "shared.jsonl.manifest.json").read_text())
    assert found["filters"] == {"family": "sums"}
    assert found["left_out"] == {"held-out": {"rows": 10, "why": "held out for evaluation"}}
    assert found["files"] == [
        {
            "name": path.name,
            "rows": 40,
            "size": path.stat().st_size,
            "sha256": file_sha256(path),
        }
    ]
    _, head, text = (tmp_path / "shared.jsonl.README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(head)["configs"][0]["data_files"] == [{"split": "train", "path": path.name}]
    assert "10: held out for evaluation" in text


def test_held_out_tasks_are_only_trained_on_where_that_is_said(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    made = hand_over(
        library, HandOverRequest(table="tasks", format="messages", path=path, with_held_out=True)
    )
    assert made is not None and made.written == 50
    assert {line["split"] for line in _lines(path)} == {"train", "heldout"}
    nothing = HandOverRequest(
        table="tasks", format="messages", path=tmp_path / "no.jsonl", tasks=TaskFilter(split="heldout")
    )
    with pytest.raises(UserError, match="held out"):
        hand_over(library, nothing)
    assert not (tmp_path / "no.jsonl").exists()


def test_a_folder_keeps_splits_apart(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    made = hand_over(library, HandOverRequest(table="tasks", format="mlx", path=folder))
    assert made is not None
    assert made.splits == {"test": 10, "train": 38, "valid": 2}
    assert sorted(one.name for one in folder.iterdir()) == [
        "README.md", "manifest.json", "test.jsonl", "train.jsonl", "valid.jsonl",
    ]  # fmt: skip
    assert all(line["split"] == "heldout" for line in _lines(folder / "test.jsonl"))
    with pytest.raises(UserError, match="already exists"):
        hand_over(library, HandOverRequest(table="tasks", format="mlx", path=folder))


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks"])
def test_a_stopped_export_leaves_nothing_new(library: Library, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if name == "tasks.jsonl":
        (out / name).write_text("before")
    control = JobControl()
    control.stop()
    request = HandOverRequest(table="tasks", format="jsonl", path=out / name)
    assert hand_over(library, request, control=control) is None
    assert [one.read_text() for one in out.iterdir()] == (["before"] if name == "tasks.jsonl" else [])
    (run,) = list_runs(library, kind=KIND)
    assert run.status == "cancelled"
    again = HandOverRequest.to_resume(library, run.id)
    assert again == request
    made = hand_over(library, again)
    assert made is not None and made.run == run.id
    assert handed_over_from_json(list_runs(library, kind=KIND)[0].outcome) is not None


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks"])
def test_a_disk_that_is_full_at_the_end_changes_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    out = tmp_path / "out"
    request = HandOverRequest(table="tasks", format="jsonl", path=out / name)
    if not request.in_folder:
        hand_over(library, replace(request, tasks=TaskFilter(split="train")))
    before = {one.name: one.read_bytes() for one in out.iterdir()} if out.exists() else {}

    def fail(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("orca_desk.steps.hand_over.hand_over.card_text", fail)
    with pytest.raises(UserError, match="no space left"):
        hand_over(library, request)
    assert {one.name: one.read_bytes() for one in out.iterdir()} == before


def test_an_unwritable_path_is_an_error(library: Library, tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        hand_over(library, HandOverRequest(table="tasks", format="jsonl", path=tmp_path / "folder.jsonl"))


@pytest.mark.parametrize(
    ("table", "name", "place", "problem"),
    [
        ("tasks", "kto", "a.jsonl", "cannot be written as kto"),
        ("tasks", "messages", "a.csv", "cannot be written to a .csv"),
        ("tasks", "mlx", "a.jsonl", "writes a folder"),
        ("tasks", "openai-batch", "a.jsonl", "needs the name"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    table: Any, name: Any, place: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=problem):
        HandOverRequest(table=table, format=name, path=tmp_path / place)


def test_what_is_never_trained_on_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with new_library(tmp_path / "library") as library:
        held = make_task(3, split="heldout")
        add_tasks(library, [make_task(1), make_task(2), held, make_task(4)])
        records = [make_record(n) for n in (1, 2, 3)] + [make_record(4, response=" \n")]
        add_records(library, [judged(record, n) for n, record in enumerate(records, 1)])
        delete_tasks(library, [held.id])
        decide(library, [records[1].id], "drop")
        decide(library, [records[3].id], "keep")
        for table, column in (("training", "user"), ("teacher", "messages")):
            request = HandOverRequest(
                table=table, format="jsonl" if table == "training" else "messages", path=path
            )
            made = hand_over(library, request)
            assert made is not None and made.written == 1
            assert made.left_out == {Unfit.DROPPED: 1, Unfit.HELD_OUT: 1, Unfit.EMPTY: 1}
            assert [column in line for line in _lines(path)] == [True]
        dropped = HandOverRequest(
            table="training",
            format="jsonl",
            path=tmp_path / "none.jsonl",
            records=RecordFilter(decision="drop"),
        )
        with pytest.raises(UserError, match="dropped, held out or empty"):
            hand_over(library, dropped)
        assert not (tmp_path / "none.jsonl").exists()
        whole = HandOverRequest(table="teacher", format="jsonl", path=path)
        assert (made := hand_over(library, whole)) is not None and made.written == 4
        states = [(line["decision"], line["held_out"]) for line in _lines(path)]
        assert states == [(None, False), ("drop", False), (None, True), ("keep", False)]


def test_pairs_prefer_the_correct_answer_to_the_same_question(tmp_path: Path) -> None:
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1), make_task(2)])
        records = [
            make_record(1, id="wrong", response="Answer: 7"),
            make_record(1, id="right", sample=1),
            make_record(1, id="also-right", sample=2, response="It is 1."),
            make_record(2, id="other"),
        ]
        numbers = (1, 1, 1, 2)
        add_records(library, [judged(one, n) for one, n in zip(records, numbers, strict=True)])
        path = tmp_path / "pairs.jsonl"
        made = hand_over(library, HandOverRequest(table="preferences", format="preference", path=path))
        assert made is not None
        assert (made.written, made.left_out) == (1, {"unpaired": 2})
        alone = RecordFilter(correct=True)
        nothing = HandOverRequest(
            table="preferences", format="preference", path=tmp_path / "no.jsonl", records=alone
        )
        with pytest.raises(UserError, match="3 answers without a partner"):
            hand_over(library, nothing)
        (line,) = _lines(path)
        assert line["prompt"] == [
            {"role": "system", "content": CAUTIOUS},
            {"role": "user", "content": records[0].user},
        ]
        assert line["chosen_record"] == records[1].id
        assert line["rejected"] == [{"role": "assistant", "content": records[0].response}]


def test_a_preview_writes_nothing(library: Library, tmp_path: Path) -> None:
    request = HandOverRequest(table="tasks", format="alpaca", path=tmp_path / "a.jsonl")
    seen = preview(library, request)
    assert (seen.total, seen.looked_at, seen.found.written) == (50, 50, 40)
    assert seen.found.left_out == {"held-out": 10}
    assert [one["output"] for one in seen.examples] == ["2", "3", "4"]
    assert not list(tmp_path.glob("a.*"))
    assert list_runs(library, kind=KIND) == []


def test_every_format_that_is_offered_is_a_format_of_some_table() -> None:
    assert {name for names in OFFERED.values() for name in names} == set(DATA_FORMATS)


def test_the_page_about_formats_says_what_is_offered() -> None:
    page = Path(__file__).parents[3] / "docs" / "data-formats.md"
    lines = [line.strip("| \n").split("|") for line in page.read_text().splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip(" `") for cell in line] for line in lines[: 2 + len(DATA_FORMATS)]]
    tables = head[1:-1]
    said = {
        row[0]: {table for table, cell in zip(tables, row[1:], strict=False) if cell == "yes"} for row in rows
    }
    assert said == {name: {table for table in OFFERED if name in OFFERED[table]} for name in DATA_FORMATS}
