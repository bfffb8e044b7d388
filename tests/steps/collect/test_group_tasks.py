"""Tasks without families are grouped in a worker; the groups are changed by hand, applied and undone."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.task_changes import undo_change
from orca_desk.library.tasks import TaskFilter, add_tasks, delete_tasks, families, task_rowids, tasks_at
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.collect.group_tasks import (
    REST,
    Grouping,
    TaskGroup,
    apply_grouping,
    group_family,
    group_rows,
)

THINGS = ("apples", "coins", "stamps", "shells")


def tasks(count: int, family: str = "general") -> list[Task]:
    """Tasks of two kinds in turn."""
    made = []
    for n in range(count):
        thing = THINGS[n % 4]
        made.append(f"Anna has {n} {thing} and buys {n % 7} more. How many {thing} does she have now?")
        made.append(f"Take {n} steps left. Take {n % 5} steps back. Do you return to the starting point?")
    return [Task(family=family, query=query) for query in made]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def group(name: str, *rowids: int, terms: tuple[str, ...] = ("a",), is_rest: bool = False) -> TaskGroup:
    return TaskGroup(
        name=name, rowids=array("q", rowids), terms=terms, examples=(name,), cohesion=0.5, is_rest=is_rest
    )


GROUPING = Grouping(
    groups=(group("large", 1, 2, 3), group("small", 4, 5), group(REST, 6, is_rest=True)),
    separation=0.6,
    is_clear=True,
)


def test_groups_are_renamed_merged_and_split_without_losing_a_task() -> None:
    renamed = GROUPING.renamed(1, " sums ")
    assert renamed.names == ("large", "sums", REST)
    merged = renamed.merged([2, 1])
    held = [(one.name, list(one.rowids)) for one in merged.groups]
    assert held == [("large", [1, 2, 3]), ("sums", [4, 5, 6])]
    assert not merged.groups[1].is_rest
    parts = Grouping(groups=(group("sums", 1, 2), group("b", 3)), separation=None, is_clear=True)
    split = merged.split(0, parts)
    assert [(one.name, one.tasks) for one in split.groups] == [("sums", 3), ("sums-2", 2), ("b", 1)]
    assert split.tasks == GROUPING.tasks == 6
    assert GROUPING.merged([1]) is GROUPING
    joined = GROUPING.renamed(0, "small")
    assert [(one.name, one.tasks) for one in joined.groups] == [("small", 5), (REST, 1)]
    with pytest.raises(UserError, match="needs a name"):
        GROUPING.renamed(0, " ")


def test_two_groups_of_one_name_become_one_family(library: Library) -> None:
    add_tasks(library, tasks(2))
    rowids = task_rowids(library)
    groups = (group("a", *rowids[:2]), group("a", *rowids[2:]))
    found = Grouping(groups=groups, separation=None, is_clear=True)
    assert found.names == ("a",)
    assert apply_grouping(library, found).count == 4
    assert [one.family for one in families(library)] == ["a"]


def test_an_unknown_family_is_an_error(library: Library) -> None:
    with pytest.raises(UserError, match="no family named absent"):
        group_family(library, ["absent"])


def test_the_tasks_of_a_family_are_grouped_applied_and_undone(library: Library) -> None:
    pytest.importorskip("sklearn")
    add_tasks(library, [*tasks(40), Task(family="anna-steps", query="Other?"), Task(family="b", query="B?")])
    updates: list[Update] = []
    found = group_family(library, ["general"], progress=updates.append)
    assert found is not None
    assert [one.tasks for one in found.groups] == [40, 40]
    assert found.is_clear
    for one in found.groups:
        queries = [task.query for task in tasks_at(library, one.rowids) if task]
        assert len({query.split()[0] for query in queries}) == 1
        assert one.examples[0] in queries
        assert one.name == "-".join(one.terms[:3])
    assert {update.stage for update in updates} == {"reading tasks", "grouping tasks"}
    before = families(library)
    changed = apply_grouping(library, found)
    assert changed.count == 80
    assert {one.family for one in families(library)} == {*found.names, "anna-steps", "b"}
    undo_change(library, changed)
    assert families(library) == before
    parts = group_rows(library, found.groups[0].rowids, 2, taken={found.groups[1].name})
    assert parts is not None
    assert len(parts.groups) == 2
    assert found.split(0, parts).tasks == 80


def test_tasks_of_one_kind_keep_their_family(library: Library) -> None:
    pytest.importorskip("sklearn")
    add_tasks(library, tasks(12)[::2])
    found = group_family(library, ["general"])
    assert found is not None
    assert (found.names, found.is_clear) == (("general",), False)
    assert apply_grouping(library, found).count == 0


def test_a_stop_and_deleted_tasks_change_nothing(library: Library) -> None:
    pytest.importorskip("sklearn")
    add_tasks(library, tasks(30))
    control = JobControl()
    control.stop()
    assert group_family(library, ["general"], control=control) is None
    found = group_family(library, ["general"])
    assert found is not None
    gone = tasks(1)[0]
    delete_tasks(library, [gone.id])
    assert apply_grouping(library, found).count == 59
    assert task_rowids(library, TaskFilter(family="general")) == array("q")
