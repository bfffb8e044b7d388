"""Checking a library for damage: SQLite's own checks, and the invariants of our tables."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from orca_desk.files import file_sha256
from orca_desk.library.connections import PRIMARY_CODE
from orca_desk.library.database import Library
from orca_desk.library.migrations import version_of
from orca_desk.library.snapshot_store import content_identity

OnCheck = Callable[[str], None]
WEIGHTS = "adapter_model.safetensors"
PAGES = "the pages and indexes of the file"
REFERENCES = "references between tables"
SNAPSHOTS = "the content of every snapshot, by its hash"
FILES = "the trained adapters"
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


def check(library: Library, *, thorough: bool = False, on_check: OnCheck = lambda what: None) -> list[str]:
    """Return the problems of the library's database, one sentence each.

    `thorough` also compares every index with its table and every snapshot with its hash, which reads the
    whole file. `on_check` gets the name of each check before it begins; an exception from it stops. Raises
    UserError if the file cannot be read at all.
    """
    with library.read() as db:
        return check_database(db, thorough=thorough, on_check=on_check)


def check_database(
    db: sqlite3.Connection, *, thorough: bool, on_check: OnCheck = lambda what: None
) -> list[str]:
    """Do what `check` does on a connection to a database of this version or an older one."""
    try:
        on_check(PAGES)
        return damage(db, thorough=thorough) or _contradictions(db, thorough=thorough, on_check=on_check)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_CORRUPT:
            raise
        return [f"The file is damaged: {error}"]


def check_whole(
    library: Library, *, thorough: bool = True, on_check: OnCheck = lambda what: None
) -> list[str]:
    """Return the problems of the database and of the trained files, as `check` does."""
    problems = check(library, thorough=thorough, on_check=on_check)
    on_check(FILES)
    return problems + file_problems(library, thorough=thorough)


def checks_of(version: int, *, thorough: bool) -> list[str]:
    """Return the names of all that `check_whole` checks in a library of this version, in that order."""
    return [PAGES, REFERENCES, *_invariants(version), *([SNAPSHOTS] if thorough else []), FILES]


def damage(db: sqlite3.Connection, *, thorough: bool) -> list[str]:
    """Return what SQLite reports. The content of a damaged file need not be checked."""
    pragma = "integrity_check" if thorough else "quick_check"
    return [f"The file is damaged: {row[0]}" for row in db.execute(f"PRAGMA {pragma}") if row[0] != "ok"]


def _invariants(version: int) -> dict[str, str]:
    invariants = dict(INVARIANTS)
    for since, more in SINCE.items():
        if version >= since:
            invariants |= more
    return invariants


def _contradictions(db: sqlite3.Connection, *, thorough: bool, on_check: OnCheck) -> list[str]:
    on_check(REFERENCES)
    problems = [
        f"Row {row} of {table} refers to a missing row of {parent}."
        for table, row, parent, _ in db.execute("PRAGMA foreign_key_check")
    ]
    for what, sql in _invariants(version_of(db)).items():
        on_check(what)
        found = [str(row[0]) for row in db.execute(sql)]
        if found:
            problems.append(f"There are {what}: {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}")
    if thorough:
        on_check(SNAPSHOTS)
        problems += _changed_snapshots(db)
    return problems


def _changed_snapshots(db: sqlite3.Connection) -> list[str]:
    whole = "WHERE id NOT IN (SELECT snapshot FROM snapshot_losses)" if version_of(db) >= 16 else ""
    ids = [row[0] for row in db.execute(f"SELECT id FROM snapshots {whole} ORDER BY id").fetchall()]
    return [
        f"The snapshot {snapshot} does not contain its original records."
        for snapshot in ids
        if content_identity(db, snapshot) != snapshot
    ]


def file_problems(library: Library, *, thorough: bool) -> list[str]:
    """Return which adapters are missing; `thorough` also reads them, and says which have changed."""
    problems = [f"The adapter {path} is missing." for path in missing_files(library)]
    if thorough:
        rows = library.rows("SELECT id, adapter, adapter_sha256 FROM trainings WHERE adapter IS NOT NULL")
        for row in rows:
            weights = library.folder / row["adapter"] / WEIGHTS
            if weights.is_file() and row["adapter_sha256"] not in (None, file_sha256(weights)):
                problems.append(f"The weights of {row['id']} are not those that were trained: {weights}")
    return problems


def missing_files(library: Library) -> list[Path]:
    """Return the adapters of trainings whose files are missing."""
    rows = library.rows("SELECT adapter AS file FROM trainings UNION SELECT adapter_gguf FROM trainings")
    files = [library.folder / row["file"] for row in rows if row["file"] is not None]
    return sorted(file for file in files if not file.exists())
