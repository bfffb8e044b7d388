"""Recovering what can be read of a damaged library into a new one. The damaged file is only read.

SQLite stops at the first damaged page of a table. Here the rest is read too: by its row ids, and for a
table without them from both ends.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import sync_folder
from orca_desk.library.care.file_header import MAGIC, PAGE_BYTES, new_header
from orca_desk.library.connections import connect
from orca_desk.library.database import DATABASE_NAME
from orca_desk.library.earlier_turns import fill_turns
from orca_desk.library.migrations import FUNCTIONS, migrate, statements, version_of
from orca_desk.library.schema import MIGRATIONS
from orca_desk.library.scratch import scratch_folder
from orca_desk.paths import resolved

ROWS = 500  # read at once
FARTHEST = 2**40  # rows to look ahead behind a damaged place
TRAININGS = "trainings"
INDEX_PARTS = ("_data", "_idx", "_content", "_docsize", "_config")  # tables of an index of texts
FILLED_AGAIN = frozenset({"task_counts", "tag_counts", "text_indexes", "adding_in_bulk"})


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """A library that was recovered into `folder`: the rows found by table, and the tables that lack some.

    How many rows are missing from a table that was read past damage is unknown. `dropped` counts rows
    that were left out because what they belong to is lost. `header` says that the file's first bytes had
    to be rewritten.
    """

    folder: Path
    found: dict[str, int]
    damaged: tuple[str, ...]
    dropped: int
    header: bool


def recover(folder: Path, target: Path, *, on_table: Callable[[str], None] = lambda name: None) -> Recovered:
    """Make a library in `target` of what can be read of the one in `folder`, and copy its trainings.

    `on_table` gets the name of each table before it is read; an exception from it stops, and leaves nothing.
    Raises UserError if `target` has a library, if nothing can be read, and if the disk cannot be written.
    """
    path, target = resolved(folder) / DATABASE_NAME, resolved(target)
    if not path.is_file():
        raise UserError(f"There is no library in {folder}.", "Check the name of the folder.")
    if (target / DATABASE_NAME).exists() or (target / TRAININGS).exists():
        raise UserError(f"{target} already contains a library.", "Recover into a new folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target, ".repair-") as scratch:
            made = scratch / "made.db"
            header = _copy(path, scratch / "damaged.db")
            with closing(_opened(scratch / "damaged.db", path)) as source:
                found, damaged, dropped = _rescue(source, made, _version(source, path), on_table)
            if (path.parent / TRAININGS).is_dir():
                shutil.copytree(path.parent / TRAININGS, scratch / TRAININGS)
                (scratch / TRAININGS).rename(target / TRAININGS)
            made.rename(target / DATABASE_NAME)  # the last: a folder without it is not a library
        sync_folder(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return Recovered(folder=target, found=found, damaged=damaged, dropped=dropped, header=header)


def _copy(path: Path, copy: Path) -> bool:
    """Copy a database and its WAL, with a header that SQLite takes; return whether that had to be written."""
    shutil.copyfile(path, copy)
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists():
        shutil.copyfile(wal, copy.with_name(f"{copy.name}-wal"))
    with copy.open("r+b") as file:
        header = bytearray(file.read(100).ljust(100, b"\0"))
        size = copy.stat().st_size
        is_whole = header.startswith(MAGIC) and header[16:18] == PAGE_BYTES.to_bytes(2, "big")
        if not is_whole:
            header = new_header(size // PAGE_BYTES)
            file.seek(0)
            file.write(header)
        # A page that is missing at the end counts as damaged: without it SQLite would read none at all
        file.truncate(max(-(-size // PAGE_BYTES), int.from_bytes(header[28:32], "big")) * PAGE_BYTES)
    return not is_whole


def _opened(copy: Path, path: Path) -> sqlite3.Connection:
    """Open the copy. Raises UserError if not even the list of its tables can be read."""
    try:
        db = connect(copy, "rw")
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA writable_schema = ON")  # reads on where the schema has an odd place
        if not db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'tasks'").fetchone()[0]:
            raise sqlite3.DatabaseError("it has no table of tasks")
    except sqlite3.Error as error:
        backups = sorted((path.parent / "backups").glob("*.db"))
        hint = "Restore a backup: orca-desk library backups list"
        if backups:
            hint += f". The newest from before an upgrade: orca-desk library restore {backups[-1]} DIR"
        raise UserError(f"Nothing can be read from {path} ({error}).", hint) from error
    return db


def _version(source: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, from the header or else by their names."""
    version = version_of(source)
    if version > len(MIGRATIONS):
        raise UserError(
            f"{path} was written by a newer Orca Desk (format {version}; this one knows {len(MIGRATIONS)}).",
            "Recover it with that version.",
        )
    if version:
        return version
    names = _tables(source)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for name, (arguments, function) in FUNCTIONS.items():
            db.create_function(name, arguments, function, deterministic=True)
        db.create_function("is_blank", 1, lambda text: 0, deterministic=True)
        for number, script in enumerate(MIGRATIONS, start=1):
            for statement in statements(script):
                db.execute(statement)
            known = _columns_of_all(db)
            if (
                all(known[name] <= _columns(source, name) for name in known if name in names)
                and set(known) <= names
            ):
                version = number
    return version


