"""The first tasks by their ids are the same, however they are looked for."""

import pytest
from library_doubles import make_task

from orca_desk.library.database import Library
from orca_desk.library.first_tasks import first_by_id
from orca_desk.library.tasks import TaskFilter, add_tasks


@pytest.mark.parametrize(("family", "count"), [("large", 3), ("small", 3), ("large", 100), ("none", 3)])
def test_the_first_by_id(library: Library, family: str, count: int) -> None:
    tasks = [make_task(number, family="small" if number % 20 == 0 else "large") for number in range(100)]
    add_tasks(library, [*tasks, make_task(1, family="large", split="heldout", query="Other?")])
    expected = sorted((task for task in tasks if task.family == family), key=lambda task: task.id)[:count]
    assert first_by_id(library, TaskFilter(family=family, split="train"), count) == expected
