"""Tasks together with the records that answer them, stored in one transaction: neither without the other."""

import sqlite3
from collections.abc import Sequence

from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, insert_records
from orca_desk.library.tasks import insert_tasks
from orca_desk.method.records import Task


def add_answered(
    library: Library, tasks: Sequence[Task], records: Sequence[NewRecord], *, run: str | None
) -> tuple[set[str], set[str]]:
    """Store tasks and records; return the ids of those that were not there yet, tasks first."""

    def store(db: sqlite3.Connection) -> tuple[set[str], set[str]]:
        made = insert_tasks(db, tasks)
        added = insert_records(db, records, run=run)
        return set(made.added), set(added.added)

    return library.write(store)
