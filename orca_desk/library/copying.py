"""Copying a live database. A plain file copy would miss what is still in the `-wal` file beside it."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from orca_desk.files import atomic_writer


def copy_database(db: sqlite3.Connection, target: Path) -> None:
    """Write a whole, consistent copy of `db` to `target`, all or nothing.

    The copy is one file in rollback-journal mode, so it can be read and moved on its own. It is made beside
    `target` through SQLite's backup API and then goes through the atomic writer like every other file.
    Raises sqlite3.Error and OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        scratch = Path(folder) / "copy.db"
        with closing(sqlite3.connect(scratch, isolation_level=None)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        with scratch.open("rb") as source, atomic_writer(target) as file:
            while block := source.read(1 << 20):
                file.write(block)
