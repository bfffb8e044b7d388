"""A file of tasks: what it is, decided over all of its rows before the first one becomes a task."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from orca_desk.formats.columns import map_columns
from orca_desk.formats.json_rows import json_rows
from orca_desk.formats.layout import Asked, Layout, find_layout, read_rows
from orca_desk.formats.plain_tasks import PlainTasks, Read, RowShape, by_shape, task_of
from orca_desk.formats.repeated_rows import RepeatedRows
from orca_desk.formats.row_counts import RowCounts
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.survey import Survey, reader_for, survey_of
from orca_desk.formats.task_rows import Note, RowReader
from orca_desk.formats.text import Line, read_lines
from orca_desk.method.records import Task
from orca_desk.yielding import yielding

TOLD = 10_000  # rows between two reports of progress
FIRST = 1_000  # rows that show how to read the others
FIRST_CHARACTERS = 4_000_000
PIECE = 500  # rows that are read together
PIECE_CHARACTERS = 200_000
SHARED_PIECE = 850  # lines for a share, which has less to do beside


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What a share made of some lines: how many rows of each shape, `bad` ones, and what was left aside."""

    shapes: dict[RowShape, int]
    bad: int
    notes: Counter[Note]
    product: Any

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self.shapes.values()) + self.bad


class LineShare(Protocol):
    """Another process that reads some of the lines."""

    def send(self, lines: Sequence[Line], reader: RowReader, settled: frozenset[RowShape]) -> None:
        """Give it lines, which it reads as `reader` does if their shapes are among the settled ones."""

    def receive(self) -> Shared | None:
        """Return what it made of them; None if they are to be read here."""


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
        for rows, piece in self._pieces():
            for row, found in zip(rows, piece, strict=True):
                yield row.line, task_of(found) if isinstance(found, tuple) else found

    def pieces(self) -> Iterator[list[Read]]:
        """Yield the same by some hundred rows."""
        return (piece for _, piece in self._pieces())

    def _pieces(self) -> Iterator[tuple[list[Row | BadRow], list[Read]]]:
        reader = self.reader
        reader.notes.clear()
        plain = PlainTasks(reader)
        for rows in _pieces(self.raw_rows()):
            yield rows, plain.read(rows, by_shape(rows))

    def survey(
        self, limit: int | None = None, *, progress: Callable[[int], None] = lambda rows: None
    ) -> Survey:
        """Look at all rows, or the first `limit`, and decide how to read them.

        `progress` is called from time to time with the number of rows read since its last call.
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

    def read(
        self, progress: Callable[[int], None] = lambda rows: None, share: LineShare | None = None
    ) -> "FirstReading":
        """Return the rows as tasks with the survey, in one go over the file; `share` makes some of them."""
        return FirstReading(self, self._asked, progress, share)

    @property
    def has_lines(self) -> bool:
        """Whether the rows are on lines of JSON, each for itself."""
        return self.layout.format == "JSONL" and not self.layout.unfolds

    def lines(self) -> Iterator[Line]:
        """Yield the lines."""
        return read_lines(self._stream, self.layout.encoding, name=str(self.path))


class FirstReading:
    """A file's rows as tasks, and at the same time the survey that says how to read them.

    The first rows show it, and all others mostly agree. Once `pieces` has ended, `survey` covers the whole
    file, and `holds` says whether it reads the rows as they were read: if not, read them again by `pieces`
    of the file.
    """

    survey: Survey
    holds: bool

    def __init__(
        self, file: TaskFile, asked: Asked, progress: Callable[[int], None], share: LineShare | None
    ) -> None:
        self._file, self._asked, self._progress, self._share = file, asked, progress, share

    def pieces(self) -> Iterator[Any]:
        """Yield a task or the reason why there is none, for each row, by some hundred rows.

        In place of those that the share has made comes what it made of them.
        """
        file = self._file
        counts = RowCounts(self._asked, file.layout)
        repeated = RepeatedRows(counts)
        lines = file.lines() if self._share and file.has_lines else None
        source = file.raw_rows() if lines is None else iter(())
        head = _first(source) if lines is None else _first_of_lines(lines)
        for row in head:
            repeated.add([row], by_shape([row]))
        reader = file._reader = reader_for(self._asked, file.layout, counts)
        plain = PlainTasks(reader)
        for first in _pieces(head):
            yield plain.read(first, by_shape(first))
        untold = len(head)
        pieces: Iterator[list[Row | BadRow] | Shared]
        pieces = _pieces(source) if lines is None else self._shared(lines, reader, repeated)
        for rows in pieces:
            if isinstance(rows, Shared):
                yield rows.product
                untold += rows.count
            else:
                shapes = by_shape(rows)
                repeated.add(rows, shapes)
                yield plain.read(rows, shapes)
                untold += len(rows)
            if untold >= TOLD:
                self._progress(untold)
                untold = 0
        repeated.tell()
        final = reader_for(self._asked, file.layout, counts)
        self.holds = (final.choosing, set(final.aside)) == (reader.choosing, set(reader.aside))
        if not self.holds:
            file._reader = reader = final
        self.survey = survey_of(counts, reader, file.layout, whole=True)

    def _shared(
        self, lines: Iterator[Line], reader: RowReader, repeated: RepeatedRows
    ) -> Iterator[list[Row | BadRow] | Shared]:
        """Yield the rows on the lines, or what the share made of them while others were read here."""
        share = self._share
        assert share is not None
        while mine := _some(lines, PIECE):
            theirs = _some(lines, SHARED_PIECE)
            share.send(theirs, reader, repeated.settled())
            yield list(json_rows(mine))
            found = share.receive()
            if found is None:
                yield list(json_rows(theirs))
            else:
                repeated.add_settled(found.shapes, found.bad)
                reader.notes.update(found.notes)
                yield found


def _pieces(rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    """Yield rows by some hundred, or by fewer that are long."""
    piece: list[Row | BadRow] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += len(row.raw)
        if size >= PIECE_CHARACTERS or len(piece) == PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _some(lines: Iterator[Line], count: int) -> list[Line]:
    """Take some lines, or fewer that are long."""
    found: list[Line] = []
    size, largest = 0, count * PIECE_CHARACTERS // PIECE
    while len(found) < count and size < largest and (line := next(lines, None)) is not None:
        found.append(line)
        size += len(line.text)
    return found


def _first_of_lines(lines: Iterator[Line]) -> list[Row | BadRow]:
    """Take the rows that show how to read the others, with all rows of their lines."""
    found: list[Row | BadRow] = []
    size = 0
    while len(found) < FIRST and size < FIRST_CHARACTERS and (line := next(lines, None)) is not None:
        found += json_rows([line])
        size += len(line.text)
    return found


def _first(rows: Iterator[Row | BadRow]) -> list[Row | BadRow]:
    """Take the rows that show how to read the others."""
    found: list[Row | BadRow] = []
    size = 0
    while len(found) < FIRST and size < FIRST_CHARACTERS and (row := next(rows, None)) is not None:
        found.append(row)
        size += len(row.raw)
    return found
