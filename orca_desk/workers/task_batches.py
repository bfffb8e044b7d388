"""The rows of a file as batches of tasks that are ready to be stored: what the worker `rows` does.

A file is read once. Its whole content decides how its columns are read, and all tasks which of them are held
out; so the tasks are kept aside until then. Nothing here opens the library, so that a file that ends this
process takes nothing with it.
"""

from array import array
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from orca_desk.formats.layout import Asked
from orca_desk.formats.plain_tasks import Plain
from orca_desk.formats.read_as import read_as
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.refused import RefusedRows
from orca_desk.formats.rows import BadRow
from orca_desk.formats.survey import Survey
from orca_desk.formats.tasks import opened, require_task
from orca_desk.library.general_probe import probe_variants
from orca_desk.library.incoming import write_incoming
from orca_desk.library.task_columns import plain_values, task_values
from orca_desk.machine.resources import usable_cores
from orca_desk.method.records import Split, Task
from orca_desk.method.splits import HeldOut, QuestionCounts
from orca_desk.processes.protocol import Message
from orca_desk.workers.kept_rows import Chunk, KeptRows, Look, writing
from orca_desk.workers.shared_lines import LARGE, SecondReader

BATCH = 24_000  # rows that one transaction stores, or more in a large library: each changes most pages of
LARGEST_BATCH = 100_000  # its two indexes in random order, however few rows it adds; these take a second
BATCH_CHARACTERS = 32_000_000
SHOWN = 20  # refused rows that are reported in full

Sides = tuple[frozenset[int], frozenset[int]]  # the questions that the library holds out, and trains on
AskSides = Callable[[QuestionCounts], Sides]


@dataclass(frozen=True, kw_only=True)
class BatchJob:
    """What to read: `source` as `asked`, holding out `percent` of the tasks (None: as the file says).

    The library has `tasks` tasks. Those of the first `stored` rows are not sent: an earlier call has. Batches
    are written as files into the folder `scratch`, and whoever takes them deletes them. Refused rows go into
    the file `refused`, with their reasons in another beside it.
    """

    source: Path | BinaryIO
    asked: Asked
    scratch: Path
    percent: float | None = None
    tasks: int = 0
    stored: int = 0
    refused: Path | None = None


def read_batches(job: BatchJob, sides: AskSides, look: Look) -> Iterator[Message]:
    """Yield `opened`, `survey` once the whole file was looked at, then `batch` after `batch`.

    `sides` tells which questions the library holds out and trains on; it is asked if `percent` is given.
    `look` is called often, with the number of rows that were looked at since, and raises StoppedError to end
    the reading. Raises UserError if the source cannot be read, or has no readable task.
    """
    with opened(job.source) as (stream, path):
        file = TaskFile(stream, path, job.asked)
        yield _event("opened", file, Survey())
        with ExitStack() as stack:
            kept = stack.enter_context(KeptRows(job.scratch))
            share = stack.enter_context(SecondReader()) if _is_shared(job.source, file) else None
            reading = file.read(look, share)
            kept.keep(reading.pieces(), file.notes, look)
            if not reading.holds:
                kept.clear()
                kept.keep(file.pieces(), file.notes, look)
            held = None
            if job.percent is not None:
                held_before, trained = sides(kept.counts)
                held = kept.counts.choose(job.percent, held=held_before, trained=trained)
            yield _event("survey", file, reading.survey)
            require_task(kept.tasks, kept.first_bad, path)
            refused = stack.enter_context(RefusedRows(job.refused, file))
            yield from _Batches(kept, held, refused, job).events(look)


def _is_shared(source: Path | BinaryIO, file: TaskFile) -> bool:
    """Return whether a second process reads half of the lines: where it pays, and there is a processor."""
    is_large = isinstance(source, Path) and source.is_file() and source.stat().st_size >= LARGE
    return is_large and file.has_lines and usable_cores() > 1


def _event(name: str, file: TaskFile, survey: Survey) -> Message:
    return {"event": name, "rows": survey.rows, "read_as": read_as(file, survey).to_json()}


class _Batches:
    """Kept rows on their way to the host."""

    def __init__(self, kept: KeptRows, held: HeldOut | None, refused: RefusedRows, job: BatchJob) -> None:
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
            wanted = min(max(BATCH, (self._job.tasks + self._rows) // 4), LARGEST_BATCH)
            if self._count >= wanted or self._size >= BATCH_CHARACTERS:
                yield self._batch(notes)
        yield self._batch(notes)

    def _add(self, chunk: Chunk) -> None:
        keys, rows = iter(chunk.keys), chunk.rows
        self._size += chunk.size
        self._count += len(rows)
        for row in rows:
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
        self._ids.extend(chunk.ids)

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
            with writing(self._job.scratch):
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
