"""What differs between a backup and the library as it is now: what restoring would lose and bring back."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.backups.backup import Backup, checked
from orca_desk.library.backups.keeping_settings import BACKUPS
from orca_desk.library.backups.opened import opened
from orca_desk.library.backups.restoring import loose_folders
from orca_desk.library.connections import connect, copy_pages, explain, is_damage
from orca_desk.library.database import DATABASE_NAME
from orca_desk.library.migrations import migrate, version_of
from orca_desk.library.schema import MIGRATIONS
from orca_desk.library.settings import FORMER, PLACE

NAMES = 5  # of each kind that are named

# Per kind: a query of its rows in the database {of}, by columns that say which one each is and that tell a
# change, and how many of these columns say which one it is. A column `name` is shown
KINDS: dict[str, tuple[str, int]] = {
    "tasks": (
        "SELECT t.id, t.query, t.answer, t.split, f.name AS family, t.tags FROM {of}.tasks AS t"
        " LEFT JOIN {of}.families AS f ON f.id = t.family_id",
        1,
    ),
    "strategies": ("SELECT name, version, instruction FROM {of}.strategies", 2),
    "pairings": (
        "SELECT f.name, p.strategy FROM {of}.pairings AS p JOIN {of}.families AS f ON f.id = p.family_id",
        1,
    ),
    "records": ("SELECT id FROM {of}.records", 1),
    "decisions": (
        "SELECT r.id, d.decision FROM {of}.decisions AS d JOIN {of}.records AS r ON r.n = d.record",
        1,
    ),
    "revisions": (
        "SELECT r.id, v.revision, v.response FROM {of}.revisions AS v"
        " JOIN {of}.records AS r ON r.n = v.record",
        2,
    ),
    "snapshots": ("SELECT id, name FROM {of}.snapshots", 1),
    "trainings": ("SELECT id, id AS name, adapter_sha256 FROM {of}.trainings", 1),
    "evaluations": ("SELECT id, name FROM {of}.evaluations", 1),
    "chats": ("SELECT id, title AS name FROM {of}.chats", 1),
    "messages": (
        "SELECT c.id, m.position, m.content FROM {of}.messages AS m JOIN {of}.chats AS c ON c.n = m.chat",
        2,
    ),
    "proposals": ("SELECT id, state FROM {of}.proposals", 1),
    "notes": ("SELECT kind, item, note FROM {of}.notes", 2),
    "trash": ("SELECT created_at, label AS name FROM {of}.trash", 2),
    "settings": (f"SELECT key, value FROM {{of}}.settings WHERE key NOT IN ('{PLACE}', '{FORMER}')", 1),
}


@dataclass(frozen=True, kw_only=True)
class Differing:
    """How many of one kind are in the library alone (`lost`), in the backup alone, or in both and changed.

    Some of the lost ones, and of those that come back, by name where they have one.
    """

    lost: int
    back: int
    changed: int
    lost_names: tuple[str, ...] = ()
    back_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BackupDifference:
    """The differing kinds, in the order of `KINDS`, and the backup, which was checked.

    `is_unknown`: the library is too damaged to be compared. `loose` are folders that no training has: they
    would be moved out of the way.
    """

    backup: Backup
    kinds: dict[str, Differing]
    is_unknown: bool = False
    loose: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether the backup holds just what the library has."""
        return not self.kinds and not self.is_unknown


def difference(library_folder: Path, path: Path) -> BackupDifference:
    """Compare a backup with the library in a folder, which may be open; the backup is checked too.

    Raises UserError if the backup is missing, damaged, too new, or not a backup.
    """
    place = library_folder / BACKUPS
    scratch = place if os.access(place, os.W_OK) else None
    with opened(path, scratch_in=scratch) as source:
        backup = checked(source)
        try:
            with _up_to_date(source.database, backup.version, scratch) as database:
                found = _differences(library_folder / DATABASE_NAME, database)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise explain(error, library_folder / DATABASE_NAME) or error from error
            found = None
    if found is None:
        return BackupDifference(backup=backup, kinds={}, is_unknown=True)
    kinds = {kind: one for kind, one in found.items() if one and (one.lost or one.back or one.changed)}
    return BackupDifference(backup=backup, kinds=kinds, loose=_loose(library_folder))


def _loose(library_folder: Path) -> tuple[str, ...]:
    with closing(connect(library_folder / DATABASE_NAME, "ro")) as db:
        return loose_folders(library_folder, [row["id"] for row in db.execute("SELECT id FROM trainings")])


@contextmanager
def _up_to_date(database: Path, version: int, scratch: Path | None) -> Iterator[Path]:
    """Yield the database in today's format: an older one lacks columns by which its rows are compared."""
    if version == len(MIGRATIONS):
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="orca-desk-", dir=scratch) as folder:
        upgraded = Path(folder) / DATABASE_NAME
        with closing(connect(database, "immutable")) as db:
            copy_pages(db, upgraded)
        with closing(connect(upgraded, "rw")) as db:
            db.execute("PRAGMA synchronous = OFF")  # nobody needs it after a crash
            migrate(db, upgraded)
        yield upgraded


def _differences(library: Path, backup: Path) -> dict[str, Differing | None] | None:
    """Return what differs by kind; None where the library's file is empty."""
    with closing(connect(library, "ro")) as db:
        version = version_of(db)
        if not version:
            return None
        if version < len(MIGRATIONS):
            raise UserError(
                f"The library in {library.parent} has the format of an older Orca Desk.",
                "Open it once, which upgrades it, and compare again.",
            )
        db.execute("ATTACH ? AS old", (f"{backup.resolve().as_uri()}?mode=ro&immutable=1",))
        return {kind: _compare(db, *columns) for kind, columns in KINDS.items()}


def _compare(db: sqlite3.Connection, query: str, keys: int) -> Differing | None:
    """Compare the rows of one kind; None where a library of a newer version has no such rows."""
    here, there = query.format(of="main"), query.format(of="old")
    try:
        columns = [one[0] for one in db.execute(f"{there} LIMIT 0").description]
    except sqlite3.OperationalError:
        return None
    same = " AND ".join(f"a.{column} = b.{column}" for column in columns[:keys])
    differs = " OR ".join(f"a.{column} IS NOT b.{column}" for column in columns[keys:])

    def only_in(one: str, other: str) -> tuple[int, tuple[str, ...]]:
        where = f"FROM ({one}) AS a WHERE NOT EXISTS (SELECT 1 FROM ({other}) AS b WHERE {same})"
        (count,) = db.execute(f"SELECT count(*) {where}").fetchone()
        if not count or "name" not in columns:
            return count, ()
        names = db.execute(f"SELECT a.name {where} LIMIT {NAMES}").fetchall()
        return count, tuple(str(row[0]) for row in names)

    (lost, lost_names), (back, back_names) = only_in(here, there), only_in(there, here)
    changed = 0
    if differs:
        both = f"SELECT count(*) FROM ({here}) AS a JOIN ({there}) AS b ON {same} WHERE {differs}"
        (changed,) = db.execute(both).fetchone()
    return Differing(lost=lost, back=back, changed=changed, lost_names=lost_names, back_names=back_names)
