"""Checking a library for damage: SQLite's own checks, and the invariants of our tables."""

import sqlite3
from pathlib import Path

from orca_desk.library.connections import PRIMARY_CODE
from orca_desk.library.database import Library
from orca_desk.library.migrations import version_of
from orca_desk.library.snapshot_store import content_identity

INVARIANTS = {
    "snapshots with an incorrect number of records": """
        SELECT id FROM snapshots AS s
        WHERE records != (SELECT count(*) FROM snapshot_records WHERE snapshot = s.id)""",
    "trainings without a run": """
        SELECT id FROM trainings WHERE id NOT IN (SELECT id FROM runs WHERE kind = 'train')""",
    "tasks whose tags are not indexed": """
        SELECT t.id FROM tasks AS t, json_each(t.tags) AS tag
        WHERE NOT EXISTS (SELECT 1 FROM task_tags WHERE task = t.n AND tag = tag.value)""",
    "run numbers used twice": """
        SELECT kind FROM counters AS c
        WHERE last < (SELECT count(*) FROM runs WHERE kind = c.kind)""",
}

# Of a version's own tables; backups of older versions are checked too
SINCE_VERSION_4 = {
    "tasks without a family": "SELECT id FROM tasks WHERE family_id IS NULL",
    "records without a family": "SELECT id FROM records WHERE family_id IS NULL",
    "records of held-out tasks that could be trained on": """
        SELECT r.id FROM records AS r JOIN tasks AS t ON t.id = r.task_id
        WHERE t.split = 'heldout' AND NOT r.held_out""",
}


def _differing(one: str, other: str) -> str:
    """Return the SELECT of the rows that only one of two SELECTs has."""
    return f"SELECT * FROM ({one} EXCEPT {other}) UNION SELECT * FROM ({other} EXCEPT {one})"


# A snapshot that lost records which had to go says how many
SINCE_VERSION_16 = {
    "snapshots with an incorrect number of records": """
        SELECT id FROM snapshots AS s
        WHERE records != (SELECT count(*) FROM snapshot_records WHERE snapshot = s.id)
          + coalesce((SELECT records FROM snapshot_losses WHERE snapshot = s.id), 0)""",
}
SINCE_VERSION_18 = {
    "families whose tasks are counted incorrectly": _differing(
        "SELECT family_id, split, answered, tasks FROM task_counts WHERE tasks <> 0",
        "SELECT family_id, split, answer IS NOT NULL, count(*) FROM tasks GROUP BY 1, 2, 3",
    ),
    "tags whose tasks are counted incorrectly": _differing(
        "SELECT tag, tasks FROM tag_counts WHERE tasks <> 0",
        "SELECT tag, count(*) FROM task_tags GROUP BY tag",
    ),
}
SINCE = {4: SINCE_VERSION_4, 16: SINCE_VERSION_16, 18: SINCE_VERSION_18}


def check(library: Library, *, thorough: bool = False) -> list[str]:
    """Return the problems of the library, one sentence each.

    `thorough` also compares every index with its table and every snapshot with its hash, which reads the
    whole file. Raises UserError if the file cannot be read at all.
    """
    with library.read() as db:
        return check_database(db, thorough=thorough)


def check_database(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    """Do what `check` does on a connection to a database of this version or an older one."""
    try:
        return damage(db, thorough=thorough) or _contradictions(db, thorough=thorough)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_CORRUPT:
            raise
        return [f"The file is damaged: {error}"]


def damage(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    """Return what SQLite reports. The content of a damaged file need not be checked."""
    pragma = "integrity_check" if thorough else "quick_check"
    return [f"The file is damaged: {row[0]}" for row in db.execute(f"PRAGMA {pragma}") if row[0] != "ok"]


def _contradictions(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    problems = [
        f"Row {row} of {table} refers to a missing row of {parent}."
        for table, row, parent, _ in db.execute("PRAGMA foreign_key_check")
    ]
    version, invariants = version_of(db), dict(INVARIANTS)
    for since, more in SINCE.items():
        if version >= since:
            invariants |= more
    for what, sql in invariants.items():
        found = [str(row[0]) for row in db.execute(sql)]
        if found:
            problems.append(f"There are {what}: {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}")
    return problems + _changed_snapshots(db) if thorough else problems


def _changed_snapshots(db: sqlite3.Connection) -> list[str]:
    whole = "WHERE id NOT IN (SELECT snapshot FROM snapshot_losses)" if version_of(db) >= 16 else ""
    ids = [row[0] for row in db.execute(f"SELECT id FROM snapshots {whole} ORDER BY id").fetchall()]
    return [
        f"The snapshot {snapshot} does not contain its original records."
        for snapshot in ids
        if content_identity(db, snapshot) != snapshot
    ]


def missing_files(library: Library) -> list[Path]:
    """Return the adapters of trainings whose files are missing."""
    rows = library.rows("SELECT adapter AS file FROM trainings UNION SELECT adapter_gguf FROM trainings")
    files = [library.folder / row["file"] for row in rows if row["file"] is not None]
    return sorted(file for file in files if not file.exists())
