"""The trash: what was deleted waits there, rows and files together, and can come back.

The rows go in steps, and a transaction takes only so many that others can soon write; until the last one
the entry is on its way back, and an end of the process brings back what was taken. Then the files are renamed
into a folder of the trash. Whatever ends the process, the next start finishes what was begun: files without
rows, or rows without files, are never left.
"""

import contextlib
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.deleting.trash_rows import Rows, insert_step, last_step, take_step
from orca_desk.library.locations import size_of

FOLDER = "trash"
SHARE = 0.015  # s; after this a transaction takes no further step, as others wait for it
FORGOTTEN_AT_ONCE = 200  # rows
OnStep = Callable[[int, int], None]  # gets how many steps are done, and of how many


def unwatched(done: int, steps: int) -> None:
    """Ignore the progress."""


@dataclass(frozen=True, kw_only=True)
class TrashEntry:
    """What one deletion put into the trash. `items` are the ids, `label` says what they are.

    `files` are where its files wait. `created_at` is when all of it was there; "" while its rows are still
    being taken.
    """

    n: int
    kind: str
    items: tuple[str, ...]
    label: str
    files: tuple[Path, ...]
    created_at: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What came back: `items` of `kind`.

    `there` rows were made again in the meantime, and stay as they are; `missing` files were not in the trash.
    """

    kind: str
    items: tuple[str, ...]
    there: int
    missing: tuple[Path, ...]


def put_into_trash(
    library: Library,
    kind: str,
    items: Sequence[str],
    label: str,
    *,
    steps: Sequence[Sequence[Rows]],
    files: Sequence[Path] = (),
    on_step: OnStep = unwatched,
) -> int:
    """Delete rows and files together, and return the number of their entry in the trash.

    `steps` are rows in an order in which the tables can lose them; those of a step go at once, and so should
    be few. `files` lie in the library's folder, and those that do not exist are left out. `on_step` follows
    each transaction, and an exception from it stops. Raises UserError if a file cannot be moved, or a
    snapshot has taken a record meanwhile.
    Whatever is raised, everything is then as it was.
    """
    place = f"{FOLDER}/{secrets.token_hex(6)}"
    own = [path.relative_to(library.folder).as_posix() for path in files if os.path.lexists(path)]
    moves = [[name, f"{place}/{name}"] for name in own]

    def begin(db: sqlite3.Connection) -> int:
        n = db.execute(
            "INSERT INTO trash (kind, items, label, moves, state, created_at)"
            " VALUES (?, ?, ?, ?, 'returning', '') RETURNING n",
            (kind, json_list(items), label, json.dumps(moves)),
        ).fetchone()[0]
        return int(n)

    n = library.write(begin)
    try:
        done = 0
        while done < len(steps):
            done = library.write(partial(_take_some, n=n, steps=steps, done=done))
            on_step(done, len(steps))
        library.write(partial(_set_taken, n=n))
    except Exception:
        _bring_back(library, n)
        library.write(partial(_remove_entry, n=n))
        raise
    try:
        _leave(library, n)
    except OSError as error:
        restore_from_trash(library, n)
        raise UserError(
            f"{label} cannot be deleted: {error.filename or 'a file'} cannot be moved"
            f" ({error.strerror or error}).",
            "Close the programs that use its files, or make them writable, and try again.",
        ) from error
    return n


def restore_from_trash(library: Library, n: int, *, on_step: OnStep = unwatched) -> Restored:
    """Bring back what entry `n` holds, last step first; after a crash the next start continues.

    `on_step` follows each transaction. Raises UserError if the trash has no such entry (any more).
    """

    def begin(db: sqlite3.Connection) -> tuple[sqlite3.Row, int, int]:
        entry = db.execute("SELECT * FROM trash WHERE n = ?", (n,)).fetchone()
        if entry is None or entry["state"] == "going":
            raise UserError(
                "It is no longer in the trash: it was already restored, or deleted for good.",
                "If it is missing, a backup may still have it: see Settings.",
            )
        steps = last_step(db, n) + 1
        there = insert_step(db, n)
        _set_state(db, n=n, state="returning")
        return entry, there, steps

    _require_runs(library, n)
    try:
        entry, there, steps = library.write(begin)
        there += _bring_back(library, n, lambda left: on_step(steps - left, steps))
    except sqlite3.IntegrityError as error:
        raise _not_alone() from error
    try:
        missing = _return(library, n)
    except OSError as error:
        raise UserError(
            f"Its rows are back, but {error.filename or 'a file'} cannot be moved"
            f" ({error.strerror or error}).",
            "Make the library's folder writable; the next start brings the files back.",
        ) from error
    items = tuple(json.loads(entry["items"]))
    return Restored(kind=entry["kind"], items=items, there=there, missing=missing)


def list_trash(library: Library) -> list[TrashEntry]:
    """Return what is in the trash, the latest deletion first."""
    rows = library.rows("SELECT * FROM trash WHERE state <> 'going' AND created_at <> '' ORDER BY n DESC")
    return [_entry(library, row) for row in rows]


def empty_trash(
    library: Library, entries: Sequence[int] | None = None, *, older_than_days: float | None = None
) -> int:
    """Delete entries of the trash for good (None: all) and return how many; with a limit only older ones.

    A process that ends meanwhile leaves the rest to the next start.
    """
    limit = None if older_than_days is None else datetime.now(UTC) - timedelta(days=older_than_days)

    def mark(db: sqlite3.Connection) -> list[int]:
        going = [
            row["n"]
            for row in db.execute("SELECT n, created_at FROM trash WHERE state = 'kept'").fetchall()
            if (entries is None or row["n"] in entries)
            and (limit is None or datetime.fromisoformat(row["created_at"]) < limit)
        ]
        db.execute(
            "UPDATE trash SET state = 'going' WHERE n IN (SELECT value FROM json_each(?))",
            (json_list(going),),
        )
        return going

    going = library.write(mark)
    for n in going:
        _go(library, n)
    if entries is None and limit is None:
        _remove_strays(library)
    return len(going)


def throw_away(library: Library, path: Path) -> int:
    """Delete a file or folder of the library for good; return its bytes, 0 if a program holds it.

    It leaves its place at once: an end of the process leaves no half of it there, but in the trash.
    """
    place = library.folder / FOLDER / secrets.token_hex(6)
    place.parent.mkdir(exist_ok=True)
    try:
        path.rename(place)
    except OSError:
        return 0
    size = size_of(place)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
    return size - size_of(place)


def finish_moves(library: Library) -> list[TrashEntry]:
    """Finish what a process that ended had begun: files follow their rows. What cannot be moved waits.

    Return the entries that came back: of deletions that were not complete, and of restorings.
    """
    back = []
    for row in library.rows("SELECT * FROM trash WHERE state <> 'kept'"):
        with contextlib.suppress(OSError, UserError, sqlite3.IntegrityError):
            if row["state"] == "returning":
                _bring_back(library, row["n"])
            {"leaving": _leave, "returning": _return, "going": _go}[row["state"]](library, row["n"])
            back += [_entry(library, row)] if row["state"] == "returning" else []
    return back


def mark_all_going(db: sqlite3.Connection) -> None:
    """Give up everything in the trash, inside a write; `finish_moves` then deletes the files."""
    db.execute("DELETE FROM trash_rows")
    db.execute("UPDATE trash SET state = 'going'")


def _require_runs(library: Library, n: int) -> None:
    """Raise UserError if a job that made a record of an entry was deleted later: before any is back."""
    lacking = library.row(
        "SELECT 1 FROM trash_rows WHERE trash = :n AND source = 'records'"
        " AND json_extract(content, '$.run') IS NOT NULL"
        " AND json_extract(content, '$.run') NOT IN (SELECT id FROM runs UNION ALL"
        "  SELECT json_extract(content, '$.id') FROM trash_rows WHERE trash = :n AND source = 'runs')"
        " LIMIT 1",
        {"n": n},
    )
    if lacking:
        raise _not_alone()


def _not_alone() -> UserError:
    return UserError(
        "It cannot be restored alone: something that it was made from was deleted later.",
        "Restore what was deleted later first.",
    )


def _take_some(db: sqlite3.Connection, *, n: int, steps: Sequence[Sequence[Rows]], done: int) -> int:
    """Move the rows of some steps into the trash, as long as others may wait; return how many are done."""
    until = time.perf_counter() + SHARE
    while done < len(steps):
        take_step(db, n=n, step=done, rows=steps[done])
        done += 1
        if time.perf_counter() > until:
            break
    return done


def _bring_back(library: Library, n: int, on_left: Callable[[int], None] = lambda left: None) -> int:
    """Insert the rows of an entry that are still in the trash; return how many were there again already.

    `on_left` gets the number of steps that are left. Raises sqlite3.IntegrityError.
    """
    there, left = 0, 1
    while left:
        left, more = library.write(partial(_insert_some, n=n))
        there += more
        on_left(left)
    return there


def _insert_some(db: sqlite3.Connection, *, n: int) -> tuple[int, int]:
    """Insert the rows of some steps, as long as others may wait.

    Return how many steps are left, and how many rows were there again already.
    """
    until, there, left = time.perf_counter() + SHARE, 0, last_step(db, n) + 1
    while left:
        there += insert_step(db, n)
        left = last_step(db, n) + 1
        if time.perf_counter() > until:
            break
    return left, there


def _moves(library: Library, n: int) -> list[tuple[Path, Path]]:
    row = library.row("SELECT moves FROM trash WHERE n = ?", (n,))
    assert row is not None
    return [(library.folder / place, library.folder / to) for place, to in json.loads(row["moves"])]


def _leave(library: Library, n: int) -> None:
    """Move the files of an entry into the trash, as far as they are not there. Raises OSError."""
    for place, to in _moves(library, n):
        if os.path.lexists(place) and not os.path.lexists(to):
            to.parent.mkdir(parents=True, exist_ok=True)
            place.rename(to)
    library.write(partial(_set_state, n=n, state="kept"))


def _return(library: Library, n: int) -> tuple[Path, ...]:
    """Move the files of an entry back, and remove it; return those that are nowhere. Raises OSError."""
    missing = []
    for place, to in _moves(library, n):
        if not os.path.lexists(place):
            if os.path.lexists(to):
                place.parent.mkdir(parents=True, exist_ok=True)
                to.rename(place)
            else:
                missing.append(place)
    _remove_folder(library, n)
    library.write(partial(_remove_entry, n=n))
    return tuple(missing)


def _go(library: Library, n: int) -> None:
    """Delete the rows and files of an entry, and itself. The next start tries what cannot be deleted now."""
    while library.write(partial(_forget_some, n=n)):
        pass
    if _remove_folder(library, n):
        library.write(partial(_remove_entry, n=n))


def _forget_some(db: sqlite3.Connection, *, n: int) -> bool:
    """Delete rows of an entry for good, as long as others may wait; return whether there may be more."""
    until = time.perf_counter() + SHARE
    while True:
        count = db.execute(
            "DELETE FROM trash_rows WHERE trash = :n AND position IN"
            f" (SELECT position FROM trash_rows WHERE trash = :n LIMIT {FORGOTTEN_AT_ONCE})",
            {"n": n},
        ).rowcount
        if not count or time.perf_counter() > until:
            return count > 0


def _remove_folder(library: Library, n: int) -> bool:
    """Delete the folder of an entry; return whether it is gone."""
    for _, to in _moves(library, n):
        folder = library.folder / FOLDER / to.relative_to(library.folder / FOLDER).parts[0]
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            return False
    return True


def _remove_strays(library: Library) -> None:
    """Delete what no entry knows: it belongs to another state of the library, before a backup came back."""
    known = {to.relative_to(library.folder / FOLDER).parts[0] for to in _all_places(library)}
    with contextlib.suppress(OSError):
        for path in (library.folder / FOLDER).iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)


def _all_places(library: Library) -> Iterator[Path]:
    for row in library.rows("SELECT moves FROM trash"):
        for _, to in json.loads(row["moves"]):
            yield library.folder / to


def _entry(library: Library, row: sqlite3.Row) -> TrashEntry:
    return TrashEntry(
        n=row["n"],
        kind=row["kind"],
        items=tuple(json.loads(row["items"])),
        label=row["label"],
        files=tuple(library.folder / to for _, to in json.loads(row["moves"])),
        created_at=row["created_at"],
    )


def _set_taken(db: sqlite3.Connection, *, n: int) -> None:
    """Note that all rows of an entry are in the trash, and only its files are on their way."""
    db.execute("UPDATE trash SET state = 'leaving', created_at = ? WHERE n = ?", (now(), n))


def _set_state(db: sqlite3.Connection, *, n: int, state: str) -> None:
    db.execute("UPDATE trash SET state = ? WHERE n = ?", (state, n))


def _remove_entry(db: sqlite3.Connection, *, n: int) -> None:
    db.execute("DELETE FROM trash_rows WHERE trash = ?", (n,))
    db.execute("DELETE FROM trash WHERE n = ?", (n,))
