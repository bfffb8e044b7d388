"""The user's settings, as key -> JSON value."""

import json
from typing import Any

from orca_desk.library.database import Library


def get_setting(library: Library, key: str, default: Any = None) -> Any:
    """Return the value stored under `key`, or `default`."""
    row = library.row("SELECT value FROM settings WHERE key = ?", (key,))
    return json.loads(row["value"]) if row else default


def set_setting(library: Library, key: str, value: Any) -> Any:
    """Store `value`, which JSON must be able to hold, under `key`; return the earlier value, or None."""
    text = json.dumps(value, ensure_ascii=False)
    before = get_setting(library, key)
    library.write(
        lambda db: (
            db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, text)).rowcount
        )
    )
    return before
