"""The rows of a file as batches of tasks that are ready to be stored: what the worker `rows` does.

The file is gone over twice: its whole content decides how its columns are read. Which questions are held out
is decided by all tasks, which are kept aside until then. Nothing here opens the library, so that a file that
ends this process takes nothing with it.
"""

import contextlib
import pickle
from array import array
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from orca_desk.formats.layout import Asked
from orca_desk.formats.read_as import read_as
from orca_desk.formats.reading import Survey, TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened, readable
from orca_desk.library.general_probe import probe_variants
from orca_desk.library.tasks import task_values
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import HeldOut, QuestionCounts, variant_key
from orca_desk.processes.protocol import Message
from orca_desk.yielding import yielding

BATCH = 8_000  # rows, which one transaction stores in a fraction of a second
BATCH_CHARACTERS = 4_000_000
LOOK_EVERY = 1_000  # rows
SHOWN = 20  # refused rows that are told of in full

Look = Callable[[int], None]
Sides = Callable[[QuestionCounts], tuple[frozenset[int], frozenset[int]]]


@dataclass(frozen=True, kw_only=True)
class BatchJob:
    """What to read: `source` as `asked`, holding out `percent` of the tasks (None: as the file says).

    The tasks of the first `stored` rows are not sent: an earlier call has. Refused rows go into the file
    `refused`, with their reasons in another beside it.
    """

    source: Path | BinaryIO
    asked: Asked
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
        survey = file.survey(progress=look)
        with ExitStack() as stack:
            rows, held = file.rows(), None
            if job.percent is not None:
                kept = stack.enter_context(_Kept())
                held = plan_held_out(kept.keeping(_watched(rows, look)), job.percent, sides)
                rows = kept.rows()
            yield _event("survey", file, survey)
            refused = stack.enter_context(RefusedRows(job.refused, file))
            yield from _Batches(file, rows, held, refused, job.stored).events(path, look)


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


def _watched(rows: Iterable[Task | BadRow], look: Look) -> Iterator[Task | BadRow]:
    for place, row in enumerate(yielding(rows)):
        if place % LOOK_EVERY == 0:
            look(0)
        yield row


def _event(name: str, file: TaskFile, survey: Survey) -> Message:
    return {"event": name, "rows": survey.rows, "read_as": read_as(file, survey).to_json()}


class _Kept:
    """Rows in a file of this process alone, so that the choice of what to hold out reads the source once."""

    def __enter__(self) -> "_Kept":
        self._file = TemporaryFile()
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def keeping(self, rows: Iterable[Task | BadRow]) -> Iterator[Task | BadRow]:
        """Yield rows, and keep them."""
        source = iter(rows)
        while chunk := list(islice(source, LOOK_EVERY)):
            pickle.dump(chunk, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            yield from chunk

    def rows(self) -> Iterator[Task | BadRow]:
        """Yield the rows that were kept."""
        self._file.seek(0)
        with contextlib.suppress(EOFError):
            while True:
                yield from pickle.load(self._file)


class _Batches:
    """The second time over the file."""

    def __init__(
        self,
        file: TaskFile,
        rows: Iterable[Task | BadRow],
        held: HeldOut | None,
        refused: RefusedRows,
        stored: int,
    ) -> None:
        self._source = rows
        self._file, self._held, self._refused, self._stored = file, held, refused, stored
        self._probe = probe_variants()
        self._rows = self._shown = 0
        self._clear()

    def events(self, path: Path, look: Look) -> Iterator[Message]:
        """Yield a batch whenever one is full, and what is left once there are no more rows."""
        for row in yielding(readable(self._source, path)):
            self._add(row)
            if self._rows % LOOK_EVERY == 0:
                look(0)
            if self._count >= BATCH or self._size >= BATCH_CHARACTERS:
                yield self._batch()
        yield self._batch()

    def _add(self, row: Task | BadRow) -> None:
        self._rows += 1
        self._count += 1
        if isinstance(row, BadRow):
            self._bad += 1
            self._refused.add(row)
            if self._shown < SHOWN:
                self._shown += 1
                self._problems.append({**asdict(row), "raw": row.raw[:1000]})
            return
        key = variant_key(row.compared_text)
        split: Split = row.split if self._held is None else "heldout" if key in self._held.keys else "train"
        if split != row.split:
            row = replace(row, split=split)
        if row.split != "heldout" and key in self._probe:
            self._general += 1
            row = replace(row, split="heldout")
        self._keys.append(key & ~1 | (row.split == "heldout"))
        self._ids.append(int(row.id[:16], 16))
        if self._rows > self._stored:
            self._size += len(row.query) + len(row.context) + len(row.answer or "")
            self._tasks.append(task_values(row))

    def _batch(self) -> Message:
        event = {
            "event": "batch",
            "rows": self._count,
            "bad": self._bad,
            "general": self._general,
            "tasks": self._tasks,
            "keys": b64encode(self._keys.tobytes()).decode(),
            "ids": b64encode(self._ids.tobytes()).decode(),
            "problems": self._problems,
            "notes": dict(self._file.reader.notes),
        }
        self._clear()
        return event

    def _clear(self) -> None:
        self._count = self._bad = self._general = self._size = 0
        self._tasks: list[list[Any]] = []
        self._problems: list[Message] = []
        self._keys: array[int] = array("Q")  # of all tasks: the key of the question, the last bit its split
        self._ids: array[int] = array("Q")  # the first 64 bits of their ids
