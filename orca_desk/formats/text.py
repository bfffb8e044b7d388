"""The lines of a user's text file, with bounded length, and the faults of those that cannot be used."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.encoding import Encoding

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_LINE = 4_000_000  # characters; far above any task, far below what would fill the memory
PIECE = 1 << 16  # characters of a long line that are read at once
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
MARK = "\ufeff"  # a byte order mark; files that were joined have one at each former beginning


@dataclass(kw_only=True, slots=True)  # a frozen one takes three times as long to make
class Line:
    """A line with its number from 1. If it cannot be used, `fault` says why and `text` is empty.

    `raw` is the text of a faulty line as far as it could be read, with odd bytes as half characters.
    """

    number: int
    text: str
    fault: str = ""
    raw: str = ""


def read_lines(stream: BinaryIO, encoding: Encoding, *, name: str) -> Iterator[Line]:
    """Yield the lines of `stream`, from its beginning, with their ends; the stream stays open.

    Byte order marks at the start of a line are left out. In UTF-8, bytes that do not belong there spoil only
    their line. Raises UserError, which calls the file `name`, if another encoding does not fit.
    """
    return _decoded(stream, encoding, name, _numbered)


def read_pieces(stream: BinaryIO, encoding: Encoding, *, name: str) -> Iterator[Line]:
    """Yield the text of `stream` as `read_lines` does, but a long line in pieces with one number."""
    return _decoded(stream, encoding, name, _pieces)


def _decoded(
    stream: BinaryIO, encoding: Encoding, name: str, lines: Callable[[io.TextIOWrapper], Iterator[Line]]
) -> Iterator[Line]:
    stream.seek(0)
    errors = {"utf-8-sig": "surrogateescape", "utf-16": "surrogatepass"}.get(encoding.name, "strict")
    # "" preserves line ends, which belong to the text in a quoted cell; JSON ignores them
    text = io.TextIOWrapper(_Lasting(stream), encoding=encoding.name, errors=errors, newline="")
    try:
        yield from lines(text)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} is not valid {error.encoding.upper()}: {error.reason}.", "Save it as UTF-8."
        ) from error


class _Lasting(io.BufferedReader):
    """A stream that outlives the text made of it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(_Raw(stream))

    def close(self) -> None:
        return None


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


def _numbered(text: io.TextIOWrapper) -> Iterator[Line]:
    number = 0
    for block in _whole_lines(text):
        is_plain = block.isascii() and "\0" not in block
        has_long = len(block) >= MAX_LINE  # StringIO would take four bytes for each character
        for line in _LINE.findall(block) if has_long else io.StringIO(block, newline=""):
            number += 1
            if has_long and len(line) >= MAX_LINE + line.endswith("\n"):
                fault = f"the line is longer than {MAX_LINE:,} characters"
                yield Line(number=number, text="", fault=fault, raw=line[:1000])
            elif is_plain:  # as most are: one look for all of its lines
                yield Line(number=number, text=line)
            else:
                yield _checked(number, line.lstrip(MARK))


def _whole_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield a text in blocks that end where a line does; of a line that is too long, only a part."""
    rest = ""
    while block := text.read(PIECE):
        block = rest + block
        end = max(block.rfind("\n"), block.rfind("\r", 0, -1)) + 1  # a last \r may be half of an end
        if end:
            yield block[:end]
        rest = block[end:]
        if len(rest) > MAX_LINE:
            yield rest
            rest = _after_line(text, rest[-1])
    if rest:
        yield rest


def _after_line(text: io.TextIOWrapper, last: str) -> str:
    """Read to the end of a line, whose `last` character so far may be it; return what was read beyond."""
    while last not in ("\r", "\n") and (more := text.readline(MAX_LINE)):
        last = more[-1]
    beyond = text.read(1) if last == "\r" else ""
    return "" if beyond == "\n" else beyond


def _pieces(text: io.TextIOWrapper) -> Iterator[Line]:
    number, is_new = 0, True
    while piece := text.readline(PIECE):
        number += is_new
        yield _checked(number, piece.lstrip(MARK) if is_new else piece)
        is_new = piece.endswith(("\n", "\r"))


def _checked(number: int, line: str) -> Line:
    if "\0" in line:
        return Line(number=number, text="", fault="the line contains NUL characters", raw=line)
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            fault = "the line contains bytes that are not UTF-8"
            return Line(number=number, text="", fault=fault, raw=line)
    return Line(number=number, text=line)
