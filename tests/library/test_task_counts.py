"""The kept counts of tasks, and the first tasks of a search that shows before all are found."""

import random
from array import array
from dataclasses import replace

import pytest
from library_doubles import make_task, update_tasks

from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    families,
    first_rowids,
    restore_tasks,
    tags,
    task_rowids,
)
from orca_desk.method.records import Split, Task


def count_each(library: Library) -> dict[tuple[str, int, int, int], None]:
    """Return every family with its counts, counted from the tasks themselves."""
    rows = library.rows(
        "SELECT name, sum(split = 'train'), sum(split = 'heldout'), sum(answer IS NULL) FROM tasks"
        " JOIN families ON families.id = family_id GROUP BY name"
    )
    return dict.fromkeys(tuple(row) for row in rows)  # type: ignore[misc]


def kept(library: Library) -> dict[tuple[str, int, int, int], None]:
    return dict.fromkeys((one.family, one.train, one.heldout, one.unanswered) for one in families(library))


def test_counts_follow_whatever_changes_the_tasks(library: Library) -> None:
    chance = random.Random(5)
    tasks = [
        replace(
            make_task(n, family=f"f{n % 3}"),
            split="heldout" if n % 4 == 0 else "train",
            answer=None if n % 5 == 0 else "7",
            tags=("a", "b")[: n % 3],
        )
        for n in range(60)
    ]
    add_tasks(library, tasks)
    assert kept(library) == count_each(library) and sum(one.tasks for one in families(library)) == 60
    gone = delete_tasks(library, [task.id for task in chance.sample(tasks, 20)])
    assert kept(library) == count_each(library) and count_tasks(library) == 40
    restore_tasks(library, gone)
    changed = [replace(task, answer=None, split="train", tags=("c",)) for task in tasks[:10]]
    update_tasks(library, changed)
    update_tasks(library, [replace(task, family="f9") for task in changed[:3]])
    renamed = rename_family(library, "f0", "f1")
    assert kept(library) == count_each(library)
    undo_rename(library, renamed)
    assert kept(library) == count_each(library)
    assert tags(library)["c"] == 10
    assert count_tasks(library, TaskFilter(family="f9", split="train", has_answer=False)) == 3
    assert count_tasks(library, TaskFilter(family="nowhere")) == 0
    assert check(library, thorough=True) == []
    library.write(lambda db: db.execute("UPDATE task_counts SET tasks = tasks + 1 WHERE tasks > 0") and None)
    assert any("counted incorrectly" in problem for problem in check(library))


def with_query(n: int, query: str) -> Task:
    return replace(make_task(n), query=f"{query} {n}", context="", id="")


@pytest.mark.parametrize("split", [None, "train", "heldout"])
@pytest.mark.parametrize(
    "text",
    ["zebra", "zeb", "zebra hor", '"zebra horse"', "horse -zebra", "zeb -cow split:train", "split:train", ""],
)
def test_the_first_tasks_are_among_all_and_said_to_be_all_only_if_they_are(
    library: Library, text: str, split: Split | None
) -> None:
    words = ["zebra", "horse", "zebra horse", "cow", "Zébra"]
    tasks = [with_query(n, words[n % 5]) for n in range(100)]
    add_tasks(library, [replace(task, split="heldout" if n % 3 else "train") for n, task in enumerate(tasks)])
    wanted = TaskFilter(text=text, split=split)
    everything = task_rowids(library, wanted)
    assert list(everything) == sorted(
        row["n"] for row in library.rows("SELECT n FROM tasks") if row["n"] in set(everything)
    )
    assert count_tasks(library, wanted) == len(everything)
    for limit in (1, 10, 50, 1_000):
        first, is_all = first_rowids(library, wanted, limit=limit)
        assert first == everything[: len(first)]
        assert len(first) <= limit and is_all <= (first == everything)
        assert first or not everything


def test_all_tasks_are_listed_without_those_that_were_deleted(library: Library) -> None:
    tasks = [make_task(n) for n in range(20)]
    add_tasks(library, tasks)
    assert task_rowids(library) == array(
        "q", [row["n"] for row in library.rows("SELECT n FROM tasks ORDER BY n")]
    )
    delete_tasks(library, [tasks[7].id])
    assert task_rowids(library) == array(
        "q", [row["n"] for row in library.rows("SELECT n FROM tasks ORDER BY n")]
    )
    delete_tasks(library, [task.id for task in tasks])
    assert task_rowids(library) == array("q")
