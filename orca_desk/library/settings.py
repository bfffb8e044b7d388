"""What the user chose, as key -> JSON value."""

import json
from typing import Any

from orca_desk.library.database import Library


def get_setting(library: Library, key: str, default: Any = None) -> Any:
    """Return the value stored under `key`, or `default`."""
    row = library.row("SELECT value FROM settings WHERE key = ?", (key,))
    return json.loads(row["value"]) if row else default


def all_settings(library: Library) -> dict[str, Any]:
    """Return every setting, by key."""
    return {
        row["key"]: json.loads(row["value"]) for row in library.rows("SELECT * FROM settings ORDER BY key")
    }


def set_setting(library: Library, key: str, value: Any) -> Any:
    """Store `value` (anything JSON can hold) under `key`; return what was there before, or None."""
    text = json.dumps(value, ensure_ascii=False)
    before = get_setting(library, key)
    library.write(
        lambda db: (
            db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, text)).rowcount
        )
    )
    return before


def delete_setting(library: Library, key: str) -> Any:
    """Forget `key`; return what was there, or None."""
    before = get_setting(library, key)
    library.write(lambda db: db.execute("DELETE FROM settings WHERE key = ?", (key,)).rowcount)
    return before
