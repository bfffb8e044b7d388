"""Files packed with gzip or zstd, as data sets often are: unpacked once into a temporary file."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any, BinaryIO, cast

from orca_desk.errors import UserError

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ENDINGS = (".gz", ".zst")
MOST = 16 << 30  # bytes unpacked: a packed file a thousandth of that size can fill a disk
CHUNK = 1 << 20
_WINDOW = 1 << 27  # bytes that zstd may look back: what its own tool accepts without being asked
_TAKEN = 1 << 12  # packed bytes of zstd that are unpacked at once: at worst to 32,768 times as many


@contextmanager
def unpacked(stream: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """Yield a stream that can seek, called `path`, without its packing; one that is not packed as it is.

    Raises UserError for a file that is damaged, cut off, or too large unpacked.
    """
    from zstandard import ZstdError

    stream.seek(0)
    magic = stream.read(len(ZSTD))
    stream.seek(0)
    packing = "gzip" if magic.startswith(GZIP) else "zstd" if magic == ZSTD else ""
    if not packing:
        yield stream
        return
    with TemporaryFile() as copy:
        try:
            chunks = _from_gzip(stream) if packing == "gzip" else _from_zstd(stream)
            copy_bounded(chunks, copy, path)
        except (gzip.BadGzipFile, EOFError, zlib.error, ZstdError) as error:
            raise UserError(
                f"{path} is a {packing} file that is damaged or cut off.",
                "Download it again, or unpack it yourself.",
            ) from error
        copy.seek(0)
        yield copy


def without_packing(path: Path) -> Path:
    """Return the name of a file as it is without its packing: "tasks.jsonl" for "tasks.jsonl.gz"."""
    return path.with_suffix("") if path.suffix.casefold() in ENDINGS else path


def copy_bounded(chunks: Iterable[bytes], copy: BinaryIO, path: Path) -> None:
    """Write unpacked chunks. Raises UserError, which names `path`, above `MOST` bytes or for a full disk."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST:
            raise UserError(
                f"{path} unpacks to more than {MOST >> 30} GiB.", "Unpack it yourself, and split it."
            )
        _write(copy, chunk, path)


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what is left of a stream, piece by piece."""
    while chunk := stream.read(CHUNK):
        yield chunk


def _from_gzip(stream: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=stream, mode="rb") as packed:
        yield from chunks_of(cast(BinaryIO, packed))


def _from_zstd(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the content of one frame after another. Raises EOFError if the last one is cut off."""
    from zstandard import ZstdDecompressor

    def unpacker() -> Any:
        return ZstdDecompressor(max_window_size=_WINDOW).decompressobj()

    frame, is_open = unpacker(), False
    while rest := stream.read(_TAKEN):
        while rest:
            yield frame.decompress(rest)
            rest, is_open = b"", True
            if frame.eof:
                rest, is_open, frame = frame.unused_data, False, unpacker()
    if is_open:
        raise EOFError("the last frame is not complete")


def _write(copy: BinaryIO, chunk: bytes, path: Path) -> None:
    try:
        copy.write(chunk)
    except OSError as error:  # the reader would blame the packed file, which is whole
        folder = gettempdir()
        raise UserError(
            f"{path} cannot be unpacked in {folder}: {error.strerror or error}.",
            f"Free some space in {folder}, or unpack it yourself.",
        ) from error
