"""Ids: the short ones that are counted up (train-3), and any id as people type its first characters."""

import sqlite3
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.database import Library


def next_id(db: sqlite3.Connection, kind: str) -> str:
    """Return the next id of this kind, e.g. evaluate-12. No number is used twice. Call inside a write."""
    row = db.execute(
        "INSERT INTO counters (kind, last) VALUES (?, 1)"
        " ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
        (kind,),
    ).fetchone()
    return f"{kind}-{row[0]}"


def full_id(library: Library, kind: Literal["task", "record", "snapshot"], start: str) -> str:
    """Return the only id that begins with `start`. Raises UserError if there is none, or several."""
    rows = library.rows(
        f"SELECT id FROM {kind}s WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (start, f"{start}\U0010ffff")
    )
    if not start or not rows:
        raise UserError(f"There is no {kind} {start!r}.", f"List the {kind}s to see their ids.")
    if len(rows) > 1 and rows[0]["id"] != start:
        raise UserError(f"Several {kind}s begin with {start!r}.", "Type more of the id.")
    found: str = rows[0]["id"]
    return found


def snapshot_id(library: Library, text: str) -> str:
    """Return the id of the snapshot named `text`, or whose id begins with it.

    Raises UserError if there is none, or several.
    """
    rows = library.rows("SELECT id FROM snapshots WHERE name = ? LIMIT 2", (text,))
    if len(rows) > 1:
        raise UserError(
            f"Several snapshots have the name {text!r}.", "Use an id: orca-desk records snapshots"
        )
    return str(rows[0]["id"]) if rows else full_id(library, "snapshot", text)
