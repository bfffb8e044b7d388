"""Families: a row each, to which tasks, records, pairings and evaluations refer by its id.

Renaming and merging are one transaction each, and so is undoing them.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library

# The name of the family that a row's `family_id` refers to
NAME = "(SELECT name FROM families WHERE families.id = family_id)"
ID_OF = "(SELECT id FROM families WHERE name = ?)"
# The ids of the families that exist: one that was merged into another does if it got tasks of its own again
PRESENT = """(SELECT id FROM families AS one WHERE merged_into IS NULL
    OR EXISTS (SELECT 1 FROM tasks WHERE tasks.family_id = one.id))"""
REFERRING = ("tasks", "records", "questions", "pairings", "undecided")


@dataclass(frozen=True, kw_only=True)
class RenamedFamily:
    """What a renaming or merge changed: `undo_rename` takes it back.

    `count` is the number of tasks in the family. `requests` are those of unfinished runs that name it or its
    new name: the former one, the run's id and the present one. A merge, into the family with the id `target`,
    moved the `tasks`, `records` and `questions` (row ids, and evaluations with their task), and gave the
    target the `pairing`, unless it had one. `note` is the target's before the note on the other was added to
    it; None if there was none. `merged_into` are the families that the two had been merged into before, or
    None.
    """

    family_id: int
    former: str
    name: str
    count: int
    requests: tuple[tuple[str, str, str], ...] = ()
    target: int | None = None
    tasks: tuple[int, ...] = ()
    records: tuple[int, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    pairing: int | None = None
    note: str | None = None
    merged_into: tuple[int | None, int | None] = (None, None)


def family_ids(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the id of each family by its name, making the families that are new. Call inside a write."""
    wanted = list(dict.fromkeys(names))
    db.execute(
        "INSERT OR IGNORE INTO families (name) SELECT value FROM json_each(?)"
        " WHERE value NOT IN (SELECT name FROM families)",
        (json_list(wanted),),
    )
    found = db.execute(
        "SELECT id, name FROM families WHERE name IN (SELECT value FROM json_each(?))",
        (json_list(wanted),),
    ).fetchall()
    return {row["name"]: row["id"] for row in found}


def rename_family(library: Library, family: str, name: str) -> RenamedFamily:
    """Rename a family, or merge it into the existing family `name`; return what undoes it.

    Tasks, records, evaluations and pairings follow. A merge keeps the strategy of the family `name`, if it
    has tasks and one; else that of `family` is taken along. It adds the note on `family` to the other's.
    Raises UserError if there is no such family.
    """

    def change(db: sqlite3.Connection) -> RenamedFamily:
        row = db.execute("SELECT id FROM families WHERE name = ?", (family,)).fetchone()
        if row is None:
            raise UserError(f"There is no family named {family}.", "See: orca-desk tasks families")
        other = db.execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()
        requests = _rename_in_requests(db, family, name)
        if other is not None and name != family:
            return replace(_merge(db, row["id"], other["id"], family, name), requests=requests)
        (count,) = db.execute("SELECT count(*) FROM tasks WHERE family_id = ?", (row["id"],)).fetchone()
        db.execute("UPDATE families SET name = ? WHERE id = ?", (name, row["id"]))
        return RenamedFamily(family_id=row["id"], former=family, name=name, count=count, requests=requests)

    return library.write(change)


def undo_rename(library: Library, renamed: RenamedFamily) -> None:
    """Take a renaming or merge back: names, tasks, records, evaluations and pairings are as before.

    Raises UserError if another family has the former name by now.
    """

    def take_back(db: sqlite3.Connection) -> None:
        family_id = renamed.family_id
        restore = "UPDATE runs SET request = ? WHERE id = ? AND request = ?"
        restored = {one[1] for one in renamed.requests if db.execute(restore, one).rowcount}
        if renamed.target is None:
            _rename_in_requests(db, renamed.name, renamed.former, but=restored)  # what was asked since
            if renamed.name != renamed.former:
                _free_name(db, renamed.former)
            db.execute("UPDATE families SET name = ? WHERE id = ?", (renamed.former, family_id))
            return
        former = zip(renamed.merged_into, (family_id, renamed.target), strict=True)
        db.executemany("UPDATE families SET merged_into = ? WHERE id = ?", former)
        _move(db, "tasks", renamed.tasks, family_id)
        _move(db, "records", renamed.records, family_id)
        db.executemany(
            "UPDATE questions SET family_id = ? WHERE evaluation = ? AND task_id = ?",
            [(family_id, *one) for one in renamed.questions],
        )
        if renamed.pairing is not None:
            db.execute("DELETE FROM pairings WHERE n = ?", (renamed.pairing,))
        if renamed.note is not None:
            _store_note(db, renamed.target, renamed.note)

    library.write(take_back)


