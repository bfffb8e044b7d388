"""Files of rows, written as the rows come: JSON lines, CSV and Parquet."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from orca_desk.formats.writers.data_formats import Container

_BATCH = 1_000  # rows of a Parquet file in memory
_WHOLE = frozenset({
    "sample", "strategy_version", "batch", "prompt_tokens", "completion_tokens", "position", "line",
    "questions", "answered", "graded", "correct_answers",
})  # fmt: skip
_TRUE_OR_FALSE = frozenset({"correct", "label", "edited", "leaked", "held_out"})
_TEXTS = frozenset({"tags", "leaks"})
_CONVERSATIONS = frozenset({"messages", "earlier_turns"})


class RowFile(Protocol):
    """A file that takes rows."""

    def write(self, values: Mapping[str, Any]) -> None:
        """Add a row."""


@contextmanager
def row_file(path: Path, container: Container) -> Iterator[RowFile]:
    """Yield a new file at `path` that takes rows with the same columns each; JSON lines may leave some out.

    Raises OSError if it cannot be written.
    """
    if container == "parquet":
        parquet = _ParquetFile(path)
        try:
            yield parquet
        finally:
            parquet.close()
        return
    with path.open("wb", buffering=1 << 20) as file:
        yield _JsonLines(file) if container == "jsonl" else _CsvFile(file)


def rows_sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _JsonLines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, values: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")


class _CsvFile:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._columns: list[str] = []

    def write(self, values: Mapping[str, Any]) -> None:
        if not self._columns:
            self._columns = list(values)
            self._write(self._columns)
        self._write([_cell(name, values.get(name)) for name in self._columns])

    def _write(self, cells: list[Any]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        self._file.write(line.getvalue().encode())


def _cell(name: str, value: Any) -> Any:
    if name == "tags" and isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


class _ParquetFile:
    """Rows in batches; the first row says the columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[Mapping[str, Any]] = []
        self._writer: Any = None
        self._schema: Any = None

    def write(self, values: Mapping[str, Any]) -> None:
        self._rows.append(values)
        if len(self._rows) == _BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        if self._writer is None:
            self._schema = pyarrow.schema(
                [(name, _arrow_type(name, value)) for name, value in self._rows[0].items()]
            )
            self._writer = ParquetWriter(self._path, self._schema, compression="zstd")
        batch = pyarrow.RecordBatch.from_pylist(self._rows, schema=self._schema)
        self._writer.write_batch(batch)
        self._rows = []


def _arrow_type(name: str, value: Any) -> Any:
    import pyarrow

    text = pyarrow.string()
    if name in _WHOLE:
        return pyarrow.int64()
    if name in _TRUE_OR_FALSE:
        return pyarrow.bool_()
    if name in _TEXTS:
        return pyarrow.list_(text)
    if name == "conversations":
        return pyarrow.list_(pyarrow.struct([("from", text), ("value", text)]))
    if name in _CONVERSATIONS or isinstance(value, list):
        return pyarrow.list_(pyarrow.struct([("role", text), ("content", text)]))
    return text
