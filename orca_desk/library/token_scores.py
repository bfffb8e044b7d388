"""Log-probabilities of answers' tokens, stored by the hash of what was scored and with what."""

import json
import sqlite3
from typing import Any

from orca_desk.library.clock import now
from orca_desk.library.database import Library


def stored_scores(library: Library, key: str) -> list[Any] | None:
    """Return the scores stored under `key`, as the worker wrote them; None if there are none."""
    row = library.row("SELECT tokens FROM token_scores WHERE key = ?", (key,))
    return None if row is None else json.loads(row["tokens"])


def store_scores(library: Library, key: str, tokens: list[Any]) -> None:
    """Store scores under `key`."""
    values = (key, json.dumps(tokens, ensure_ascii=False), now())

    def store(db: sqlite3.Connection) -> None:
        db.execute("INSERT OR REPLACE INTO token_scores VALUES (?, ?, ?)", values)

    library.write(store)
