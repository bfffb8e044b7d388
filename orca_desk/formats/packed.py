"""Files packed with gzip, as data sets are often handed on: unpacked once into a temporary file."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import BinaryIO

from orca_desk.errors import UserError

MAGIC = b"\x1f\x8b"
MOST = 16 << 30  # bytes unpacked: a packed file a thousandth of that size can fill a disk
CHUNK = 1 << 20


@contextmanager
def unpacked(stream: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """Yield a stream that can seek, called `path`, without its packing; one that is not packed as it is.

    Raises UserError for a file that is damaged, cut off, or too large unpacked.
    """
    stream.seek(0)
    is_packed = stream.read(len(MAGIC)) == MAGIC
    stream.seek(0)
    if not is_packed:
        yield stream
        return
    with TemporaryFile() as copy:
        try:
            _unpack(stream, copy, path)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UserError(
                f"{path} is a gzip file that is damaged or cut off.", "Fetch it again, or unpack it yourself."
            ) from error
        copy.seek(0)
        yield copy


def without_packing(path: Path) -> Path:
    """Return the name of a file as it is without its packing: "tasks.jsonl" for "tasks.jsonl.gz"."""
    return path.with_suffix("") if path.suffix.casefold() == ".gz" else path


def _unpack(stream: BinaryIO, copy: BinaryIO, path: Path) -> None:
    size = 0
    with gzip.GzipFile(fileobj=stream, mode="rb") as packed:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > MOST:
                raise UserError(
                    f"{path} unpacks to more than {MOST >> 30} GiB.", "Unpack it yourself, and split it."
                )
            _write(copy, chunk, path)


def _write(copy: BinaryIO, chunk: bytes, path: Path) -> None:
    try:
        copy.write(chunk)
    except OSError as error:  # the reader would blame the packed file, which is whole
        folder = gettempdir()
        raise UserError(
            f"{path} cannot be unpacked in {folder}: {error.strerror or error}.",
            f"Make room in {folder}, or unpack it yourself.",
        ) from error
