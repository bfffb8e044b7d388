"""Rows into tables by the names of their columns, through sqlite-utils; only inside a write.

Left to plain SQL on purpose: what a new library is filled with, the settings and single decisions, because
importing sqlite-utils takes longer than opening a library (it imports numpy, and pandas where there is one)
and nobody should wait for that at a first start or a first click; rows that RETURNING gives back or whose
values a SELECT computes; and "keep what is there", for which sqlite-utils has INSERT OR IGNORE alone, which
also drops rows that break a NOT NULL or CHECK without a word.
"""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils.db import Table


def table(db: sqlite3.Connection, name: str) -> "Table":
    """Return the table `name`, for its `insert`, `insert_all(rows)` and `insert_all(rows, replace=True)`.

    A row is a dict from column to value. Within the write's transaction these use savepoints, so that a
    write that fails is undone whole, as ever. Do not use its `executescript` and `enable_fts`: they commit.
    """
    from sqlite_utils import Database

    return Database(db, execute_plugins=False, recursive_triggers=False).table(name)
