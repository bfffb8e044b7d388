"""Deleted tasks that may come back: few are kept in memory, many in a file that ends with the process."""

import io
import json
import sqlite3
import weakref
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from orca_desk.errors import cannot_write
from orca_desk.library.conditions import json_list
from orca_desk.library.families import NAME
from orca_desk.library.task_columns import FIELDS, task_from_fields
from orca_desk.method.records import Task
from orca_desk.yielding import yielding

IN_MEMORY = 16 * 2**20  # bytes
PIECE = 500  # tasks that are packed at once: more would hold up the window
_VALUES = ", ".join(NAME if name == "family" else name for name in FIELDS)


class DeletedTasks:
    """Deleted tasks with their row ids, in the parts in which they were deleted; iterates over all.

    `restore_tasks` restores them. `first` is the id of the first one, "" if there are none.
    """

    def __init__(self, folder: Path) -> None:
        """Begin without any; many will lie on the disk of `folder`."""
        self.rowids = array("q")
        self.first = ""
        self._folder = folder
        self._file: io.RawIOBase | io.BytesIO = io.BytesIO()
        self._parts: list[list[int]] = []  # the sizes of the pieces of each part

    def take(self, db: sqlite3.Connection, rowids: "array[int]") -> None:
        """Delete the tasks in these rows, which follow the earlier ones, as one part, inside a write.

        Raises UserError where they do not fit on the disk, and has deleted none of them then.
        """
        where = "WHERE n IN (SELECT value FROM json_each(?))"
        chosen = (json_list(rowids),)
        rows = db.execute(f"SELECT n, id, json_array({_VALUES}) FROM tasks {where} ORDER BY n", chosen)
        sizes = []
        while found := rows.fetchmany(PIECE):
            self.first = self.first or found[0][1]
            self.rowids.extend(row[0] for row in found)
            sizes.append(self._keep(zlib.compress("\n".join(row[2] for row in found).encode(), 1)))
        db.execute(f"DELETE FROM tasks {where}", chosen)
        self._parts.append(sizes)

    def parts(self) -> Iterator[list[tuple[int, Task]]]:
        """Yield the tasks of each part with their row ids."""
        place, before = 0, 0
        for sizes in self._parts:
            part: list[tuple[int, Task]] = []
            for size in yielding(sizes):
                self._file.seek(place)
                place += size
                lines = zlib.decompress(self._file.read(size)).decode().split("\n")
                first = before + len(part)
                for rowid, line in zip(self.rowids[first : first + len(lines)], lines, strict=True):
                    part.append((rowid, task_from_fields(dict(zip(FIELDS, json.loads(line), strict=True)))))
            before += len(part)
            yield part

    def has(self, rowid: int) -> bool:
        """Return whether the task of this row is one of them."""
        place = bisect_left(self.rowids, rowid)
        return place < len(self.rowids) and self.rowids[place] == rowid

    def _keep(self, piece: bytes) -> int:
        """Write a piece behind the others, and return its size. They stay until the disk has all of them."""
        try:
            if isinstance(self._file, io.BytesIO) and self._file.tell() + len(piece) > IN_MEMORY:
                # Without a buffer: what does not fit is known before it is deleted
                file = TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - see below
                weakref.finalize(self, file.close)  # what is no longer in the undo stack needs no disk
                _write(file, self._file.getvalue())
                self._file = file
            _write(self._file, piece)
        except OSError as error:
            error.filename = str(self._folder)
            raise cannot_write(self._folder, error) from error
        return len(piece)

    def __len__(self) -> int:
        return len(self.rowids)

    def __iter__(self) -> Iterator[tuple[int, Task]]:
        for part in self.parts():
            yield from part


def _write(file: io.RawIOBase | io.BytesIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]
