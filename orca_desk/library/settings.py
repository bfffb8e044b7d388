"""The user's settings, as key -> JSON value."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from orca_desk.library.connections import connect
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.paths import expanded

PLACE = "library.place"  # the setting that holds the folder in which the library was open last
FORMER = "library.former-place"  # and where it was before it was moved or copied there


def get_setting(library: Library, key: str, default: Any = None) -> Any:
    """Return the value stored under `key`, or `default`."""
    row = library.row("SELECT value FROM settings WHERE key = ?", (key,))
    return json.loads(row["value"]) if row else default


def peek_setting(folder: Path, key: str, default: Any = None) -> Any:
    """Return what the library in `folder` has stored under `key`, without opening the library.

    Another process may have it open. `default` also where there is no library that can be read.
    """
    path = expanded(folder) / DATABASE_NAME
    if not path.is_file():
        return default
    try:
        with closing(connect(path, "ro")) as db:
            row = db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return json.loads(row["value"]) if row else default
    except (sqlite3.Error, ValueError):
        return default


def set_setting(library: Library, key: str, value: Any) -> Any:
    """Store `value`, which JSON must be able to hold, under `key`; return the earlier value, or None."""
    return change_setting(library, key, lambda _: value)


def change_setting(library: Library, key: str, change: Callable[[Any], Any]) -> Any:
    """Store what `change` makes of the value under `key` (None if there is none); return the earlier value.

    One transaction: of two changes at the same time, each sees what the other one stored.
    """

    def store(db: sqlite3.Connection) -> Any:
        row = db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        before = json.loads(row["value"]) if row else None
        text = json.dumps(change(before), ensure_ascii=False)
        db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, text))
        return before

    return library.write(store)
