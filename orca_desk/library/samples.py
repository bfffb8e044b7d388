"""What comes with the app: the bundled strategies, and the sample tasks for those who ask for them.

The samples are for the demo and for trying things out. They must not get into somebody's own work unnoticed:
wherever "all families" is meant, `own_families` says which they are.
"""

import json
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.strategies import insert_strategies
from orca_desk.library.task_columns import COLUMNS, task_rows
from orca_desk.library.tasks import Added, delete_tasks, insert_tasks
from orca_desk.method.records import Task
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

# Not through rows.table: importing sqlite-utils takes longer, and this is the app's first start
INSERT = (
    f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)}) ON CONFLICT (id) DO NOTHING"
)
# Of `tasks`: it came from the samples. Of `records` as r: its task did, which may have been deleted since
OF_SAMPLES = "n IN (SELECT n FROM samples)"
RECORD_OF_SAMPLE = """(EXISTS (SELECT 1 FROM samples WHERE task = r.task_id) AND NOT EXISTS
  (SELECT 1 FROM tasks AS own WHERE own.id = r.task_id AND own.n NOT IN (SELECT n FROM samples)))"""


def fill(db: sqlite3.Connection, *, samples: bool) -> None:
    """Put the strategies and, if wanted, the sample tasks into a new database, inside a write."""
    insert_strategies(db, load_folder(resources() / "strategies").values())
    if samples:
        db.executemany(INSERT, task_rows(db, sample_tasks(resources() / "tasks")))
        db.execute("INSERT INTO samples SELECT n, id FROM tasks")


def add_samples(library: Library) -> Added:
    """Add the bundled tasks; existing ones stay as they are, and so does whose they are.

    `remove_added` takes it back.
    """

    def add(db: sqlite3.Connection) -> Added:
        added = insert_tasks(db, list(sample_tasks(resources() / "tasks")))
        db.execute(
            "INSERT INTO samples SELECT n, id FROM tasks WHERE id IN (SELECT value FROM json_each(?))",
            (json_list(added.added),),
        )
        return added

    return library.write(add)


def delete_samples(library: Library) -> DeletedTasks:
    """Delete the tasks that came from the samples; return what restores them."""
    return delete_tasks(library, samples_in(library))


def samples_in(library: Library) -> tuple[str, ...]:
    """Return the ids of the tasks that came from the samples and are still there."""
    return tuple(row["id"] for row in library.rows(f"SELECT id FROM tasks WHERE {OF_SAMPLES} ORDER BY n"))


def is_untouched(library: Library) -> bool:
    """Return whether nothing was ever done in the library: it has neither a task nor a run."""
    return library.row("SELECT 1 FROM runs UNION ALL SELECT 1 FROM tasks LIMIT 1") is None


def own_families(library: Library) -> tuple[str, ...] | None:
    """Return the families that "all families" means by default: those with tasks other than the samples.

    In the order of their names. None where nothing is left out: the library holds no family of samples alone,
    or nothing else.
    """
    with library.read() as db:
        return own_families_in(db)


def sample_families(library: Library) -> tuple[str, ...]:
    """Return the families that hold sample tasks and nothing else, in the order of their names."""
    with library.read() as db:
        return _split(db)[1]


def own_families_in(db: sqlite3.Connection) -> tuple[str, ...] | None:
    """Do what `own_families` does, on a connection."""
    own, of_samples = _split(db)
    return own if own and of_samples else None


def own_record_families_in(db: sqlite3.Connection) -> tuple[str, ...] | None:
    """Return the families whose records are the user's own; None where all count.

    Records outlive their tasks: those of the demo are told apart even when the sample tasks are removed. All
    count where there are none of them, or neither a task nor a record of the user's own.
    """
    rows = _counted_records(db)
    own = tuple(row["name"] for row in rows if row["records"] > row["samples"])
    return own if any(row["samples"] for row in rows) and (own or _split(db)[0]) else None


def sample_records_in(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many records of sample tasks lie in each family that has records of own tasks too."""
    return {
        row["name"]: row["samples"] for row in _counted_records(db) if 0 < row["samples"] < row["records"]
    }


def _counted_records(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the families that have records, by name, with the numbers of all and of the sample tasks'."""
    return db.execute(
        "WITH of_samples AS MATERIALIZED (SELECT family_id, count(*) AS records FROM records AS r"
        f" WHERE task_id IN (SELECT task FROM samples) AND {RECORD_OF_SAMPLE} GROUP BY family_id)"
        " SELECT f.name, c.records, coalesce(s.records, 0) AS samples"
        " FROM (SELECT family_id, count(*) AS records FROM records GROUP BY family_id) AS c"
        " JOIN families AS f ON f.id = c.family_id LEFT JOIN of_samples AS s USING (family_id)"
        " ORDER BY f.name"
    ).fetchall()


def mixed_families(library: Library) -> dict[str, int]:
    """Return how many sample tasks lie in each family that has own ones too, and so counts as own."""
    with library.read() as db:
        return mixed_families_in(db)


def mixed_families_in(db: sqlite3.Connection) -> dict[str, int]:
    """Do what `mixed_families` does, on a connection."""
    return {row["name"]: row["samples"] for row in _counted(db) if 0 < row["samples"] < row["tasks"]}


def _split(db: sqlite3.Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the families with tasks of the user's own, and of those with samples alone."""
    rows = _counted(db)
    own = tuple(row["name"] for row in rows if row["tasks"] > row["samples"])
    return own, tuple(row["name"] for row in rows if row["tasks"] == row["samples"])


def _counted(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the families that have tasks, by name, with the numbers of all and of the samples."""
    return db.execute(
        "WITH of_samples AS MATERIALIZED (SELECT family_id, count(*) AS tasks FROM tasks"
        f" WHERE {OF_SAMPLES} GROUP BY family_id)"
        " SELECT f.name, sum(c.tasks) AS tasks, coalesce(s.tasks, 0) AS samples FROM task_counts AS c"
        " JOIN families AS f ON f.id = c.family_id LEFT JOIN of_samples AS s ON s.family_id = c.family_id"
        " GROUP BY c.family_id HAVING sum(c.tasks) > 0 ORDER BY f.name"
    ).fetchall()


@lru_cache(maxsize=1)
def sample_ids() -> tuple[str, ...]:
    """Return the ids of the bundled tasks."""
    return tuple(task.id for task in sample_tasks(resources() / "tasks"))


def bundled_families() -> frozenset[str]:
    """Return the families of the bundled tasks."""
    return frozenset(task.family for task in sample_tasks(resources() / "tasks"))


def sample_tasks(folder: Path) -> Iterator[Task]:
    """Yield the bundled tasks, file by file in the order of their names (John and Mark first)."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                fields = json.loads(line)
                yield Task(**{**fields, "tags": tuple(fields.get("tags", ()))})
