"""Inserting rows by the names of their columns, through sqlite-utils; only inside a write.

Some writes are plain SQL on purpose: the first content of a library, settings and single decisions, so that
no first start or first click waits for the import of sqlite-utils; rows that RETURNING gives back or whose
values a SELECT computes; and inserts that leave existing rows alone, since the INSERT OR IGNORE of
sqlite-utils would also silently drop rows that break a NOT NULL or CHECK.
"""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils.db import Table


def table(db: sqlite3.Connection, name: str) -> "Table":
    """Return the table `name`, for its `insert`, `insert_all(rows)` and `insert_all(rows, replace=True)`.

    A row is a dict from column to value. Within the write's transaction these use savepoints, so that a
    failed write is undone completely. Do not use its `executescript` and `enable_fts`: they commit.
    """
    from sqlite_utils import Database  # 60 ms: the desktop imports it in the background after its start

    return Database(db, execute_plugins=False, recursive_triggers=False).table(name)
