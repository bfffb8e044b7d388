"""Rows of a file that are kept until all are known: all of a file's tasks decide which are held out."""

import contextlib
import pickle
import sqlite3
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from orca_desk.errors import cannot_write
from orca_desk.formats.plain_tasks import Plain, Read
from orca_desk.formats.rows import BadRow
from orca_desk.library.connections import explain
from orca_desk.method.records import Task
from orca_desk.method.splits import QuestionCounts, variant_digests

Look = Callable[[int], None]


@dataclass
class Chunk:
    """Some rows in their order; of the tasks, the keys of the questions, and the first 64 bits of the ids.

    `size` is how many characters they have, `notes` are those up to here, `packed` are the rows pickled.
    """

    packed: bytes
    keys: "array[int]"
    ids: "array[int]"
    families: list[str]
    size: int
    first_bad: BadRow | None
    notes: dict[str, int]

    @property
    def rows(self) -> list[Read]:
        """The rows."""
        found: list[Read] = pickle.loads(self.packed)
        return found


def chunk_of(rows: list[Read]) -> Chunk:
    """Return rows as they are kept, yet without notes."""
    tasks = [row for row in rows if not isinstance(row, BadRow)]
    texts = list(map(_compared, tasks))
    ids = [row[0] if isinstance(row, tuple) else row.id for row in tasks]
    answers = [row[4] if isinstance(row, tuple) else row.answer for row in tasks]
    return Chunk(
        packed=pickle.dumps(rows, protocol=pickle.HIGHEST_PROTOCOL),
        keys=_numbers(b"".join(variant_digests(texts))),
        ids=_numbers(bytes.fromhex("".join([one[:16] for one in ids]))),
        families=[row[1] if isinstance(row, tuple) else row.family for row in tasks],
        size=sum(map(len, texts)) + sum(map(len, filter(None, answers))),
        first_bad=None if len(tasks) == len(rows) else next(row for row in rows if isinstance(row, BadRow)),
        notes={},
    )


class KeptRows:
    """Rows in a file of this process alone, and the counts of their questions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "KeptRows":
        self._file = TemporaryFile(dir=self._folder)
        self.clear()
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def clear(self) -> None:
        """Forget all rows."""
        self._file.seek(0)
        self._file.truncate()
        self.counts = QuestionCounts()
        self.tasks = 0
        self.first_bad: BadRow | None = None

    def keep(
        self, pieces: Iterable[list[Read] | Chunk], notes: Callable[[], Counter[str]], look: Look
    ) -> None:
        """Keep rows, and the notes that were made on the way."""
        for piece in pieces:
            chunk = piece if isinstance(piece, Chunk) else chunk_of(piece)
            chunk.notes = dict(notes())
            self.first_bad = self.first_bad or chunk.first_bad
            self.tasks += len(chunk.keys)
            self.counts.extend(chunk.keys, chunk.ids, chunk.families)
            chunk.families = []  # the rows have them
            with writing(self._folder):
                pickle.dump(chunk, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            look(0)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that were kept."""
        with writing(self._folder):
            self._file.seek(0)
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(self._file)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say of a full disk that it is the one of `folder`: not the one of the source."""
    try:
        yield
    except OSError as error:
        error.filename = str(folder)
        raise cannot_write(folder, error) from error
    except sqlite3.Error as error:
        raise explain(error, folder) or error from error


def _compared(task: Plain | Task) -> str:
    """Return the text by which a task is compared with others."""
    if isinstance(task, Task):
        return task.compared_text
    _, _, query, context, _ = task
    return f"{context}\n\n{query}" if context else query


def _numbers(digests: bytes) -> "array[int]":
    """Return numbers of 64 bits, of which each 8 bytes are one, the highest first."""
    numbers = array("Q", digests)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
