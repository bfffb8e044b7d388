"""The rows of a file as batches of tasks that are ready to be stored: what the worker `rows` does.

A file is read once. Its whole content decides how its columns are read, and all tasks which of them are held
out; so the tasks are kept aside until then. Nothing here opens the library, so that a file that ends this
process takes nothing with it.
"""

import contextlib
import pickle
import sqlite3
import sys
from array import array
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from orca_desk.errors import cannot_write
from orca_desk.formats.layout import Asked
from orca_desk.formats.plain_tasks import Plain
from orca_desk.formats.read_as import read_as
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.survey import Survey
from orca_desk.formats.tasks import opened, require_task
from orca_desk.library.connections import explain
from orca_desk.library.general_probe import probe_variants
from orca_desk.library.incoming import write_incoming
from orca_desk.library.task_columns import plain_values, task_values
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import HeldOut, QuestionCounts, variant_digest
from orca_desk.processes.protocol import Message

BATCH = 24_000  # rows that one transaction stores, in half a second; fewer change the same pages more often
BATCH_CHARACTERS = 8_000_000
CHUNK = 1_000  # rows that are kept together
CHUNK_CHARACTERS = 500_000
SHOWN = 20  # refused rows that are told of in full

Look = Callable[[int], None]
Sides = Callable[[QuestionCounts], tuple[frozenset[int], frozenset[int]]]
Kept = Plain | Task | BadRow


@dataclass(frozen=True, kw_only=True)
class BatchJob:
    """What to read: `source` as `asked`, holding out `percent` of the tasks (None: as the file says).

    The tasks of the first `stored` rows are not sent: an earlier call has. Batches are written as files into
    the folder `scratch`, and whoever takes them deletes them. Refused rows go into the file `refused`, with
    their reasons in another beside it.
    """

    source: Path | BinaryIO
    asked: Asked
    scratch: Path
    percent: float | None = None
    stored: int = 0
    refused: Path | None = None


def read_batches(job: BatchJob, sides: Sides, look: Look) -> Iterator[Message]:
    """Yield `opened`, `survey` once the whole file was looked at, then `batch` after `batch`.

    `sides` tells which questions the library holds out and trains on; it is asked if `percent` is given.
    `look` is called often, with the number of rows that were looked at since, and raises StoppedError to end
    the reading. Raises UserError if the source cannot be read, or has no readable task.
    """
    with opened(job.source) as (stream, path):
        file = TaskFile(stream, path, job.asked)
        yield _event("opened", file, Survey())
        with ExitStack() as stack:
            kept = stack.enter_context(_KeptRows(job.scratch))
            reading = file.read(look)
            kept.keep(reading.rows(), file.notes, look)
            if not reading.holds:
                kept.clear()
                kept.keep(file.rows(), file.notes, look)
            held = None
            if job.percent is not None:
                held_before, trained = sides(kept.counts)
                held = kept.counts.choose(job.percent, held=held_before, trained=trained)
            yield _event("survey", file, reading.survey)
            require_task(kept.tasks, kept.first_bad, path)
            refused = stack.enter_context(RefusedRows(job.refused, file))
            yield from _Batches(kept, held, refused, job).events(look)


def plan_held_out(rows: Iterable[Task | BadRow], percent: float, sides: Sides) -> HeldOut:
    """Return which questions of these rows to hold out: the nearest whole number of each family's tasks.

    A variant of a question that the library has goes where that one is.
    """
    counts = QuestionCounts()
    for row in rows:
        if isinstance(row, Task):
            counts.add(row)
    held, trained = sides(counts)
    return counts.choose(percent, held=held, trained=trained)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say of a full disk that it is the one of `folder`: not the one of the source."""
    try:
        yield
    except OSError as error:
        error.filename = str(folder)
        raise cannot_write(folder, error) from error
    except sqlite3.Error as error:
        raise explain(error, folder) or error from error


def _event(name: str, file: TaskFile, survey: Survey) -> Message:
    return {"event": name, "rows": survey.rows, "read_as": read_as(file, survey).to_json()}


@dataclass
class _Chunk:
    """Some rows in their order; the digests of the tasks' questions, their ids, and the notes up to here."""

    rows: list[Kept] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    size: int = 0
    notes: dict[str, int] = field(default_factory=dict)


