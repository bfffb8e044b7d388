"""Short ids that people can read and type: train-3, evaluate-12. A number is never given twice."""

import sqlite3


def next_id(db: sqlite3.Connection, kind: str) -> str:
    """Return the next id of this kind, inside a write."""
    row = db.execute(
        "INSERT INTO counters (kind, last) VALUES (?, 1)"
        " ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
        (kind,),
    ).fetchone()
    return f"{kind}-{row[0]}"
