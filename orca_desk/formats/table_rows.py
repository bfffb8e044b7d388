"""The rows of a table in a text file: cells with separators and quotes."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orca_desk.formats.rows import NOT_TEXT, BadRow, Row
from orca_desk.formats.text import MARK, MAX_LINE, Line

csv.field_size_limit(MAX_LINE)
_MAX_CELL_LINES = 2000  # a quoted cell that spans more was never closed
_MIN_CELL_LINES = 50  # the same in a file full of such cells, whose lines are read repeatedly
_RULE = re.compile(r":?-{2,}:?|:-:?|-:")
NOT_QUOTED = "Correct the quotes, or remove the row."


@dataclass(frozen=True, kw_only=True)
class Record:
    """The cells of one row, with the line on which it starts and its text."""

    line: int
    cells: list[str]
    raw: str


def records(lines: Iterable[Line], delimiter: str) -> Iterator[Record | BadRow]:
    """Yield the records of a table. A quote that never closes costs its own row, not the rest of the file."""
    return _Feed(lines).records(delimiter)


def table_rows(
    found: Iterable[Record | BadRow], columns: Sequence[str], *, header: bool
) -> Iterator[Row | BadRow]:
    """Yield the rows of a table with these columns; with a `header`, its repetitions are left out.

    Files that were joined repeat their header in the middle. Blank rows are skipped, and the rule below the
    header of a table in Markdown.
    """
    names = list(columns)
    for place, record in enumerate(found):
        if isinstance(record, BadRow):
            yield record
            continue
        cells = record.cells
        if len(names) == 1 < len(cells) and '"' not in record.raw:
            cells = [record.raw]  # one column needs no quotes around its commas
        while len(cells) > len(names) and not cells[-1].strip():
            cells.pop()
        if len(cells) > len(names):
            what = f"the row has {len(cells)} cells, the header {len(names)}"
            hint = "Put quotes around cells that contain the separator."
            yield BadRow(line=record.line, what=what, hint=hint, raw=record.raw)
        elif header and (heading_cells(cells) == names or (place == 0 and _is_rule(cells))):
            continue
        elif any(cell.strip() for cell in cells):
            yield Row(line=record.line, values=dict(zip(names, cells, strict=False)), raw=record.raw)


def _is_rule(cells: Sequence[str]) -> bool:
    return all(not cell.strip() or _RULE.fullmatch(cell.strip()) for cell in cells)


def heading_cells(cells: Sequence[str]) -> list[str]:
    """Return the cells of a header as names of columns; one without a name is called by its place."""
    names = [cell.replace("\r\n", "\n").strip().strip(MARK) for cell in cells]
    return [name or f"Column {place}" for place, name in enumerate(names, 1)]


class _Feed:
    """Lines for the CSV parser, which can be put back when a record turns out to be broken."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._source = _split_at_marks(lines)
        self._put_back: list[Line] = []
        self._taken: list[Line] = []
        self._reread = 0

    def records(self, delimiter: str) -> Iterator[Record | BadRow]:
        """Yield the records; after a broken one, continue at its second line."""
        while True:
            self._taken = []
            reader = csv.reader(self._texts(), delimiter=delimiter, strict=True, skipinitialspace=True)
            try:
                cells = next(reader, None)
            except csv.Error as error:
                start, *rest = self._taken
                if not start.fault and (cells := _mended(start.text, delimiter, whole=not rest)):
                    self._put_back.extend(reversed(rest))
                    yield Record(line=start.number, cells=cells, raw=start.text)
                    continue
                self._put_back.extend(reversed(rest))
                self._reread += len(rest)
                hint = NOT_TEXT if any(line.fault for line in (start, *rest)) else NOT_QUOTED
                what = start.fault or _csv_fault(str(error))
                yield BadRow(line=start.number, what=what, hint=hint, raw=start.text or start.raw)
                continue
            if cells is None:
                return
            raw = "".join(line.text for line in self._taken)
            yield Record(line=self._taken[0].number, cells=cells, raw=raw)

    def _lines(self) -> Iterator[Line]:
        while True:
            line = self._put_back.pop() if self._put_back else next(self._source, None)
            if line is None:
                return
            self._taken.append(line)
            yield line

    def _texts(self) -> Iterator[str]:
        most = max(_MIN_CELL_LINES, _MAX_CELL_LINES - self._reread // 50)
        for count, line in enumerate(self._lines()):
            if line.fault or count == most:
                raise csv.Error(line.fault or "unexpected end of data")
            yield line.text


def _split_at_marks(lines: Iterable[Line]) -> Iterator[Line]:
    """Begin a new line at each byte order mark: there a file without a last line end was joined to another.

    Within a quoted cell the parts come together again.
    """
    for line in lines:
        if MARK in line.text:
            for part in line.text.split(MARK):
                yield Line(number=line.number, text=part)
        else:
            yield line


def _mended(text: str, delimiter: str, *, whole: bool) -> list[str] | None:
    """Return the cells of a line in another dialect; None if that is not what is wrong with it.

    Such dialects have spaces after closing quotes, backslashes before inner quotes, or tabs and no quotes at
    all; `whole` says that the line is a record on its own.
    """
    if cells := _without_spaces(text, delimiter):
        return cells
    if '\\"' in text:
        escaped = csv.reader([text], delimiter=delimiter, escapechar="\\", doublequote=False, strict=True)
        try:
            return next(escaped, None)
        except csv.Error:
            return None
    return text.rstrip("\r\n").split("\t") if delimiter == "\t" and whole else None


def _without_spaces(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line with spaces after closing quotes; None if it has another fault."""
    spaced = re.compile(rf'"[ \t]+(?={re.escape(delimiter)}|[\r\n]*\Z)')
    without = spaced.sub('"', text)
    if without == text:
        return None
    try:
        return next(csv.reader([without], delimiter=delimiter, strict=True, skipinitialspace=True), None)
    except csv.Error:
        return None


def _csv_fault(error: str) -> str:
    if any(known in error for known in ("unexpected end", "field larger", "expected after")):
        return "a quoted cell is not closed, or continues after its closing quote"
    return f"the row is not valid CSV ({error})"
