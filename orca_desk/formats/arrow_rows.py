"""The rows of Parquet and Arrow files, as most data sets on the Hub are; read by pyarrow."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from typing import Literal as OneOf

from orca_desk.errors import UserError
from orca_desk.formats.rows import BadRow, Literal, Row

ArrowFormat = OneOf["Parquet", "Arrow"]
PARQUET = b"PAR1"
ARROW = b"ARROW1"
STREAM = b"\xff\xff\xff\xff"  # before the length of the schema, with which a stream begins
_BATCH = 1_000  # rows in memory


def arrow_format(stream: BinaryIO) -> ArrowFormat | None:
    """Return what a stream, which can seek, begins as: Parquet, Arrow (a file or a stream), or neither."""
    stream.seek(0)
    head = stream.read(len(ARROW))
    if head.startswith(PARQUET):
        return "Parquet"
    if head == ARROW:
        return "Arrow"
    return "Arrow" if head.startswith(STREAM) and _is_stream(stream) else None


def arrow_rows(stream: BinaryIO, *, name: str) -> Iterator[Row | BadRow]:
    """Yield the rows of such a file, numbered from 1 as lines. Raises UserError for a damaged file.

    The numbers of classes are replaced by their names, where the data set gives these.
    """
    import pyarrow

    kind = arrow_format(stream)
    line = 0
    try:
        for batch in _batches(stream, kind):
            classes = _classes(batch.schema)
            for values in batch.to_pylist():
                line += 1
                for column, names in classes.items():
                    values[column] = _class_name(values[column], names)
                plain = _plain(values)
                yield Row(line=line, values=plain, raw=json.dumps(plain, ensure_ascii=False))
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        what = (str(error).splitlines() or [""])[0]
        raise UserError(
            f"{name} is not a complete {kind} file: {what}", "Copy or download it again."
        ) from error


def _batches(stream: BinaryIO, kind: ArrowFormat | None) -> Iterator[Any]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    stream.seek(0)
    if kind == "Parquet":
        yield from ParquetFile(stream).iter_batches(_BATCH)
        return
    stream.seek(0)
    if stream.read(len(ARROW)) == ARROW:
        stream.seek(0)
        file = pyarrow.ipc.open_file(stream)
        whole = (file.get_batch(place) for place in range(file.num_record_batches))
    else:
        stream.seek(0)
        whole = iter(pyarrow.ipc.open_stream(stream))
    for batch in whole:
        for start in range(0, batch.num_rows, _BATCH):
            yield batch.slice(start, _BATCH)


def _is_stream(stream: BinaryIO) -> bool:
    import pyarrow

    stream.seek(0)
    try:
        pyarrow.ipc.open_stream(stream)
    except (pyarrow.ArrowException, OSError):
        return False
    return True


def _classes(schema: Any) -> dict[str, list[str]]:
    """Return the names of the classes of columns of class numbers, as Hugging Face's data sets store them."""
    try:
        stored = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = stored["info"]["features"]
        found = {
            name: one["names"]
            for name, one in features.items()
            if isinstance(one, dict) and one.get("_type") == "ClassLabel" and one.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: names for name, names in found.items() if name in schema.names}


def _class_name(value: Any, names: list[str]) -> Any:
    """Return the name of a class; None for -1, which stands for an unknown one."""
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return None if value == -1 else value


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, numbers as they are written; bytes that are not text are left out."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return Literal(value) if value == value else None
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return str(value)
