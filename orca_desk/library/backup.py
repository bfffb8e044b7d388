"""Backups of a library's database: one file with everything except adapters, checkpoints and logs."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.connections import connect, copy_database, explain
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.integrity import check_database
from orca_desk.library.migrations import check_version, version_of


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup that was read from end to end, and its contents."""

    path: Path
    version: int
    tasks: int
    records: int
    snapshots: int


def back_up(library: Library, path: Path) -> Backup:
    """Write a consistent copy of the library's database to `path`, all or nothing, and check it.

    Other threads can read and write meanwhile. Raises UserError if it cannot be written or is damaged.
    """
    if path.resolve() == library.path:
        raise UserError("The backup would replace the library itself.", "Choose another file.")
    try:
        with library.read() as db:
            copy_database(db, path)
    except OSError as error:
        raise UserError(
            f"The backup {path} cannot be written ({error.strerror}).",
            "Choose another folder, or free some space.",
        ) from error
    return check_backup(path)


def check_backup(path: Path) -> Backup:
    """Read a backup from end to end. Raises UserError if it is missing, damaged or too new."""
    if not path.is_file():
        raise UserError(f"The backup {path} does not exist.", "Check the file name.")
    try:
        with closing(connect(path, "immutable")) as db:
            check_version(db, path)
            version = version_of(db)
            if problems := check_database(db, thorough=True):
                raise UserError(f"The backup {path} is damaged: {problems[0]}", "Use an older backup.")
            counts = {
                name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name in ("tasks", "records", "snapshots")
            }
    except sqlite3.Error as error:
        raise explain(error, path) or error from error
    return Backup(path=path, version=version, **counts)


def restore(path: Path, folder: Path) -> Backup:
    """Check a backup and make a library in `folder` from it. Opening the library upgrades an old one.

    Raises UserError if the backup is damaged or `folder` already has a library: nothing is ever replaced.
    """
    backup = check_backup(path)
    target = folder.expanduser().resolve() / DATABASE_NAME
    if target.exists():
        raise UserError(f"{folder} already contains a library.", "Restore into a new folder.")
    try:
        with closing(connect(path, "immutable")) as db:
            copy_database(db, target)
    except OSError as error:
        raise UserError(
            f"{target} cannot be written ({error.strerror}).", "Choose another folder."
        ) from error
    return backup