def _merge(db: sqlite3.Connection, source: int, target: int, family: str, name: str) -> RenamedFamily:
    def numbers(table: str) -> tuple[int, ...]:
        rows = db.execute(f"SELECT n FROM {table} WHERE family_id = ? ORDER BY n", (source,))
        return tuple(row[0] for row in rows)

    tasks, records = numbers("tasks"), numbers("records")
    asked = db.execute("SELECT evaluation, task_id FROM questions WHERE family_id = ?", (source,)).fetchall()
    former = dict(map(tuple, db.execute("SELECT id, merged_into FROM families").fetchall()))
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
        note=_add_note(db, source, target),
        merged_into=(former[source], former[target]),
    )


def _free_name(db: sqlite3.Connection, name: str) -> None:
    """Delete the family `name` if nothing is left of it. Raises UserError if something is."""
    row = db.execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()
    if row is None:
        return
    refer = " UNION ALL ".join(f"SELECT 1 FROM {table} WHERE family_id = :id" for table in REFERRING)
    merged = "SELECT 1 FROM families WHERE merged_into = :id"
    if db.execute(f"{refer} UNION ALL {merged} LIMIT 1", {"id": row["id"]}).fetchone():
        raise UserError(f"There is another family named {name} now.", "Rename that one first.")
    _store_note(db, row["id"], "")
    db.execute("DELETE FROM families WHERE id = ?", (row["id"],))


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


def _add_note(db: sqlite3.Connection, source: int, target: int) -> str | None:
    """Add the note on `source` to that on `target`; return that as it was, or None if it stays so."""
    rows = db.execute(
        "SELECT item, note FROM notes WHERE kind = 'family' AND item IN (?, ?)", (str(source), str(target))
    )
    notes = dict(map(tuple, rows.fetchall()))
    if str(source) not in notes:
        return None
    before: str = notes.get(str(target), "")
    _store_note(db, target, f"{before}\n\n{notes[str(source)]}".strip())
    return before


def _store_note(db: sqlite3.Connection, family_id: int, note: str) -> None:
    db.execute("DELETE FROM notes WHERE kind = 'family' AND item = ?", (str(family_id),))
    if note:
        db.execute("INSERT INTO notes VALUES ('family', ?, ?, ?)", (str(family_id), note, now()))


def _move(db: sqlite3.Connection, table: str, rowids: tuple[int, ...], family_id: int) -> None:
    db.execute(
        f"UPDATE {table} SET family_id = ? WHERE n IN (SELECT value FROM json_each(?))",
        (family_id, json_list(rowids)),
    )


def _rename_in_requests(
    db: sqlite3.Connection, old: str, new: str, *, but: Collection[str] = ()
) -> tuple[tuple[str, str, str], ...]:
    """Let unfinished runs that were asked for a family resume after it was renamed.

    Returns the former request, the id and the present request of the runs that name the one or the other:
    those that named `new` before must not be taken for runs of the renamed family. `but` are the ids of runs
    to leave as they are.
    """
    rows = db.execute("SELECT id, request FROM runs WHERE status <> 'done' AND request IS NOT NULL")
    requests = {row["id"]: row["request"] for row in rows.fetchall() if row["id"] not in but}
    named = tuple(
        (text, run, json.dumps(_renamed_request(request, old, new), ensure_ascii=False))
        for run, text in requests.items()
        if {old, new} & _families_of(request := json.loads(text))
    )
    db.executemany("UPDATE runs SET request = ? WHERE id = ?", [(one[2], one[1]) for one in named])
    return named


def _families_of(request: dict[str, Any]) -> set[str]:
    return {request.get("family") or "", *(request.get("families") or ())}


def _renamed_request(request: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return a request with the family `new` in place of `old`."""
    renamed = dict(request)
    if request.get("family") == old:
        renamed["family"] = new
    if old in (names := request.get("families") or ()):
        renamed["families"] = list(dict.fromkeys(new if name == old else name for name in names))
    return renamed
