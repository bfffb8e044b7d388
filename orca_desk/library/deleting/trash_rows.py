"""The rows of what was deleted: taken out of their tables, and inserted again as they were."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.conditions import json_list
from orca_desk.library.earlier_turns import after_turns

OF_RECORD = ("verdicts", "decisions", "revisions")  # tables with a row number of `records`
# Beside a row's columns: the name of its family, should the family's own row be gone by then
FAMILY_KEY = "family of family_id"


@dataclass(frozen=True)
class Rows:
    """Rows of a table that go: those for which `where` holds, with its parameters."""

    table: str
    where: str
    parameters: Mapping[str, Any]


STEP = 1_000_000  # positions in the trash that belong to one step of a deletion


def take_step(db: sqlite3.Connection, *, n: int, step: int, rows: Sequence[Rows]) -> None:
    """Move the rows of one step into the trash, inside a write. Raises UserError for a frozen record."""
    for each in rows:
        if each.table == "records":  # while their edits are still there
            _require_loose(db, each)
            unindex(db, each)
    with tidying(db):
        position = step * STEP
        for each in rows:
            position = take_rows(db, n, position, each)


def _require_loose(db: sqlite3.Connection, rows: Rows) -> None:
    frozen = db.execute(
        "SELECT s.name FROM records JOIN snapshots AS s WHERE EXISTS (SELECT 1 FROM snapshot_records AS c"
        f" WHERE c.snapshot = s.id AND c.teacher_record_id = records.id) AND records.{rows.where} LIMIT 1",
        rows.parameters,
    ).fetchone()
    if frozen:
        raise UserError(
            f"The snapshot {frozen['name']} has taken some of these records in the meantime.",
            "Nothing was deleted. Check again what can be deleted.",
        )


def last_step(db: sqlite3.Connection, n: int) -> int:
    """Return the last step of an entry whose rows are in the trash; -1 if there are none."""
    row = db.execute("SELECT max(position) FROM trash_rows WHERE trash = ?", (n,)).fetchone()
    return -1 if row[0] is None else int(row[0]) // STEP


@contextlib.contextmanager
def tidying(db: sqlite3.Connection) -> Iterator[None]:
    """Let records be deleted within the block, which is inside of a write."""
    db.execute("INSERT INTO tidying (n) VALUES (1)")
    yield
    db.execute("DELETE FROM tidying")


def take_rows(db: sqlite3.Connection, n: int, position: int, rows: Rows) -> int:
    """Move rows of one table into the trash, the last first; return the next free position."""
    found = db.execute(f"SELECT * FROM {rows.table} WHERE {rows.where}", rows.parameters).fetchall()
    if not found:
        return position
    has_family = "family_id" in found[0].keys()  # noqa: SIM118 - a Row's own `in` looks at its values
    names = dict(map(tuple, db.execute("SELECT id, name FROM families").fetchall())) if has_family else {}

    def content(row: sqlite3.Row) -> str:
        values = dict(row)
        if has_family:
            values[FAMILY_KEY] = names.get(values["family_id"])
        return json.dumps(values, ensure_ascii=False)

    db.executemany(
        "INSERT INTO trash_rows (trash, position, source, content) VALUES (?, ?, ?, ?)",
        ((n, position + place, rows.table, content(row)) for place, row in enumerate(reversed(found))),
    )
    db.execute(f"DELETE FROM {rows.table} WHERE {rows.where}", rows.parameters)
    return position + len(found)


def unindex(db: sqlite3.Connection, rows: Rows) -> None:
    """Take records out of the index of texts, by their newest edit."""
    db.execute(
        "INSERT INTO records_text (records_text, rowid, user, response)"
        f" SELECT 'delete', n, {after_turns('user')},"
        " coalesce((SELECT response FROM revisions WHERE record = records.n"
        f"  ORDER BY revision DESC LIMIT 1), response) FROM records WHERE ({rows.where})"
        " AND n >= (SELECT below FROM text_indexes WHERE name = 'records')",
        rows.parameters,
    )


def insert_step(db: sqlite3.Connection, n: int) -> int:
    """Insert the rows of an entry's last step where they were, and take them out of the trash.

    Return how many are there again already.
    """
    first = last_step(db, n) * STEP
    rows = db.execute(
        "SELECT source, content FROM trash_rows WHERE trash = ? AND position >= ? ORDER BY position DESC",
        (n, first),
    ).fetchall()
    db.execute("DELETE FROM trash_rows WHERE trash = ? AND position >= ?", (n, first))
    there = 0
    absent: set[int] = set()  # rows of `records` that did not come back: their verdicts do not either
    returned: list[int] = []
    for row in rows:
        source, values = row["source"], json.loads(row["content"])
        if source in OF_RECORD and values["record"] in absent:
            continue
        _adapt_family(db, values)
        marks = ", ".join(f":{name}" for name in values)
        inserted = db.execute(
            f"INSERT INTO {source} ({', '.join(values)}) VALUES ({marks}) ON CONFLICT DO NOTHING", values
        ).rowcount
        if source == "records":
            if inserted:
                returned.append(values["n"])
            else:
                absent.add(values["n"])
        there += not inserted
    _update_records(db, returned)
    return there


def _adapt_family(db: sqlite3.Connection, values: dict[str, Any]) -> None:
    """Let a row refer to its family even if the family's own row was made again in the meantime."""
    name = values.pop(FAMILY_KEY, None)
    if name is None:
        return
    if not db.execute("SELECT 1 FROM families WHERE id = ?", (values["family_id"],)).fetchone():
        db.execute("INSERT OR IGNORE INTO families (name) VALUES (?)", (name,))
        (values["family_id"],) = db.execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()


def _update_records(db: sqlite3.Connection, returned: Sequence[int]) -> None:
    """Let records follow what became of their tasks, and keep those that are not indexed yet unindexed."""
    chosen = "n IN (SELECT value FROM json_each(?))"
    if not returned:
        return
    rows = (json_list(returned),)
    db.execute(
        "UPDATE records SET"
        " family_id = coalesce((SELECT family_id FROM tasks WHERE id = task_id), family_id),"
        " held_out = held_out OR EXISTS (SELECT 1 FROM tasks WHERE id = task_id AND split = 'heldout')"
        "  OR EXISTS (SELECT 1 FROM task_questions AS q JOIN tasks AS t ON t.n = q.task"
        "   WHERE q.question = records.question AND t.question = q.question AND t.split = 'heldout')"
        f" WHERE {chosen}",
        rows,
    )
    db.execute(
        "INSERT INTO records_text (records_text, rowid, user, response)"
        f" SELECT 'delete', n, {after_turns('user')}, response FROM records WHERE {chosen}"
        " AND n < (SELECT below FROM text_indexes WHERE name = 'records')",
        rows,
    )
