"""Changes to many tasks at once: one transaction, and back again, however many there are."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.tasks import FIELDS, TaskFilter, task_from_row, task_row, task_rowids
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import hold_out

CHUNK = 2_000  # tasks that are held in memory at a time
Columns = tuple[str, ...]
Values = tuple[Any, ...]  # of the columns that changed, then the task's place


@dataclass(frozen=True, kw_only=True)
class TaskEdit:
    """The same edit for many tasks. A field that is None leaves as it is; `strategy` "" takes it away."""

    family: str | None = None
    split: Split | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    strategy: str | None = None

    def __call__(self, task: Task) -> Task:
        """Return `task` with the edit."""
        kept = [tag for tag in task.tags if tag not in self.remove_tags]
        new = [tag for tag in self.add_tags if tag not in kept]
        return replace(
            task,
            family=self.family or task.family,
            split=self.split or task.split,
            tags=(*kept, *new),
            strategy=task.strategy if self.strategy is None else self.strategy or None,
        )


@dataclass(frozen=True, kw_only=True)
class ChangedTasks:
    """What `take_back` needs: the former values, by the columns that changed, and nothing else."""

    former: dict[Columns, list[Values]]

    @property
    def count(self) -> int:
        """How many tasks were changed."""
        return sum(map(len, self.former.values()))


def change_tasks(library: Library, rowids: Sequence[int], change: Callable[[Task], Task]) -> ChangedTasks:
    """Store `change(task)` for the tasks at some places, all or none; return what takes it back.

    `change` must keep the id. Tasks that are gone, or stay as they are, are passed over.
    """

    def store(db: sqlite3.Connection) -> ChangedTasks:
        former: dict[Columns, list[Values]] = defaultdict(list)
        for start in range(0, len(rowids), CHUNK):
            later: dict[Columns, list[Values]] = defaultdict(list)
            for rowid, task in _tasks(db, rowids[start : start + CHUNK]):
                old, new = task_row(task), task_row(change(task))
                columns = tuple(name for name in FIELDS if old[name] != new[name])
                if columns:
                    former[columns].append((*(_shared(old[name]) for name in columns), rowid))
                    later[columns].append((*(new[name] for name in columns), rowid))
            _update(db, later)
        return ChangedTasks(former=dict(former))

    return library.write(store)


def take_back(library: Library, changed: ChangedTasks) -> None:
    """Give tasks the values again that `change_tasks` replaced; what else was edited since stays."""
    library.write(lambda db: _update(db, changed.former))


def rename_family(library: Library, family: str, name: str) -> ChangedTasks:
    """Move all tasks of a family to the family `name`; where that is there already, the two are merged.

    A family that is new takes the old one's pairing along.
    """
    pairings = current_pairings(library)
    if family in pairings and name not in pairings:
        stored = pairings[family]
        evidence = tuple(replace(one, family=name) for one in stored.pairing.evidence)
        pairing = replace(stored.pairing, family=name, evidence=evidence)
        set_pairings(library, [pairing], source=stored.source)
    return change_tasks(library, task_rowids(library, TaskFilter(family=family)), TaskEdit(family=name))


def hold_out_family(library: Library, family: str, percent: float) -> ChangedTasks:
    """Split a family anew: `percent` (0 to 100) of its tasks, chosen by their ids, are held out."""
    rowids = task_rowids(library, TaskFilter(family=family))
    return change_tasks(library, rowids, lambda task: hold_out(task, percent))


def _tasks(db: sqlite3.Connection, rowids: Sequence[int]) -> list[tuple[int, Task]]:
    rows = db.execute(
        "SELECT * FROM tasks WHERE n IN (SELECT value FROM json_each(?))", (json_list(rowids),)
    ).fetchall()
    return [(row["n"], task_from_row(row)) for row in rows]


def _update(db: sqlite3.Connection, values: dict[Columns, list[Values]]) -> None:
    for columns, rows in values.items():
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.executemany(f"UPDATE tasks SET {assignments} WHERE n = ?", rows)


def _shared(value: Any) -> Any:
    """A million tasks share a few families and tags: each is kept once."""
    return intern(value) if isinstance(value, str) else value