class _KeptRows:
    """Rows in a file of this process alone, and the counts of their questions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "_KeptRows":
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

    def keep(self, rows: Iterable[Kept], notes: Callable[[], Counter[str]], look: Look) -> None:
        """Keep rows, and the notes that were made on the way."""
        chunk = _Chunk()
        for row in rows:
            chunk.rows.append(row)
            if isinstance(row, tuple):
                _, _, query, context, answer = row
                text = f"{context}\n\n{query}" if context else query
                chunk.size += len(text) + len(answer or "")
                chunk.digests.append(variant_digest(text))
            elif isinstance(row, Task):
                chunk.size += len(row.conversation) + len(row.answer or "")
                chunk.digests.append(variant_digest(row.compared_text))
            elif self.first_bad is None:
                self.first_bad = row
            if len(chunk.rows) == CHUNK or chunk.size >= CHUNK_CHARACTERS:
                self._keep(chunk, notes())
                chunk = _Chunk()
                look(0)
        self._keep(chunk, notes())

    def _keep(self, chunk: _Chunk, notes: Counter[str]) -> None:
        tasks = [row for row in chunk.rows if not isinstance(row, BadRow)]
        families = [row[1] if isinstance(row, tuple) else row.family for row in tasks]
        self.tasks += len(tasks)
        self.counts.extend(_numbers(b"".join(chunk.digests)), _ids(tasks), families)
        chunk.notes = dict(notes)
        with _writing(self._folder):
            pickle.dump(chunk, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def chunks(self) -> Iterator[_Chunk]:
        """Yield the rows that were kept."""
        with _writing(self._folder):
            self._file.seek(0)
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(self._file)


class _Batches:
    """Kept rows on their way to the host."""

    def __init__(self, kept: _KeptRows, held: HeldOut | None, refused: RefusedRows, job: BatchJob) -> None:
        self._kept, self._held, self._refused, self._job = kept, held, refused, job
        self._probe = probe_variants()
        self._rows = self._shown = self._files = 0
        self._clear()

    def events(self, look: Look) -> Iterator[Message]:
        """Yield a batch whenever one is full, and what is left once there are no more rows."""
        notes: dict[str, int] = {}
        for chunk in self._kept.chunks():
            look(0)
            self._add(chunk)
            notes = chunk.notes
            if self._count >= BATCH or self._size >= BATCH_CHARACTERS:
                yield self._batch(notes)
        yield self._batch(notes)

    def _add(self, chunk: _Chunk) -> None:
        keys = iter(_numbers(b"".join(chunk.digests)))
        self._size += chunk.size
        self._count += len(chunk.rows)
        for row in chunk.rows:
            self._rows += 1
            if isinstance(row, BadRow):
                self._refuse(row)
                continue
            key = next(keys)
            split = self._split(row, key)
            self._keys.append(key & ~1 | (split == "heldout"))
            if self._rows <= self._job.stored:
                continue
            if isinstance(row, tuple):
                self._tasks.append(plain_values(*row, split))
            else:
                self._tasks.append(task_values(row if row.split == split else replace(row, split=split)))
        self._ids.extend(_ids(row for row in chunk.rows if not isinstance(row, BadRow)))

    def _split(self, row: Plain | Task, key: int) -> Split:
        if self._held is not None:
            split: Split = "heldout" if key in self._held.keys else "train"
        else:
            split = "train" if isinstance(row, tuple) else row.split
        if split != "heldout" and key in self._probe:
            self._general += 1
            return "heldout"
        return split

    def _refuse(self, row: BadRow) -> None:
        self._bad += 1
        self._refused.add(row)
        if self._shown < SHOWN:
            self._shown += 1
            self._problems.append({**asdict(row), "raw": row.raw[:1000]})

    def _batch(self, notes: dict[str, int]) -> Message:
        file = None
        if self._tasks:
            self._files += 1
            file = self._job.scratch / f"batch-{self._files}.db"
            with _writing(self._job.scratch):
                write_incoming(file, self._tasks)
        event = {
            "event": "batch",
            "rows": self._count,
            "bad": self._bad,
            "general": self._general,
            "tasks": len(self._tasks),
            "file": str(file) if file else None,
            "keys": b64encode(self._keys.tobytes()).decode(),
            "ids": b64encode(self._ids.tobytes()).decode(),
            "problems": self._problems,
            "notes": notes,
        }
        self._clear()
        return event

    def _clear(self) -> None:
        self._count = self._bad = self._general = self._size = 0
        self._tasks: list[Any] = []
        self._problems: list[Message] = []
        self._keys: array[int] = array("Q")  # of all tasks: the key of the question, the last bit its split
        self._ids: array[int] = array("Q")  # the first 64 bits of their ids


def _ids(tasks: Iterable[Plain | Task]) -> "array[int]":
    """Return the first 64 bits of the tasks' ids."""
    ids = [row[0] if isinstance(row, tuple) else row.id for row in tasks]
    return _numbers(bytes.fromhex("".join([one[:16] for one in ids])))


def _numbers(digests: bytes) -> "array[int]":
    """Return numbers of 64 bits, of which each 8 bytes are one, the highest first."""
    numbers = array("Q", digests)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
