"""The rows of a JSONL or CSV file, as names and values; a row that cannot be read says why."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.formats.columns import map_columns
from orca_desk.formats.text import MAX_LINE, Line

csv.field_size_limit(MAX_LINE)
_DELIMITERS = ",;\t|"
_MAX_CELL_LINES = 2000  # a quoted cell that spans more was never closed
_MIN_CELL_LINES = 50  # the same in a file full of such cells, whose lines are read repeatedly

NOT_TEXT = "Save the file as UTF-8, or remove the row."
NOT_QUOTED = "Correct the quotes, or remove the row."


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that was skipped: its line from 1, the problem, and what to do about it."""

    line: int
    what: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row's values by column, with the line on which it starts."""

    line: int
    values: dict[str, Any]


class Literal(str):
    """A JSON number as it was written, so that 1.50 stays 1.50."""

    __slots__ = ()


def json_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield one row for each line that is a JSON object; blank lines are skipped."""
    for line in lines:
        if line.fault:
            yield _faulty(line)
        elif line.text.strip():
            yield _json_row(line)


def csv_rows(lines: Iterable[Line], *, name: str) -> Iterator[Row | BadRow]:
    """Yield the rows of a CSV file with a header; the separator is the best of comma, semicolon, tab and bar.

    A quote that never closes costs its own row, not the rest of the file. Raises UserError for a header
    that is missing or names a column twice.
    """
    feed = _Feed(lines)
    first = next((line for line in feed.lines() if line.fault or line.text.strip()), None)
    if first is None:
        return
    if first.fault:
        raise UserError(f"The header of {name} cannot be read: {first.fault}.", "Save it as UTF-8 text.")
    delimiter = _delimiter(first.text)
    header = [cell.strip() for cell in next(csv.reader([first.text], delimiter=delimiter))]
    if twice := sorted(cell for cell, count in Counter(header).items() if cell and count > 1):
        raise UserError(f"{name} has two columns named {twice[0]!r}.", "Give each column its own name.")
    for line, cells in feed.records(delimiter):
        if isinstance(cells, BadRow):
            yield cells
        elif len(cells) > len(header):
            what = f"the row has {len(cells)} cells, the header {len(header)}"
            yield BadRow(line=line, what=what, hint="Put quotes around cells that contain the separator.")
        elif any(cell.strip() for cell in cells):
            yield Row(line=line, values=dict(zip(header, cells, strict=False)))


class _Feed:
    """Lines for the CSV parser, which can be put back when a record turns out to be broken."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._source = iter(lines)
        self._put_back: list[Line] = []
        self._taken: list[Line] = []
        self._reread = 0

    def lines(self) -> Iterator[Line]:
        while True:
            line = self._put_back.pop() if self._put_back else next(self._source, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def records(self, delimiter: str) -> Iterator[tuple[int, list[str] | BadRow]]:
        """Yield (line, cells) or (line, problem); after a broken record, continue at its second line."""
        while True:
            self._taken = []
            reader = csv.reader(self._texts(), delimiter=delimiter, strict=True)
            try:
                cells = next(reader, None)
            except csv.Error as error:
                start, *rest = self._taken
                self._put_back.extend(reversed(rest))
                self._reread += len(rest)
                hint = NOT_TEXT if any(line.fault for line in (start, *rest)) else NOT_QUOTED
                what = start.fault or _csv_fault(str(error))
                yield start.number, BadRow(line=start.number, what=what, hint=hint)
                continue
            if cells is None:
                return
            yield self._taken[0].number, cells

    def _texts(self) -> Iterator[str]:
        most = max(_MIN_CELL_LINES, _MAX_CELL_LINES - self._reread // 50)
        for count, line in enumerate(self.lines()):
            if line.fault or count == most:
                raise csv.Error(line.fault or "unexpected end of data")
            yield line.text


def _csv_fault(error: str) -> str:
    if any(known in error for known in ("unexpected end", "field larger", "expected after")):
        return "a quoted cell is not closed, or continues after its closing quote"
    return f"the row is not valid CSV ({error})"


def _delimiter(header: str) -> str:
    """The separator under which the header shows most known columns, then most columns."""

    def score(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([header], delimiter=delimiter))
        return len(map_columns(cells)), len(cells)

    return max(_DELIMITERS, key=score)


def _json_row(line: Line) -> Row | BadRow:
    try:
        value = json.loads(
            line.text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=Literal,
            parse_float=Literal,
        )
    except _JSONFaultError as error:
        return BadRow(line=line.number, what=str(error), hint="Correct it; the row was skipped.")
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg} at character {error.pos + 1}"
        return BadRow(line=line.number, what=what, hint="Each line must be a complete JSON object.")
    except RecursionError:
        return BadRow(line=line.number, what="the JSON is nested too deeply", hint="A task is a flat object.")
    if not isinstance(value, dict):
        hint = 'Write one object per line, e.g. {"query": "...", "answer": "..."}.'
        return BadRow(line=line.number, what="the line is not a JSON object", hint=hint)
    return Row(line=line.number, values=value)


class _JSONFaultError(Exception):
    """JSON that Python accepts but nobody intends."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _JSONFaultError(f"the key {twice!r} appears twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise _JSONFaultError(f"{name} is not a JSON value")


def _faulty(line: Line) -> BadRow:
    return BadRow(line=line.number, what=line.fault, hint=NOT_TEXT)
