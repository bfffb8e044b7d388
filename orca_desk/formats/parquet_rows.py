"""The rows of a Parquet file, as most data sets on the Hub are; read by pyarrow where it is installed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.rows import BadRow, Literal, Row

MAGIC = b"PAR1"
_BATCH = 1_000  # rows in memory


def is_parquet(stream: BinaryIO) -> bool:
    """Return whether a stream, which can seek, begins as a Parquet file."""
    stream.seek(0)
    return stream.read(len(MAGIC)) == MAGIC


def require_pyarrow(name: str) -> None:
    """Raise UserError, which calls the file `name`, where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"{name} is a Parquet file, which is read by the package pyarrow; it is not installed.",
            "Install it (pip install pyarrow), or export the file as JSONL or CSV.",
        ) from error


def parquet_rows(stream: BinaryIO, *, name: str) -> Iterator[Row | BadRow]:
    """Yield the rows of a Parquet file, numbered from 1 as lines. Raises UserError for a damaged file."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    stream.seek(0)
    line = 0
    try:
        for batch in ParquetFile(stream).iter_batches(_BATCH):
            for values in batch.to_pylist():
                line += 1
                plain = _plain(values)
                yield Row(line=line, values=plain, raw=json.dumps(plain, ensure_ascii=False))
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(
            f"{name} is no whole Parquet file: {str(error).splitlines()[0]}", "Copy or download it again."
        ) from error


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, numbers as they are written."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return Literal(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