def _rescue(
    source: sqlite3.Connection, made: Path, version: int, on_table: Callable[[str], None]
) -> tuple[dict[str, int], tuple[str, ...], int]:
    """Fill a new database of this version; return the rows by table, the damaged tables, the dropped rows."""
    with closing(connect(made, "rwc")) as db:
        db.execute("PRAGMA synchronous = OFF")  # the file is nothing before it is renamed
        migrate(db, made, scripts=MIGRATIONS[:version])
        db.execute("PRAGMA foreign_keys = OFF")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        db.execute("BEGIN")
        for trigger in triggers:
            db.execute(f"DROP TRIGGER {trigger['name']}")
        found: dict[str, int] = {}
        damaged = []
        for name in sorted(_tables(db) - FILLED_AGAIN):
            on_table(name)
            db.execute(f"DELETE FROM {name}")
            found[name], is_whole = _take(source, db, name)
            if not is_whole:
                damaged.append(name)
        dropped = _drop_orphans(db)
        _fill_again(source, db)
        for trigger in triggers:
            db.execute(trigger["sql"])
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("VACUUM")  # writes the whole file to the disk
        found = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in found}
    return found, tuple(damaged), dropped


def _take(source: sqlite3.Connection, db: sqlite3.Connection, name: str) -> tuple[int, bool]:
    """Copy the rows of a table; return their number, and whether the table could be read from end to end."""
    columns = [one for one in _columns_in_order(db, name) if one in _columns(source, name)]
    if not columns:
        return 0, False
    marks, listed = ", ".join("?" * len(columns)), ", ".join(columns)
    insert = f"INSERT OR IGNORE INTO {name} ({listed}) VALUES ({marks})"
    damage: list[None] = []
    rows = _by_rowid if _has_rowids(db, name) else _from_both_ends
    before = db.total_changes
    refused = 0
    for row in rows(source, name, listed, damage):
        if any(isinstance(value, str) and "\0" in value for value in row):  # from where the file has nothing
            refused += 1
            continue
        try:
            db.execute(insert, row)
        except sqlite3.Error:  # damage that looked like a value
            refused += 1
    return db.total_changes - before, not damage and not refused


