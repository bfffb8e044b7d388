"""Adding tasks in bulk: it leaves what the trigger leaves that works row by row."""

from collections.abc import Iterator, Sequence

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.library.database import Library
from orca_desk.library.rows import table
from orca_desk.library.task_columns import task_rows
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.records import Split, Task

CONTENT = (
    "SELECT n, id, family_id, question, query, answer, tags, split FROM tasks ORDER BY n",
    "SELECT tag, task FROM task_tags ORDER BY 1, 2",
    "SELECT question, task FROM task_questions ORDER BY 1, 2",
    "SELECT rowid FROM tasks_text WHERE tasks_text MATCH 'two' ORDER BY 1",
    "SELECT count(*) FROM adding_in_bulk",
)

words = st.sampled_from(["one", "two", "three"])
splits: st.SearchStrategy[Split] = st.sampled_from(["train", "heldout"])
tasks = st.builds(
    Task,
    family=st.sampled_from(["a", "b"]),
    query=words,
    context=st.sampled_from(["", "two"]),
    answer=st.none() | words,
    tags=st.lists(words, max_size=2).map(tuple),
    split=splits,
)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Library]]:
    """Two empty libraries."""
    folder = tmp_path_factory.mktemp("bulk")
    with (
        Library.open(folder / "one", samples=False) as one,
        Library.open(folder / "other", samples=False) as other,
    ):
        yield one, other


def content(library: Library) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in library.rows(sql)] for sql in CONTENT]


def add_one_by_one(library: Library, chosen: Sequence[Task]) -> None:
    """Add tasks as the trigger indexes them, each once."""
    for task in chosen:
        library.write(lambda db, task=task: table(db, "tasks").insert_all(task_rows(db, [task])))  # type: ignore[misc]


@at_most(25)
@given(given_tasks=st.lists(tasks, max_size=8))
def test_bulk_leaves_what_the_trigger_leaves(given_tasks: list[Task], two: tuple[Library, Library]) -> None:
    one, other = two
    for library in two:
        library.write(lambda db: db.execute("DELETE FROM tasks"))
        library.write(lambda db: db.execute("DELETE FROM families"))
        library.write(
            lambda db: db.execute("DELETE FROM sqlite_sequence WHERE name IN ('tasks', 'families')")
        )
    added = add_tasks(one, given_tasks)
    new = {task.id: task for task in reversed(given_tasks) if task.id in added.added}
    add_one_by_one(other, [new[task_id] for task_id in added.added])
    assert content(one) == content(other)
    assert len(added.added) + len(added.duplicates) == len(given_tasks)
    assert add_tasks(one, given_tasks).added == ()
    delete_tasks(one, added.added)
