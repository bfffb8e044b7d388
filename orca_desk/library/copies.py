"""A library's database as a file of its own: copied while others write, and checked before it is used."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.care.integrity import check_database
from orca_desk.library.connections import connect, copy_database
from orca_desk.library.database import Library
from orca_desk.library.migrations import check_version, version_of


@dataclass(frozen=True, kw_only=True)
class CopyCounts:
    """What a copy of a library's database holds."""

    tasks: int
    records: int
    snapshots: int
    trainings: int


def write_copy(library: Library, path: Path) -> None:
    """Write a copy of the database as it is at one moment. Raises OSError and UserError."""
    with library.read() as db:
        copy_database(db, path)


def check_copy(database: Path, name: Path) -> CopyCounts:
    """Read a database from end to end that nobody has open; `name` is the file that it came in.

    Raises UserError for one of a newer Orca Desk, and ValueError, with what is wrong, for one that is damaged
    or holds no library.
    """
    try:
        with closing(connect(database, "immutable")) as db:
            try:
                check_version(db, name)
            except UserError:
                if not version_of(db):
                    raise ValueError("its database holds no library") from None
                raise
            if not version_of(db):
                raise ValueError("its database holds no library")
            if problems := check_database(db, thorough=True):
                raise ValueError(problems[0].rstrip("."))
            tables = CopyCounts.__dataclass_fields__
            return CopyCounts(
                **{table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
            )
    except sqlite3.DatabaseError as error:
        raise ValueError(f"its database cannot be read ({error})") from error
