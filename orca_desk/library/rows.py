"""Rows into tables by the names of their columns, through sqlite-utils; only inside a write.

Left to plain SQL on purpose: what a new library is filled with, the settings and single decisions, because
importing sqlite-utils takes longer than opening a library and nobody should wait for that at a first start or
a first click; rows that RETURNING gives back or whose values a SELECT computes; and "keep what is there", for
which sqlite-utils has INSERT OR IGNORE alone, which also drops rows that break a NOT NULL or CHECK without a
word.
"""

import importlib
import sqlite3
import sys
import threading
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils.db import Table


_importing = threading.Lock()


class _Hide(MetaPathFinder):
    """Keeps one thread, the one that makes it, from importing some packages; all others import them."""

    def __init__(self, *names: str) -> None:
        self._names, self._thread = names, threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> None:
        """Refuse a package that is hidden from this thread; leave all else to the finders behind."""
        if name in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is hidden", name=name)


def sqlite_utils() -> ModuleType:
    """Import sqlite-utils without numpy and pandas, which it only looks at for the types of their values.

    That takes 45 ms in place of 400, during which no other thread would come to run for long.
    """
    with _importing:
        if "sqlite_utils" in sys.modules:
            return sys.modules["sqlite_utils"]
        hide = _Hide("numpy", "pandas")
        sys.meta_path.insert(0, hide)
        try:
            return importlib.import_module("sqlite_utils")
        finally:
            sys.meta_path.remove(hide)


def table(db: sqlite3.Connection, name: str) -> "Table":
    """Return the table `name`, for its `insert`, `insert_all(rows)` and `insert_all(rows, replace=True)`.

    A row is a dict from column to value. Within the write's transaction these use savepoints, so that a
    write that fails is undone whole, as ever. Do not use its `executescript` and `enable_fts`: they commit.
    """
    return sqlite_utils().Database(db, execute_plugins=False, recursive_triggers=False).table(name)
