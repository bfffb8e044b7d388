"""A library that was moved or copied: what it stored by absolute path follows it.

Files inside the library's folder are stored relative to it, but what a run was asked for, and which teacher
was chosen, are absolute paths. So a library remembers where it lay when it was open last, and where it finds
itself elsewhere, paths that began with the old folder begin with the new one.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.settings import FORMER, PLACE
from orca_desk.method.records import digest

Change = Callable[[str], str]
# The columns that hold the path of a model by itself
COLUMNS = (("trainings", "base"), ("evaluations", "model"), ("evaluations", "adapter"), ("chats", "model"),
           ("chats", "adapter"))  # fmt: skip


def is_elsewhere(db: sqlite3.Connection, folder: Path) -> bool:
    """Return whether the library was not in `folder` when it was opened last, or never opened."""
    return _stored_place(db) != str(folder)


def follow_move(db: sqlite3.Connection, folder: Path) -> str:
    """Note that the library lies in `folder`; if it lay elsewhere, change its paths, and return where.

    Call inside a write.
    """
    if before := _stored_place(db):
        _change(db, lambda path: _moved(path, before, folder))
    places = {PLACE: str(folder), FORMER: before} if before else {PLACE: str(folder)}
    db.executemany(
        "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)",
        # ASCII: a path need not be valid Unicode
        [(key, json.dumps(place)) for key, place in places.items()],
    )
    return before


def _stored_place(db: sqlite3.Connection) -> str:
    row = db.execute("SELECT value FROM settings WHERE key = ?", (PLACE,)).fetchone()
    before = json.loads(row["value"]) if row else ""
    return before if isinstance(before, str) else ""


def repoint(library: Library, moved: Mapping[str, str]) -> None:
    """Let the library use files at other paths: `moved` are the new paths by the old ones.

    A new path is as `stored_path` stores it where it is inside the library's folder.
    """
    absolute = {old: str(library.folder / new) for old, new in moved.items()}

    def change(db: sqlite3.Connection) -> None:
        for table, column in COLUMNS:
            db.executemany(
                f"UPDATE {table} SET {column} = ? WHERE {column} = ?",
                [(new, old) for old, new in moved.items()],
            )
        db.executemany(  # the note on a model; one that lies at the new path stays
            "UPDATE OR IGNORE notes SET item = ? WHERE kind = 'model' AND item = ?",
            [(new, old) for old, new in moved.items()],
        )
        _change(db, lambda path: absolute.get(path, path), base=lambda path: moved.get(path, path))

    library.write(change)


def _change(db: sqlite3.Connection, change: Change, base: Change | None = None) -> None:
    """Change every path in what runs were asked for, in their settings, and in the library's settings.

    `base` changes the student of a training, which its run stores as its column does.
    """
    for row in db.execute("SELECT n, kind, settings, request FROM runs").fetchall():
        settings = json.loads(row["settings"])
        changed = _changed(settings, change)
        if row["kind"] == "train" and base and isinstance(changed, dict) and "base" in changed:
            changed = {**changed, "base": base(settings["base"])}
        if changed != settings:
            db.execute(
                "UPDATE runs SET settings = ?, fingerprint = ? WHERE n = ?",
                (json.dumps(changed, ensure_ascii=False), digest(changed), row["n"]),
            )
        request = json.loads(row["request"]) if row["request"] else None
        if request is not None and (new := _changed(request, change)) != request:
            db.execute(
                "UPDATE runs SET request = ? WHERE n = ?", (json.dumps(new, ensure_ascii=False), row["n"])
            )
    for row in db.execute("SELECT key, value FROM settings WHERE key <> ?", (PLACE,)).fetchall():
        value = json.loads(row["value"])
        if (new := _changed(value, change)) != value:
            db.execute(
                "UPDATE settings SET value = ? WHERE key = ?",
                (json.dumps(new, ensure_ascii=False), row["key"]),
            )


def _changed(value: Any, change: Change) -> Any:
    """Return a JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    if isinstance(value, dict):
        return {key: _changed(one, change) for key, one in value.items()}
    return value


def _moved(path: str, before: str, folder: Path) -> str:
    """Return a path that began with the folder `before`, which may be another system's, in `folder`."""
    if path == before:
        return str(folder)
    rest = path.removeprefix(before)
    if rest == path or rest[0] not in "/\\":
        return path
    inside = PurePosixPath(rest[1:].replace("\\", "/") if rest[0] == "\\" else rest[1:])
    return path if ".." in inside.parts else str(folder / inside)
