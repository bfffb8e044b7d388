"""What a search for duplicates reads of the tasks: what they ask, and which of several to keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.overlaps import USER
from orca_desk.library.task_columns import task_from_row
from orca_desk.library.tasks import SELECT
from orca_desk.method.records import Task
from orca_desk.method.turns import text_to_compare, turns_from_json
from orca_desk.yielding import yielding

REVIEWED = (
    "EXISTS (SELECT 1 FROM records AS r JOIN decisions AS d ON d.record = r.n WHERE r.task_id = tasks.id)"
)


@dataclass(frozen=True, kw_only=True)
class StoredTask:
    """A task with its row id, and whether one of its records was kept or dropped in review."""

    rowid: int
    task: Task
    reviewed: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Its place among tasks that ask the same, the one to keep first.

        One with a reference answer before one without; then one that was reviewed, one that is held out, and
        the oldest.
        """
        return (self.task.answer is None, not self.reviewed, self.task.split != "heldout", self.rowid)


def asked_texts(library: Library, rowids: Sequence[int]) -> list[tuple[int, str]]:
    """Return the row id of each of these tasks that exists, and what it asks."""
    rows = library.rows(
        f"SELECT n, {USER} AS user, turns FROM tasks WHERE n IN (SELECT value FROM json_each(?)) ORDER BY n",
        (json_list(rowids),),
    )
    return [(row["n"], text_to_compare(turns_from_json(row["turns"]), row["user"])) for row in rows]


def stored_tasks(library: Library, rowids: Iterable[int]) -> dict[int, StoredTask]:
    """Return the tasks in these rows that exist, by row id."""
    rows = library.rows(
        f"{SELECT.replace('*', f'*, {REVIEWED} AS reviewed', 1)} WHERE n IN (SELECT value FROM json_each(?))",
        (json_list(rowids),),
    )
    return {
        row["n"]: StoredTask(rowid=row["n"], task=task_from_row(row), reviewed=bool(row["reviewed"]))
        for row in yielding(rows)
    }
