"""Ids as people type them: the first characters are enough while they fit one row only."""

from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.database import Library


def full_id(library: Library, kind: Literal["task", "record", "snapshot"], start: str) -> str:
    """Return the one id that begins with `start`. Raises UserError where none does, or several do."""
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
    """Return the snapshot with the name `text`, or whose id begins so. Raises UserError as `full_id` does."""
    rows = library.rows("SELECT id FROM snapshots WHERE name = ? LIMIT 2", (text,))
    if len(rows) > 1:
        raise UserError(
            f"Several snapshots have the name {text!r}.", "Use an id: orca-desk records snapshots"
        )
    return str(rows[0]["id"]) if rows else full_id(library, "snapshot", text)
