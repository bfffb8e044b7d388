"""Workbooks of Excel and LibreOffice: each sheet is a table, read by calamine."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence, Set
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.parts import ContainerFormat, Form, Part
from orca_desk.formats.percentages import percent_cells
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.table_layout import TableLayout, table_of
from orca_desk.formats.table_rows import Record, table_rows
from orca_desk.formats.values import split_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what files of Excel before 2007 begin with
MOST = 1 << 30  # bytes unpacked: calamine reads a sheet as a whole
_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def is_workbook(stream: BinaryIO) -> bool:
    """Return whether a stream, which can seek, is a workbook."""
    stream.seek(0)
    head = stream.read(len(OLE))
    if head == OLE:
        return True
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            if any(name in names for name in _MEMBERS):
                return True
            return "mimetype" in names and archive.read("mimetype").strip().startswith(_ODS)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return False


class Workbook:
    """A workbook, as its sheets. `header` is what the user said about a sheet's first row."""

    format: ContainerFormat = "workbook"
    aside: Sequence[str] = ()
    by_family = False

    def __init__(self, stream: BinaryIO, path: Path, header: bool | None) -> None:
        self._stream, self._path, self._header = stream, path, header
        self._sheets: dict[str, list[Record]] = {}
        self._tables: dict[str, TableLayout] = {}
        self._names = self._read()

    def parts(self) -> tuple[Part, ...]:
        """Return the sheets with a cell that is filled."""
        return tuple(
            Part(name=name, kind="sheet", split=split_of(name), rows=sum(1 for _ in self._rows(name)))
            for name in self._names
        )

    def form(self, part: Part, inside: str) -> Form:
        """Return how a sheet holds its rows."""
        table = self._table(part.name)
        return Form(table=table, defaults=table.defaults)

    def rows(self, part: Part, inside: str) -> Iterator[Row | BadRow]:
        """Yield the rows of a sheet, with the numbers that the sheet shows."""
        return self._rows(part.name)

    def _rows(self, name: str) -> Iterator[Row | BadRow]:
        table, records = self._table(name), self._sheets[name]
        first = table.above + table.header
        return table_rows(records[first:], table.columns, header=table.header)

    def _table(self, name: str) -> TableLayout:
        if name not in self._tables:
            self._tables[name] = table_of(self._sheets[name], self._path, self._header)
        return self._tables[name]

    def _read(self) -> list[str]:
        """Read the sheets; return the names of those with a cell that is filled."""
        from python_calamine import CalamineError, PasswordError, load_workbook

        self._require_small()
        self._stream.seek(0)
        try:
            book = load_workbook(self._stream)
            percent = percent_cells(self._stream)
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if records := _records(sheet, percent.get(name, frozenset())):
                    self._sheets[name] = records
        except PasswordError as error:
            raise UserError(
                f"{self._path} is password-protected.",
                "Save it without a password, or export it as CSV.",
            ) from error
        except (CalamineError, OSError, ValueError) as error:
            raise UserError(
                f"{self._path} is not a readable workbook: {error}.",
                "Save it as .xlsx, or export it as CSV.",
            ) from error
        return list(self._sheets)

    def _require_small(self) -> None:
        self._stream.seek(0)
        if self._stream.read(2) != b"PK":
            return
        with zipfile.ZipFile(self._stream) as archive:
            size = sum(one.file_size for one in archive.infolist())
        if size > MOST:
            raise UserError(
                f"{self._path} unpacks to {size / 1e9:.1f} GB.",
                "Export it as CSV, which needs little memory.",
            )


def _records(sheet: Any, percent: Set[tuple[int, int]]) -> list[Record]:
    """Return the rows of a sheet that are not blank, numbered as the sheet numbers them.

    `percent` are the places of the cells that show percentages.
    """
    if sheet.start is None:
        return []
    found = []
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [shown(value, percent=(number - 1, column) in percent) for column, value in enumerate(values)]
        if any(map(str.strip, cells)):
            found.append(Record(line=number, cells=cells, raw=_raw(cells)))
    return found


def shown(value: Any, *, percent: bool = False) -> str:
    """Return a cell as a sheet shows it: 3 for 3.0, 50% for 0.5, a date without midnight."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if percent and isinstance(value, (int, float)):
        return f"{round(100 * value, 9):.15g}%"
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return "" if value is None else str(value)


def _raw(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
