"""Giving the space of deleted rows back to the disk: SQLite keeps it in the file for later rows."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.library.connections import stoppable
from orca_desk.library.database import Library

WORTH_SHARE = 0.25  # of the file that is unused, from which compacting pays
WORTH_BYTES = 50 * 2**20


@dataclass(frozen=True, kw_only=True)
class Space:
    """The size of the library's database and how much of it is unused, in bytes."""

    size: int
    unused: int

    @property
    def is_worth_it(self) -> bool:
        """Whether compacting pays: it writes all that is used again."""
        return self.unused > WORTH_BYTES and self.unused > WORTH_SHARE * self.size


@dataclass(frozen=True, kw_only=True)
class Compacted:
    """The size of the database before and after, in bytes."""

    before: int
    after: int

    @property
    def given_back(self) -> int:
        """How much space the disk got back."""
        return self.before - self.after


def space_of(library: Library) -> Space:
    """Return how much of the database is unused; takes no time."""
    row = library.row(
        "SELECT page_size, page_count, freelist_count"
        " FROM pragma_page_size, pragma_page_count, pragma_freelist_count"
    )
    assert row is not None
    return Space(size=row[0] * row[1], unused=row[0] * row[2])


def compact(library: Library, *, check: Callable[[], None] = lambda: None) -> Compacted:
    """Rewrite the database without its unused space. Reading continues meanwhile, and writes wait.

    `check` is called every few ms; an exception from it stops, and leaves the database as it was, as does
    an end of the process. Raises UserError if there is not enough space for a second copy, which it takes.
    """
    before = require_space(library, "Compacting")
    library.alone(lambda db: rewrite(db, library, check))
    return Compacted(before=before.size, after=space_of(library).size)


def require_space(library: Library, purpose: str) -> Space:
    """Raise UserError if the disk has no space for `rewrite`; otherwise return what the database takes."""
    space = space_of(library)
    needed = 2 * (space.size - space.unused)  # a copy beside the library, and then in its WAL
    free = shutil.disk_usage(library.folder).free
    if free < needed:
        raise UserError(
            f"{purpose} needs {needed / 2**20:,.0f} MiB on the disk of {library.folder};"
            f" {free / 2**20:,.0f} MiB are free.",
            "Free some space on that disk and try again.",
        )
    return space


def rewrite(db: sqlite3.Connection, library: Library, check: Callable[[], None] = lambda: None) -> bool:
    """Rewrite the database, outside of a transaction; return whether the log of writes is empty then.

    It is not empty while something else still reads an earlier state.
    """
    with stoppable(db, check), _scratch_in(library):
        db.execute("VACUUM")
    (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


@contextmanager
def _scratch_in(library: Library) -> Iterator[None]:
    """Let SQLite's temporary files lie in the library's folder inside the block: its disk has the space."""
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(library.folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SQLITE_TMPDIR"]
        else:
            os.environ["SQLITE_TMPDIR"] = before
