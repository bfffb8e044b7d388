"""The lines of a user's text file: detects the encoding, bounds their length, and reports their faults."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from orca_desk.errors import UserError

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_LINE = 4_000_000  # characters; far above any task, far below what would fill the memory
_PEEK = 4096
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))  # rare in text


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line with its number from 1. If it cannot be used, `fault` says why and `text` is empty."""

    number: int
    text: str
    fault: str = ""


def read_lines(stream: BinaryIO, *, name: str, newline: str | None = None) -> Iterator[Line]:
    """Yield the lines of `stream`, which stays open; errors name the file as `name`.

    Reads UTF-8 (with or without a byte order mark) and UTF-16 with one; bytes that are not UTF-8 spoil only
    their line. Raises UserError for other encodings and for binary files. `newline` is as in `open`: ""
    preserves line ends, as CSV needs.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream))
    encoding = _encoding(buffered.peek(_PEEK)[:_PEEK], name)
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    text = io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline=newline)
    try:
        yield from _numbered(text)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} is not valid {error.encoding.upper()}: {error.reason}.", "Save it as UTF-8."
        ) from error
    finally:
        if not text.closed:  # as when the caller stops early and closes the stream
            text.detach()


class _Raw(io.RawIOBase):
    """A stream that can only `read`, as BufferedReader needs it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def _encoding(start: bytes, name: str) -> str:
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise UserError(f"{name} is UTF-32 text, which Orca Desk does not support.", "Save it as UTF-8.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"GGUF")):
        raise UserError(
            f"{name} is not a text file, but perhaps a workbook, archive, Parquet or model file.",
            "Unpack it, or export it as JSONL or CSV.",
        )
    if start[:64].count(0) > len(start[:64]) // 4:
        raise UserError(f"{name} is binary, or UTF-16 without a byte order mark.", "Save it as UTF-8 text.")
    if _is_binary(start):
        raise UserError(f"{name} is not a text file.", "Choose a JSONL or CSV file saved as UTF-8.")
    return "utf-8-sig"


def _is_binary(start: bytes) -> bool:
    """Return whether a file that starts with `start` is neither UTF-8 nor text in another encoding."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return sum(map(start.count, _CONTROLS)) > len(start) // 20
    return False


def _numbered(text: io.TextIOWrapper) -> Iterator[Line]:
    number = 0
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.endswith("\n"):
            while (rest := text.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
            yield Line(number=number, text="", fault=f"the line is longer than {MAX_LINE:,} characters")
        else:
            yield _checked(number, line)


def _checked(number: int, line: str) -> Line:
    if "\0" in line:
        return Line(number=number, text="", fault="the line contains NUL characters")
    try:
        line.encode()
    except UnicodeEncodeError:
        return Line(number=number, text="", fault="the line contains bytes that are not UTF-8")
    return Line(number=number, text=line)
