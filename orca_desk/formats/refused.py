"""Rows that were refused, in a file of their own: corrected there, they can be imported."""

import csv
import io
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from orca_desk.errors import cannot_write
from orca_desk.files import atomic_writer, remove_leftovers
from orca_desk.formats.layout import Layout
from orca_desk.formats.rows import BadRow


class LaidOut(Protocol):
    """A file whose layout of rows is known."""

    layout: Layout


class RefusedRows:
    """Writes refused rows as their file has them, below the same header; nothing without a path.

    A second file, `reasons_path`, has the line of each in the source, and why it was refused. Without a
    refused row no file is written.
    """

    def __init__(self, path: Path | None, file: LaidOut) -> None:
        self._path, self._file = path, file
        self._stack = ExitStack()
        self._output: IO[bytes] | None = None
        self._reasons: IO[bytes] | None = None

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, row: BadRow) -> None:
        """Write a row. Raises UserError if the file cannot be written."""
        if self._path is None:
            return
        text = row.raw.rstrip("\r\n")
        if self._file.layout.format == "JSON":
            text = " ".join(text.splitlines())
        try:
            if self._output is None:
                for path in (self._path, reasons_path(self._path)):
                    remove_leftovers(path)
                self._output = self._stack.enter_context(atomic_writer(self._path))
                self._output.write(self._heading())
                self._reasons = self._stack.enter_context(atomic_writer(reasons_path(self._path)))
                self._reasons.write(_csv_line("line", "part", "reason", "what to do"))
            self._output.write(text.encode("utf-8", "surrogateescape") + b"\n")
            assert self._reasons is not None
            self._reasons.write(_csv_line(row.line, row.part, row.what, row.hint))
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def _heading(self) -> bytes:
        table = self._file.layout.table
        if table is None or not table.header:
            return b""
        line = io.StringIO()
        csv.writer(line, delimiter=table.delimiter, lineterminator="\n").writerow(table.columns)
        return line.getvalue().encode()


def reasons_path(path: Path) -> Path:
    """Return the file with the reasons for the rows in `path`: "refused.jsonl.reasons.csv"."""
    return path.with_name(f"{path.name}.reasons.csv")


def _csv_line(*cells: object) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("utf-8", "backslashreplace")