def _by_rowid(
    source: sqlite3.Connection, name: str, listed: str, damage: list[None]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows by their row ids, and add to `damage` for each place where some are missing."""
    sql = f"SELECT rowid, {listed} FROM {name} NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?"
    last, is_over = -(2**62), False
    while not is_over:
        got = 0
        try:
            for row in source.execute(sql, (last, ROWS)):
                last, got = row[0], got + 1
                yield tuple(row)[1:]
            is_over = got < ROWS
        except sqlite3.Error:
            damage.append(None)
            behind = _behind(source, sql, max(last, 0))
            if behind is None:
                return
            last = behind


def _behind(source: sqlite3.Connection, sql: str, last: int) -> int | None:
    """Return the least row id from which a table can be read on after damage behind `last`; None: nowhere."""

    def is_readable(place: int) -> bool:
        try:
            return source.execute(sql, (place, 1)).fetchone() is not None
        except sqlite3.Error:
            return False

    step = 1
    while not is_readable(last + step):
        step *= 2
        if step > FARTHEST:
            return None
    bad, good = step // 2, step
    while good - bad > 1:
        middle = (bad + good) // 2
        bad, good = (bad, middle) if is_readable(last + middle) else (middle, good)
    return last + good


def _from_both_ends(
    source: sqlite3.Connection, name: str, listed: str, damage: list[None]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows by their key, and after damage those from the end; rows that are met twice are equal."""
    keys = [row["name"] for row in source.execute(f"PRAGMA table_info({name})").fetchall() if row["pk"]]
    for way in ("ASC", "DESC"):
        order = ", ".join(f"{key} {way}" for key in keys)
        try:
            for row in source.execute(f"SELECT {listed} FROM {name} ORDER BY {order}"):
                yield tuple(row)
            return
        except sqlite3.Error:
            damage.append(None)


def _drop_orphans(db: sqlite3.Connection) -> int:
    """Delete the rows that refer to lost ones, and those that refer to these; return their number."""
    before = db.total_changes
    while True:
        start = db.total_changes
        for name in sorted(_tables(db)):
            keys: dict[int, list[sqlite3.Row]] = {}
            for row in db.execute(f"PRAGMA foreign_key_list({name})").fetchall():
                keys.setdefault(row["id"], []).append(row)
            for parts in keys.values():
                parent = parts[0]["table"]
                given = " AND ".join(f"{name}.{one['from']} IS NOT NULL" for one in parts)
                same = " AND ".join(f"parent.{one['to'] or 'rowid'} = {name}.{one['from']}" for one in parts)
                db.execute(
                    f"DELETE FROM {name} WHERE {given}"
                    f" AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE {same})"
                )
        if db.total_changes == start:
            return start - before


def _fill_again(source: sqlite3.Connection, db: sqlite3.Connection) -> None:
    """Rebuild what follows from the tables: indexes of texts, tags, questions and counts."""
    names = _tables(db)
    db.execute("INSERT OR IGNORE INTO task_tags SELECT value, n FROM tasks, json_each(tags)")
    if "task_questions" in names:
        db.execute("INSERT OR IGNORE INTO task_questions SELECT question, n FROM tasks")
    db.execute("INSERT INTO tasks_text (tasks_text) VALUES ('rebuild')")
    if "turns_text" in names:
        fill_turns(db)
    if "task_counts" in names:
        db.execute("DELETE FROM task_counts")
        db.execute(
            "INSERT INTO task_counts"
            " SELECT family_id, split, answer IS NOT NULL, count(*) FROM tasks GROUP BY 1, 2, 3"
        )
        db.execute("DELETE FROM tag_counts")
        db.execute("INSERT INTO tag_counts SELECT tag, count(*) FROM task_tags GROUP BY tag")
    if "text_indexes" in names:  # the texts are indexed again in the background, as after an upgrade
        db.execute("DELETE FROM text_indexes")
        for name, table, shift in (
            ("records", "records", 0),
            ("answers", "runs", 32),
            ("messages", "chats", 32),
        ):
            top = f"coalesce((max(n) + 1) << {shift}, 0)"
            db.execute(f"INSERT INTO text_indexes SELECT '{name}', {top}, {top} FROM {table}")
    if "snapshot_losses" in names:
        db.execute(
            "INSERT OR IGNORE INTO snapshot_losses SELECT id, records - found, created_at FROM ("
            " SELECT id, records, created_at,"
            "  (SELECT count(*) FROM snapshot_records WHERE snapshot = snapshots.id) AS found FROM snapshots)"
            " WHERE records > found"
        )
    with suppress(sqlite3.Error):  # row ids are never used again
        for row in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            db.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (row["seq"], row["name"])
            )


def _tables(db: sqlite3.Connection) -> set[str]:
    """Return the names of the tables with content of their own."""
    rows = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        " AND sql NOT LIKE '%VIRTUAL%'"
    ).fetchall()
    return {row[0] for row in rows if not ("_text_" in row[0] and row[0].endswith(INDEX_PARTS))}


def _columns_in_order(db: sqlite3.Connection, name: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({name})").fetchall()]


def _columns(db: sqlite3.Connection, name: str) -> set[str]:
    return set(_columns_in_order(db, name))


def _columns_of_all(db: sqlite3.Connection) -> dict[str, set[str]]:
    return {name: _columns(db, name) for name in _tables(db)}


def _has_rowids(db: sqlite3.Connection, name: str) -> bool:
    try:
        db.execute(f"SELECT rowid FROM {name} LIMIT 0")
    except sqlite3.Error:
        return False
    return True
