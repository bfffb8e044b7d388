"""The tables of a SQLite database, which is opened so that nothing can write to it."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.parts import ContainerFormat, Form, Part
from orca_desk.formats.rows import BadRow, Literal, Row
from orca_desk.formats.values import split_of

MAGIC = b"SQLite format 3\0"
_OURS = b"ORCA"  # the application id of an Orca Desk library
_ID_AT = 68  # bytes into the file
_SHADOWS = ("_data", "_idx", "_content", "_docsize", "_config")  # of a full-text index


def is_database(stream: BinaryIO) -> bool:
    """Return whether a stream, which can seek, begins as a SQLite database."""
    stream.seek(0)
    return stream.read(len(MAGIC)) == MAGIC


class Database:
    """A SQLite database, as its tables and views.

    Raises UserError for an Orca Desk library, and for a file that cannot be read.
    """

    format: ContainerFormat = "SQLite"
    aside: Sequence[str] = ()
    by_family = False

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path = stream, path
        stream.seek(_ID_AT)
        if stream.read(len(_OURS)) == _OURS:
            raise UserError(
                f"{path} is an Orca Desk library.",
                "Open it as a library and export its tasks; import the file that this writes.",
            )

    def parts(self) -> tuple[Part, ...]:
        """Return the tables and views that have rows."""
        found = []
        with self._opened() as db:
            names = [name for name in (*db.table_names(), *db.view_names()) if not name.startswith("sqlite_")]
            full_text = [name for name in names if all(name + end in names for end in _SHADOWS[:2])]
            hidden = {name + end for name in full_text for end in _SHADOWS}
            for name in names:
                if name not in hidden and name not in full_text and (count := db[name].count):
                    found.append(Part(name=name, kind="table", split=split_of(name), rows=count))
        return tuple(found)

    def form(self, part: Part, inside: str) -> Form:
        """Return how a table holds its rows: by the names of its columns."""
        return Form()

    def rows(self, part: Part, inside: str) -> Iterator[Row | BadRow]:
        """Yield the rows of a table, numbered from 1 as lines."""
        with self._opened() as db:
            for line, row in enumerate(db[part.name].rows, 1):
                values = {name: _value(value) for name, value in row.items()}
                yield Row(line=line, values=values, raw=json.dumps(values, ensure_ascii=False))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Open the database, or a copy where it is not a file of its own or has changes beside it."""
        from sqlite_utils import Database as Tables

        with TemporaryDirectory() as folder:
            path, mode = self._path, "immutable=1"
            log = path.with_name(path.name + "-wal")
            is_file = getattr(self._stream, "name", None) == str(path)
            if not is_file or (log.exists() and log.stat().st_size):
                path, mode = Path(folder) / "copy.db", "mode=rwc"
                with path.open("wb") as copy:
                    self._stream.seek(0)
                    shutil.copyfileobj(self._stream, copy)
                if is_file:
                    shutil.copyfile(log, path.with_name(path.name + "-wal"))
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            try:
                yield Tables(connection)
            except sqlite3.Error as error:
                raise UserError(
                    f"{self._path} cannot be read as a database: {error}.", "Copy or download it again."
                ) from error
            finally:
                connection.close()


def _value(value: Any) -> Any:
    """Return a value as JSON has it, numbers as they are written; bytes that are not text are left out."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, float):
        return Literal(int(value) if value.is_integer() and abs(value) < 1e15 else value)
    return Literal(value) if isinstance(value, int) else value
