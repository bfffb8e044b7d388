"""An export writes what was asked for, and a stopped one leaves what was there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.formats.tasks import read_tasks
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, delete_tasks, task_rowids
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.collect.export_tasks import export_tasks

TASKS = [Task(family="sums", query=f"{number} and 0?", answer=str(number)) for number in range(2500)]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with many tasks."""
    with new_library(tmp_path / "library") as opened:
        add_tasks(opened, TASKS)
        yield opened


def test_what_is_exported_is_read_back(library: Library, tmp_path: Path) -> None:
    numbers = task_rowids(library)
    delete_tasks(library, [TASKS[0].id])
    for name in ("tasks.jsonl", "tasks.csv"):
        seen: list[Update] = []
        assert export_tasks(library, tmp_path / name, numbers, progress=seen.append) == 2499
        assert list(read_tasks(tmp_path / name)) == TASKS[1:]
        assert seen[-1].done == seen[-1].total == 2500


def test_a_stopped_export_leaves_the_old_file(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text("before")
    control = JobControl()

    def stop(update: Update) -> None:
        if update.done:
            control.stop()

    assert export_tasks(library, path, task_rowids(library), progress=stop, control=control) is None
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


def test_an_unwritable_path_is_an_error(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        export_tasks(library, tmp_path, task_rowids(library))
