"""The first content of a new library: the bundled strategies and sample tasks."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.strategies import insert_strategies
from orca_desk.library.tasks import COLUMNS, DeletedTasks, delete_tasks, task_rows
from orca_desk.method.records import Task
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

# Not through rows.table: importing sqlite-utils takes longer, and this is the app's first start
INSERT = (
    f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)}) ON CONFLICT (id) DO NOTHING"
)


def fill(db: sqlite3.Connection, *, samples: bool) -> None:
    """Put the strategies and, if wanted, the sample tasks into a new database, inside a write."""
    insert_strategies(db, load_folder(resources() / "strategies").values())
    if samples:
        db.executemany(INSERT, task_rows(db, sample_tasks(resources() / "tasks")))


def delete_samples(library: Library) -> DeletedTasks:
    """Delete the bundled tasks that the library still has; return what restores them."""
    return delete_tasks(library, sample_ids())


def sample_ids() -> tuple[str, ...]:
    """Return the ids of the bundled tasks."""
    return tuple(task.id for task in sample_tasks(resources() / "tasks"))


def sample_tasks(folder: Path) -> Iterator[Task]:
    """Yield the bundled tasks, file by file in the order of their names (John and Mark first)."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                fields = json.loads(line)
                yield Task(**{**fields, "tags": tuple(fields.get("tags", ()))})
