"""A file of tasks: what it is, decided over all of its rows before the first one becomes a task."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from orca_desk.formats.columns import map_columns
from orca_desk.formats.layout import Asked, Layout, find_layout, read_rows
from orca_desk.formats.plain_tasks import Plain, PlainTasks, shape_and_values, task_of
from orca_desk.formats.repeated_rows import RepeatedRows
from orca_desk.formats.row_counts import RowCounts
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.survey import Survey, reader_for, survey_of
from orca_desk.formats.task_rows import RowReader
from orca_desk.method.records import Task
from orca_desk.yielding import yielding

TOLD = 10_000  # rows between two reports of progress
FIRST = 1_000  # rows that show how to read the others
FIRST_CHARACTERS = 4_000_000


class TaskFile:
    """One file, as its rows. `stream` can seek; `path` is the file's name; `asked` is what the user said."""

    def __init__(self, stream: BinaryIO, path: Path, asked: Asked) -> None:
        map_columns((), asked.mapping)  # refuses fields that no task has
        self.path, self._stream, self._asked = path, stream, asked
        self.layout: Layout = find_layout(stream, path, asked)
        self._reader: RowReader | None = None

    @property
    def reader(self) -> RowReader:
        """What turns the rows into tasks, once the file was surveyed."""
        if self._reader is None:
            self.survey()
        assert self._reader is not None
        return self._reader

    def notes(self) -> Counter[str]:
        """Return what was left aside in the rows so far."""
        return Counter() if self._reader is None else Counter(self._reader.notes)

    def raw_rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows before any column is mapped."""
        return read_rows(self._stream, self.path, self.layout)

    def rows(self) -> Iterator[Task | BadRow]:
        """Yield a task or the reason why there is none, for each row."""
        return (row for _, row in self.numbered_rows())

    def numbered_rows(self) -> Iterator[tuple[int, Task | BadRow]]:
        """Yield the same with the line on which each row starts."""
        reader = self.reader
        reader.notes.clear()
        plain = PlainTasks(reader)
        for row in self.raw_rows():
            if isinstance(row, BadRow):
                yield row.line, row
            elif found := plain.take(*shape_and_values(row)):
                yield row.line, task_of(found)
            else:
                yield row.line, reader.task(row)

    def survey(
        self, limit: int | None = None, *, progress: Callable[[int], None] = lambda rows: None
    ) -> Survey:
        """Look at all rows, or the first `limit`, and decide how to read them.

        `progress` is told from time to time how many more rows were looked at.
        """
        counts = RowCounts(self._asked, self.layout)
        rows = yielding(self.raw_rows())
        for row in rows if limit is None else islice(rows, limit):
            counts.add(row)
            if counts.rows % TOLD == 0:
                progress(TOLD)
        whole = limit is None or counts.rows < limit or next(rows, None) is None
        self._reader = reader_for(self._asked, self.layout, counts)
        return survey_of(counts, self._reader, self.layout, whole=whole)

    def read(self, progress: Callable[[int], None] = lambda rows: None) -> "FirstReading":
        """Return the rows as tasks with the survey, in one go over the file."""
        return FirstReading(self, self._asked, progress)


class FirstReading:
    """A file's rows as tasks, and at the same time the survey that says how to read them.

    The first rows show it, and all others mostly agree. Once `rows` are at their end, `survey` is the whole
    file's, and `holds` tells whether that reads the rows as they were read: if not, read them again by `rows`
    of the file.
    """

    survey: Survey
    holds: bool

    def __init__(self, file: TaskFile, asked: Asked, progress: Callable[[int], None]) -> None:
        self._file, self._asked, self._progress = file, asked, progress

    def rows(self) -> Iterator[Plain | Task | BadRow]:
        """Yield a task or the reason why there is none, for each row."""
        file = self._file
        counts = RowCounts(self._asked, file.layout)
        repeated = RepeatedRows(counts)
        source = file.raw_rows()
        head = _first(source)
        for row in head:
            counts.add(row)
        reader = file._reader = reader_for(self._asked, file.layout, counts)
        plain = PlainTasks(reader)
        for place, row in enumerate(chain(head, source)):
            if place % TOLD == TOLD - 1:
                self._progress(TOLD)
            is_new = place >= len(head)
            if isinstance(row, BadRow):
                if is_new:
                    counts.add(row)
                yield row
                continue
            shape, values = shape_and_values(row)
            if is_new and not repeated.take(shape, values):
                counts.add(row)
                repeated.learn(shape, values)
            yield plain.take(shape, values) or reader.task(row)
        repeated.tell()
        final = reader_for(self._asked, file.layout, counts)
        self.holds = (final.choosing, set(final.aside)) == (reader.choosing, set(reader.aside))
        if not self.holds:
            file._reader = reader = final
        self.survey = survey_of(counts, reader, file.layout, whole=True)


def _first(rows: Iterator[Row | BadRow]) -> list[Row | BadRow]:
    """Take the rows that show how to read the others."""
    found: list[Row | BadRow] = []
    size = 0
    while len(found) < FIRST and size < FIRST_CHARACTERS and (row := next(rows, None)) is not None:
        found.append(row)
        size += len(row.raw)
    return found
