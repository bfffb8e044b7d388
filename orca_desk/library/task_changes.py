"""Changes to many tasks in one transaction, and undoing them."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.held_out import flags_at_change, restore_flags
from orca_desk.library.task_columns import COLUMNS, task_from_row, task_rows
from orca_desk.library.tasks import SELECT, TaskFilter, iterate_tasks, task_rowids
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import choose_held_out

CHUNK = 2_000  # tasks in memory at a time
Columns = tuple[str, ...]
Values = tuple[Any, ...]  # of the columns that changed, then the task's row id


@dataclass(frozen=True, kw_only=True)
class TaskEdit:
    """The same edit for many tasks. None leaves a field unchanged; an empty `strategy` removes it."""

    family: str | None = None
    split: Split | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    strategy: str | None = None

    def __call__(self, task: Task) -> Task:
        """Return `task` with the edit."""
        remaining = [tag for tag in task.tags if tag not in self.remove_tags]
        new = [tag for tag in self.add_tags if tag not in remaining]
        return replace(
            task,
            family=self.family or task.family,
            split=self.split or task.split,
            tags=(*remaining, *new),
            strategy=task.strategy if self.strategy is None else self.strategy or None,
        )


@dataclass(frozen=True, kw_only=True)
class ChangedTasks:
    """The former values of changed tasks, by the columns that changed: `undo_change` restores them.

    `held_out` tells which records of tasks that changed sides, or ask another question, were held out.
    """

    former: dict[Columns, list[Values]]
    held_out: dict[int, bool]

    @property
    def count(self) -> int:
        """The number of changed tasks."""
        return sum(map(len, self.former.values()))


def change_tasks(library: Library, rowids: Sequence[int], change: Callable[[Task], Task]) -> ChangedTasks:
    """Store `change(task)` for the tasks in these rows, all or none; return what undoes it.

    `change` must not change the id. Deleted and unchanged tasks are skipped.
    """

    def store(db: sqlite3.Connection) -> ChangedTasks:
        former: dict[Columns, list[Values]] = defaultdict(list)
        held_out: dict[int, bool] = {}
        for start in range(0, len(rowids), CHUNK):
            later: dict[Columns, list[Values]] = defaultdict(list)
            found = _tasks(db, rowids[start : start + CHUNK])
            changed = [change(task) for _, task in found]
            before = task_rows(db, [task for _, task in found])
            after = task_rows(db, changed)
            held_out = flags_at_change(db, [task for _, task in found], changed) | held_out
            for (rowid, _), old, new in zip(found, before, after, strict=True):
                columns = tuple(name for name in COLUMNS if old[name] != new[name])
                if columns:
                    former[columns].append((*(_shared(old[name]) for name in columns), rowid))
                    later[columns].append((*(new[name] for name in columns), rowid))
            _update(db, later)
        return ChangedTasks(former=dict(former), held_out=held_out)

    return library.write(store)


def undo_change(library: Library, changed: ChangedTasks) -> None:
    """Undo `change_tasks`: restore the values that it replaced. Other later edits stay."""

    def restore(db: sqlite3.Connection) -> None:
        _update(db, changed.former)
        restore_flags(db, changed.held_out)

    library.write(restore)


def hold_out_family(library: Library, family: str, percent: float) -> ChangedTasks:
    """Hold out the nearest whole number to `percent` (0 to 100) of a family's tasks, and train on the others.

    The wording of the questions chooses them, so that all variants of a question stay in one split.
    """
    wanted = TaskFilter(family=family)
    chosen = choose_held_out(iterate_tasks(library, wanted), percent)
    return change_tasks(
        library, task_rowids(library, wanted), lambda task: replace(task, split=chosen.split(task))
    )


def _tasks(db: sqlite3.Connection, rowids: Sequence[int]) -> list[tuple[int, Task]]:
    rows = db.execute(
        f"{SELECT} WHERE n IN (SELECT value FROM json_each(?))", (json_list(rowids),)
    ).fetchall()
    return [(row["n"], task_from_row(row)) for row in rows]


def _update(db: sqlite3.Connection, values: dict[Columns, list[Values]]) -> None:
    for columns, rows in values.items():
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.executemany(f"UPDATE tasks SET {assignments} WHERE n = ?", rows)


def _shared(value: Any) -> Any:
    """Return one shared object for equal texts: a million tasks have few families and tags."""
    return intern(value) if isinstance(value, str) else value
