"""Families: a row each, to which tasks, records, pairings and evaluations refer by its id.

Renaming and merging are one transaction each, and so is undoing them.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from orca_desk.errors import UserError
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library

# The name of the family that a row's `family_id` refers to
NAME = "(SELECT name FROM families WHERE families.id = family_id)"
ID_OF = "(SELECT id FROM families WHERE name = ?)"


@dataclass(frozen=True, kw_only=True)
class RenamedFamily:
    """What a renaming or merge changed: `undo_rename` takes it back.

    `count` is the number of tasks in the family. A merge, into the family with the id `target`, moved the
    `tasks`, `records` and `questions` (row ids, and evaluations with their task), and gave the target the
    `pairing`, unless it had one.
    """

    family_id: int
    former: str
    name: str
    count: int
    target: int | None = None
    tasks: tuple[int, ...] = ()
    records: tuple[int, ...] = ()
    questions: tuple[tuple[str, str], ...] = field(default=())
    pairing: int | None = None


def family_ids(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the id of each family by its name, making the families that are new. Call inside a write.

    A family that was merged into another one, and gets tasks under its own name, is one of its own again.
    """
    wanted = list(dict.fromkeys(names))
    db.execute(
        "INSERT OR IGNORE INTO families (name) SELECT value FROM json_each(?)"
        " WHERE value NOT IN (SELECT name FROM families)",
        (json_list(wanted),),
    )
    found = db.execute(
        "SELECT id, name, merged_into FROM families WHERE name IN (SELECT value FROM json_each(?))",
        (json_list(wanted),),
    ).fetchall()
    for row in found:
        if row["merged_into"] is not None:
            db.execute("UPDATE families SET merged_into = NULL WHERE id = ?", (row["id"],))
    return {row["name"]: row["id"] for row in found}


def rename_family(library: Library, family: str, name: str) -> RenamedFamily:
    """Rename a family, or merge it into the existing family `name`; return what undoes it.

    Tasks, records, evaluations and pairings follow. A merge keeps the strategy of the family `name`, if it
    has tasks and one; else that of `family` is taken along. Raises UserError if there is no such family.
    """

    def change(db: sqlite3.Connection) -> RenamedFamily:
        row = db.execute("SELECT id FROM families WHERE name = ?", (family,)).fetchone()
        if row is None:
            raise UserError(f"There is no family named {family}.", "See: orca-desk tasks families")
        other = db.execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()
        _rename_in_requests(db, family, name)
        if other is None:
            (count,) = db.execute("SELECT count(*) FROM tasks WHERE family_id = ?", (row["id"],)).fetchone()
            db.execute("UPDATE families SET name = ? WHERE id = ?", (name, row["id"]))
            return RenamedFamily(family_id=row["id"], former=family, name=name, count=count)
        return _merge(db, row["id"], other["id"], family, name)

    return library.write(change)


def undo_rename(library: Library, renamed: RenamedFamily) -> None:
    """Take a renaming or merge back: names, tasks, records, evaluations and pairings are as before."""

    def restore(db: sqlite3.Connection) -> None:
        family_id = renamed.family_id
        _rename_in_requests(db, renamed.name, renamed.former)
        if renamed.target is None:
            db.execute("UPDATE families SET name = ? WHERE id = ?", (renamed.former, family_id))
            return
        db.execute("UPDATE families SET merged_into = NULL WHERE id = ?", (family_id,))
        _move(db, "tasks", renamed.tasks, family_id)
        _move(db, "records", renamed.records, family_id)
        db.executemany(
            "UPDATE questions SET family_id = ? WHERE evaluation = ? AND task_id = ?",
            [(family_id, *one) for one in renamed.questions],
        )
        if renamed.pairing is not None:
            db.execute("DELETE FROM pairings WHERE n = ?", (renamed.pairing,))

    library.write(restore)


def _merge(db: sqlite3.Connection, source: int, target: int, family: str, name: str) -> RenamedFamily:
    def numbers(table: str) -> tuple[int, ...]:
        rows = db.execute(f"SELECT n FROM {table} WHERE family_id = ? ORDER BY n", (source,))
        return tuple(row[0] for row in rows)

    tasks, records = numbers("tasks"), numbers("records")
    asked = db.execute("SELECT evaluation, task_id FROM questions WHERE family_id = ?", (source,)).fetchall()
    pairing = _take_pairing_along(db, source, target)
    for table in ("tasks", "records", "questions"):
        db.execute(f"UPDATE {table} SET family_id = ? WHERE family_id = ?", (target, source))
    db.execute("UPDATE families SET merged_into = ? WHERE id = ?", (target, source))
    db.execute("UPDATE families SET merged_into = NULL WHERE id = ?", (target,))
    return RenamedFamily(
        family_id=source,
        former=family,
        name=name,
        count=len(tasks),
        target=target,
        tasks=tasks,
        records=records,
        questions=tuple((row[0], row[1]) for row in asked),
        pairing=pairing,
    )


def _take_pairing_along(db: sqlite3.Connection, source: int, target: int) -> int | None:
    """Give `target` the newest pairing of `source`, unless its tasks have one; return the new row."""
    kept = db.execute(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM tasks WHERE family_id = ?1)"
        " AND EXISTS (SELECT 1 FROM pairings WHERE family_id = ?1)",
        (target,),
    ).fetchone()
    if kept:
        return None
    row = db.execute(
        "INSERT INTO pairings (family_id, strategy, source, reason, created_at)"
        " SELECT ?, strategy, source, reason, created_at FROM pairings WHERE family_id = ?"
        " ORDER BY n DESC LIMIT 1 RETURNING n",
        (target, source),
    ).fetchone()
    if row is None:
        return None
    db.execute(
        "INSERT INTO evidence (pairing, strategy, tasks, correct, mean_tokens, outcomes)"
        " SELECT ?, strategy, tasks, correct, mean_tokens, outcomes FROM evidence"
        " WHERE pairing = (SELECT max(n) FROM pairings WHERE family_id = ?)",
        (row[0], source),
    )
    return int(row[0])


def _move(db: sqlite3.Connection, table: str, rowids: tuple[int, ...], family_id: int) -> None:
    db.execute(
        f"UPDATE {table} SET family_id = ? WHERE n IN (SELECT value FROM json_each(?))",
        (family_id, json_list(rowids)),
    )


def _rename_in_requests(db: sqlite3.Connection, old: str, new: str) -> None:
    """Let unfinished runs that were asked for one family go on after it was renamed."""
    db.execute(
        "UPDATE runs SET request = json_set(request, '$.family', ?)"
        " WHERE status <> 'done' AND json_extract(request, '$.family') = ?",
        (new, old),
    )
    db.execute(
        "UPDATE runs SET request = json_set(request, '$.families',"
        "  (SELECT json_group_array(DISTINCT iif(value = ?2, ?1, value))"
        "   FROM json_each(request, '$.families')))"
        " WHERE status <> 'done' AND json_type(request, '$.families') = 'array'"
        "  AND EXISTS (SELECT 1 FROM json_each(request, '$.families') WHERE value = ?2)",
        (new, old),
    )
