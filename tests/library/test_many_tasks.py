"""What must not take longer with each of ten million tasks: by how SQLite plans the queries."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.library.database import Library
from orca_desk.library.deleting.kinds import Kind, rows_of
from orca_desk.library.deleting.trash_rows import insert_step, take_step
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import overview
from orca_desk.library.task_columns import task_from_row
from orca_desk.library.tasks import (
    SELECT,
    TaskFilter,
    add_tasks,
    delete_tasks,
    first_rowids,
    iterate_tasks,
    list_tasks,
    tags,
    tags_of,
    task_rowids,
)
from orca_desk.method.records import Task
from orca_desk.processes.progress import StoppedError


@pytest.fixture
def filled(library: Library) -> Library:
    """A few tasks of two families in both splits, with a gap among them, and a record."""
    add_tasks(
        library,
        [
            make_task(
                number,
                family=("sums", "other")[number % 2],
                split=("train", "heldout")[number % 3 == 0],
                answer=None if number % 5 == 0 else "1",
                strategy="direct" if number % 4 == 0 else None,
                tags=("third",) * (number % 3 == 0) + ("fifth",) * (number % 5 == 0),
            )
            for number in range(1, 40)
        ],
    )
    delete_tasks(library, [make_task(7, family="other").id])
    add_records(library, [judged(make_record(1), 1)])
    return library


def plans(library: Library, work: Callable[[], object], *, writing: bool = False) -> list[str]:
    """Return the steps by which SQLite carries out the statements of `work`."""
    asked: list[str] = []
    if writing:
        library.alone(lambda db: db.set_trace_callback(asked.append))
    with library.read() as db:
        db.set_trace_callback(asked.append)
        work()
        db.set_trace_callback(None)
        if writing:
            library.alone(lambda db: db.set_trace_callback(None))
        statements = [one for one in asked if one.startswith(("SELECT", "UPDATE"))]
        return [
            step["detail"]
            for statement in statements
            for step in db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        ]


KEPT = [
    TaskFilter(family="sums"),
    TaskFilter(split="train"),
    TaskFilter(family="sums", split="heldout"),
    TaskFilter(family="sums", has_answer=True),
    TaskFilter(has_answer=False),
    TaskFilter(families=("sums", "other"), split="train"),
]


@pytest.mark.parametrize("wanted", [*KEPT, TaskFilter(), TaskFilter(overrides=True)])
def test_the_first_tasks_are_found_without_looking_at_all(filled: Library, wanted: TaskFilter) -> None:
    steps = plans(filled, lambda: (first_rowids(filled, wanted, limit=5), list_tasks(filled, wanted)))
    assert not [step for step in steps if "TEMP B-TREE" in step and len(wanted.families or ()) < 2]
    if wanted not in (TaskFilter(), TaskFilter(has_answer=False)):  # in order of arrival, the first are first
        assert not [step for step in steps if step.startswith("SCAN tasks")]


@pytest.mark.parametrize("wanted", [*KEPT, TaskFilter(), TaskFilter(text="plus"), TaskFilter(tag="third")])
@pytest.mark.parametrize("limit", [None, 3])
def test_all_are_the_same_page_by_page_and_span_by_span(
    filled: Library, monkeypatch: pytest.MonkeyPatch, wanted: TaskFilter, limit: int | None
) -> None:
    monkeypatch.setattr("orca_desk.library.tasks.SPAN", 4)
    monkeypatch.setattr("orca_desk.library.tasks.PAGE", 4)
    monkeypatch.setattr("orca_desk.library.conditions.PAGE", 4)

    def fits(task: Task) -> bool:
        return (
            wanted.family in (None, task.family)
            and (wanted.families is None or task.family in wanted.families)
            and wanted.split in (None, task.split)
            and wanted.has_answer in (None, task.answer is not None)
            and (wanted.tag is None or wanted.tag in task.tags)
        )

    every = [(row["n"], task_from_row(row)) for row in filled.rows(f"{SELECT} ORDER BY n")]
    expected = [(rowid, task) for rowid, task in every if fits(task)][:limit]
    chosen = replace(wanted, limit=limit)
    assert list(task_rowids(filled, chosen)) == [rowid for rowid, _ in expected]
    assert list(iterate_tasks(filled, chosen)) == [task for _, task in expected]


@pytest.mark.parametrize("wanted", [TaskFilter(), TaskFilter(split="train"), TaskFilter(text="-plus")])
def test_what_nobody_waits_for_is_not_read_on(
    filled: Library, monkeypatch: pytest.MonkeyPatch, wanted: TaskFilter
) -> None:
    def stop() -> None:
        raise StoppedError

    monkeypatch.setattr("orca_desk.library.connections.STEPS", 10)
    with pytest.raises(StoppedError):
        task_rowids(filled, wanted, check=stop)
    with pytest.raises(StoppedError):
        first_rowids(filled, wanted, limit=30, check=stop)
    assert len(task_rowids(filled)) == 38  # the connection reads again


def test_the_tags_of_any_number_are_counted(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orca_desk.library.tasks.SPAN", 4)
    assert tags_of(filled, task_rowids(filled)) == tags(filled) == {"third": 13, "fifth": 7}
    assert tags_of(filled, [5, 15]) == {"fifth": 2, "third": 1}


def test_the_overview_counts_no_task(filled: Library) -> None:
    steps = plans(filled, lambda: overview(filled))
    assert not [step for step in steps if step.startswith("SCAN tasks")]


def test_a_record_comes_back_from_the_trash_without_a_look_at_all_held_out_tasks(filled: Library) -> None:
    rows = rows_of(Kind.RECORD, [make_record(1).id])
    filled.write(
        lambda db: db.execute("INSERT INTO trash VALUES (1, 'record', '[]', '', '[]', 'kept', '')").rowcount
    )
    filled.write(lambda db: take_step(db, n=1, step=0, rows=rows))
    steps = plans(filled, lambda: filled.write(lambda db: insert_step(db, 1)), writing=True)
    assert steps and not [step for step in steps if "tasks_by_split" in step]
