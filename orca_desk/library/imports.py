"""What imports note of themselves: which tasks came from where, and how far a run got."""

import json
import sqlite3
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orca_desk.library.bulk import BulkAdded, add_incoming
from orca_desk.library.connections import stoppable
from orca_desk.library.database import Library
from orca_desk.library.incoming import FILE, incoming_at
from orca_desk.library.task_columns import task_from_values
from orca_desk.library.tasks import same_tasks_in
from orca_desk.method.records import Task

CHUNK = 1_000  # tasks between two checks for a stop
Count = Callable[[BulkAdded, list[Task], dict[str, Task]], dict[str, Any] | None]


def add_batch(
    library: Library,
    path: Path,
    *,
    run: str,
    source: str,
    count: Count,
    check: Callable[[], None] = lambda: None,
) -> BulkAdded:
    """Add a batch of tasks, in a file of `write_incoming`, in one transaction; note that `run` did so.

    `count` is told what was added, and the tasks that existed with what is stored of them; it returns the
    state of the run to store with the batch, or None. Without a run nothing is noted. `check` is called every
    few ms before that; what it raises undoes the batch.
    """

    def store(db: sqlite3.Connection) -> BulkAdded:
        with stoppable(db, check):
            done = add_incoming(db, FILE)
        old: list[Task] = []
        stored: dict[str, Task] = {}
        for start in range(0, len(done.others), CHUNK):
            check()
            part = incoming_at(db, FILE, done.others[start : start + CHUNK])
            old += map(task_from_values, part)
            stored |= same_tasks_in(db, old[start:])
        state = count(done, old, stored)
        if run and done.added:
            _note_rows(db, run, source, done.first, done.last)
        if run and state is not None:
            _store_state(db, run, state)
        return done

    return library.write_with(path, FILE, store)


def _note_rows(db: sqlite3.Connection, run: str, source: str, first: int, last: int) -> None:
    """Note inside a write that a run added the tasks in the rows from `first` to `last`, from `source`."""
    grown = db.execute(
        "UPDATE imported_rows SET last = ? WHERE n = (SELECT max(n) FROM imported_rows WHERE run = ?)"
        " AND source = ? AND last = ?",
        (last, run, source, first - 1),
    ).rowcount
    if not grown:
        db.execute(
            "INSERT INTO imported_rows (run, source, first, last) VALUES (?, ?, ?, ?)",
            (run, source, first, last),
        )


def rows_of_run(library: Library, run: str) -> "array[int]":
    """Return the row ids of the tasks that a run added, deleted ones among them."""
    found = array("q")
    for row in library.rows("SELECT first, last FROM imported_rows WHERE run = ? ORDER BY first", (run,)):
        found.extend(range(row["first"], row["last"] + 1))
    return found


def store_state(library: Library, run: str, state: dict[str, Any]) -> None:
    """Store how far a run got."""
    library.write(lambda db: _store_state(db, run, state))


def _store_state(db: sqlite3.Connection, run: str, state: dict[str, Any]) -> None:
    db.execute(
        "INSERT INTO import_states VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET state = excluded.state",
        (run, json.dumps(state, ensure_ascii=False)),
    )


def read_state(library: Library, run: str) -> dict[str, Any] | None:
    """Return what `store_state` stored last; None if a run got nowhere yet, or to its end."""
    row = library.row("SELECT state FROM import_states WHERE run = ?", (run,))
    return None if row is None else json.loads(row["state"])


def forget_state(library: Library, run: str) -> None:
    """Remove the state of a run that came to its end."""
    library.write(lambda db: db.execute("DELETE FROM import_states WHERE run = ?", (run,)).rowcount)
