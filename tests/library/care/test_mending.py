"""Checking says what it does; mending makes again what follows from the tables, and nothing else."""

import sqlite3
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.library.care.integrity import FILES, PAGES, check_whole, checks_of, file_problems
from orca_desk.library.care.mending import STEPS, mend
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.schema import MIGRATIONS
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, set_adapter


def rows(library: Library, table: str) -> list[tuple[object, ...]]:
    """Return the rows of a table."""
    return [tuple(row) for row in library.rows(f"SELECT * FROM {table} ORDER BY 1, 2")]


def test_every_check_is_named_before_it_begins(library: Library) -> None:
    told: list[str] = []
    assert check_whole(library, on_check=told.append) == []
    assert told == checks_of(len(MIGRATIONS), thorough=True) and (told[0], told[-1]) == (PAGES, FILES)
    with pytest.raises(InterruptedError):
        check_whole(library, on_check=lambda what: (_ for _ in ()).throw(InterruptedError()))


def test_counts_tags_and_numbers_are_made_anew(library: Library) -> None:
    add_tasks(library, [make_task(n, tags=("a", "b")) for n in range(5)])
    add_records(library, [judged(make_record(1), 1)])
    before = {
        name: rows(library, name) for name in ("tasks", "records", "task_tags", "task_counts", "tag_counts")
    }

    def harm(db: sqlite3.Connection) -> int:
        db.execute("DELETE FROM task_tags WHERE tag = 'a'")
        db.execute("UPDATE task_counts SET tasks = 77")
        db.execute("INSERT INTO tasks_text (tasks_text) VALUES ('delete-all')")
        return db.execute("INSERT OR REPLACE INTO counters VALUES ('task', 0)").rowcount

    library.write(harm)
    assert len(check_whole(library)) >= 2
    steps: list[str] = []
    assert mend(library, on_step=steps.append) == [] and tuple(steps) == STEPS
    assert {name: rows(library, name) for name in before} == before
    assert library.row("SELECT count(*) FROM tasks_text WHERE tasks_text MATCH 'plus'")[0] == 5  # type: ignore[index]


def test_a_stopped_mending_changes_nothing(library: Library) -> None:
    add_tasks(library, [make_task(1, tags=("a",))])
    library.write(lambda db: db.execute("UPDATE task_counts SET tasks = 77").rowcount)

    def stop(step: str) -> None:
        if step == STEPS[-1]:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        mend(library, on_step=stop)
    assert [row[-1] for row in rows(library, "task_counts")] == [77]


def test_an_adapter_that_was_changed_is_told(library: Library, tmp_path: Path) -> None:
    add_records(library, [judged(make_record(1), 1)])
    training = create_training(library, base=tmp_path, snapshot=freeze(library, name="x").id, settings={})
    adapter = training.folder / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"others")
    set_adapter(library, training.id, adapter=adapter, gguf=None, sha256="0" * 64)
    assert file_problems(library, thorough=False) == []
    (told,) = file_problems(library, thorough=True)
    assert told.startswith("The weights of train-1 are not those that were trained")
