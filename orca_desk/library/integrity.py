"""Is the library whole? SQLite's own checks, and what must hold between our tables beyond them."""

import sqlite3
from pathlib import Path

from orca_desk.library.connections import PRIMARY_CODE
from orca_desk.library.database import Library
from orca_desk.library.snapshots import content_identity

INVARIANTS = {
    "snapshots whose count of records is wrong": """
        SELECT id FROM snapshots AS s
        WHERE records != (SELECT count(*) FROM snapshot_records WHERE snapshot = s.id)""",
    "trainings that are no run of that kind": """
        SELECT id FROM trainings WHERE id NOT IN (SELECT id FROM runs WHERE kind = 'train')""",
    "tasks whose tags are not indexed": """
        SELECT t.id FROM tasks AS t, json_each(t.tags) AS tag
        WHERE NOT EXISTS (SELECT 1 FROM task_tags WHERE task = t.n AND tag = tag.value)""",
    "numbers that were given twice": """
        SELECT kind FROM counters AS c
        WHERE last < (SELECT count(*) FROM runs WHERE kind = c.kind)""",
}


def check(library: Library, *, thorough: bool = False) -> list[str]:
    """Return what is wrong with the library, one sentence each; nothing when it is whole.

    `thorough` also compares every index with its table and every snapshot with its hash, which reads the
    whole file. Raises UserError when the file cannot be read at all.
    """
    with library.read() as db:
        return check_database(db, thorough=thorough)


def check_database(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    """Do what `check` does, on a connection."""
    try:
        return _damage(db, thorough=thorough) or _contradictions(db, thorough=thorough)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_CORRUPT:
            raise
        return [f"The file is damaged: {error}"]


def _damage(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    """What SQLite says; a file that is damaged has nothing to say about its content."""
    pragma = "integrity_check" if thorough else "quick_check"
    return [f"The file is damaged: {row[0]}" for row in db.execute(f"PRAGMA {pragma}") if row[0] != "ok"]


def _contradictions(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    problems = [
        f"Row {row} of {table} refers to a row of {parent} that is not there."
        for table, row, parent, _ in db.execute("PRAGMA foreign_key_check")
    ]
    for what, sql in INVARIANTS.items():
        found = [str(row[0]) for row in db.execute(sql)]
        if found:
            problems.append(f"There are {what}: {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}")
    return problems + _changed_snapshots(db) if thorough else problems


def _changed_snapshots(db: sqlite3.Connection) -> list[str]:
    ids = [row[0] for row in db.execute("SELECT id FROM snapshots ORDER BY id").fetchall()]
    return [
        f"The snapshot {snapshot} does not hold the records it was made of."
        for snapshot in ids
        if content_identity(db, snapshot) != snapshot
    ]


def missing_files(library: Library) -> list[Path]:
    """Return the adapters that trainings name and that are not there any more."""
    rows = library.rows("SELECT adapter AS place FROM trainings UNION SELECT adapter_gguf FROM trainings")
    places = [library.folder / row["place"] for row in rows if row["place"] is not None]
    return sorted(place for place in places if not place.exists())
