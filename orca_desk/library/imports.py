"""What imports note of themselves: which tasks came from where, and how far a run got."""

import json
import sqlite3
from array import array
from typing import Any

from orca_desk.library.database import Library


def note_rows(db: sqlite3.Connection, run: str, source: str, first: int, last: int) -> None:
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


def store_state(db: sqlite3.Connection, run: str, state: dict[str, Any]) -> None:
    """Store inside a write how far a run got."""
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
