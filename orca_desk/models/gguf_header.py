"""The header of a GGUF file, read with limits: model files come from strangers.

Sizes and counts in the file are claims. Each is checked against a limit and against the file's real size
before anything is read or skipped by it: a hostile file raises a UserError and never causes a crash, a hang
or full memory. Long arrays (the vocabulary) are counted, not stored. Format: GGUF specification, v2 and v3.
"""

import contextlib
import io
import struct
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache
from math import prod
from pathlib import Path
from typing import BinaryIO

from orca_desk.errors import UserError
from orca_desk.yielding import yielding

MAX_ENTRIES = 65_536
MAX_TENSORS = 65_536
MAX_TEXT = 16 * 2**20
MAX_KEY = 65_535
MAX_ELEMENTS = 16 * 2**20
MAX_READ = 128 * 2**20  # bytes in all: ten times the largest vocabularies, half a minute of reading at worst
MAX_KEPT = 2 * 2**20  # elements of an array that is kept on request: four times the largest list of merges
_STORED_NUMBERS = 4_096

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9


@dataclass(frozen=True)
class Elided:
    """An array that was counted and skipped."""

    count: int


Value = int | float | bool | str | tuple[int | float | bool, ...] | Elided


@dataclass(frozen=True, kw_only=True)
class GgufTensor:
    """Where a tensor lies: `offset` counts bytes from the start of the file, a row has `row_bytes`.

    `shape` has the length of a row last, as in numpy; `kind` is the name of the type.
    """

    kind: str
    shape: tuple[int, ...]
    offset: int
    row_bytes: int


@dataclass(frozen=True, kw_only=True)
class Header:
    """A GGUF header: its metadata and tensors; the tensors' element counts and bytes by type name.

    `arrays` holds the arrays that the reader was asked to keep whole.
    """

    version: int
    metadata: dict[str, Value]
    tensors: dict[str, GgufTensor]
    elements: Counter[str]
    tensor_bytes: Counter[str]
    arrays: dict[str, tuple[int | float | bool | str, ...]] = field(default_factory=dict)

    def text(self, key: str, default: str = "") -> str:
        """Return the text under `key`, or `default` where there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int = 0) -> int:
        """Return the whole number under `key`, or `default` where there is none."""
        value = self.metadata.get(key)
        return value if type(value) is int else default


class _BadHeaderError(Exception):
    """What is wrong with the file; `read_header` adds its name."""


def read_header(path: Path, *, keep: Collection[str] = ()) -> Header:
    """Read the header of `path` and check that the file holds all its tensors. Raises UserError.

    Of long arrays, those whose keys are in `keep` are read, the others counted.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size, keep).header()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except _BadHeaderError as error:
        raise UserError(
            f"{path} is not a usable GGUF model: {error}.", "Download or export it again."
        ) from error


def peek_metadata(start: bytes) -> dict[str, Value]:
    """Return the entries that lie whole within the first bytes of a file; none for other files."""
    return _Reader(io.BytesIO(start), len(start)).first_entries()


class _Reader:
    """Reads values from a file, never past its end or above a limit."""

    def __init__(self, file: BinaryIO, size: int, keep: Collection[str] = ()) -> None:
        self._file = file
        self._size = size
        self._keep = keep
        self._kept: dict[str, tuple[int | float | bool | str, ...]] = {}
        self._at = 0
        self._read = 0

    def first_entries(self) -> dict[str, Value]:
        metadata: dict[str, Value] = {}
        with contextlib.suppress(_BadHeaderError):
            if self._take(4) == b"GGUF" and self._number("I") in (2, 3):
                self._count("tensors", MAX_TENSORS)
                for _ in range(self._count("entries", MAX_ENTRIES)):
                    key = self._text(MAX_KEY)
                    metadata[key] = self._value(key, self._number("I"))
        return metadata

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise _BadHeaderError("it does not start with GGUF")
        version = self._number("I")
        if version not in (2, 3):
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in (2, 3)
            raise _BadHeaderError("it is big-endian" if swapped else f"its version {version} is unknown")
        tensors = self._count("tensors", MAX_TENSORS)
        entries = self._count("entries", MAX_ENTRIES)
        metadata: dict[str, Value] = {}
        for _ in range(entries):
            key = self._text(MAX_KEY)
            if key in metadata:
                raise _BadHeaderError(f"the key {key[:80]!r} appears twice")
            metadata[key] = self._value(key, self._number("I"))
        placed = self._tensors(tensors, metadata.get("general.alignment", 32))
        elements, sizes = Counter[str](), Counter[str]()
        for tensor in placed.values():
            elements[tensor.kind] += prod(tensor.shape)
            sizes[tensor.kind] += prod(tensor.shape[:-1]) * tensor.row_bytes
        return Header(
            version=version,
            metadata=metadata,
            tensors=placed,
            elements=elements,
            tensor_bytes=sizes,
            arrays=self._kept,
        )

    def _tensors(self, count: int, alignment: Value) -> dict[str, GgufTensor]:
        if type(alignment) is not int or not 0 < alignment <= 2**20 or alignment & (alignment - 1):
            raise _BadHeaderError(f"its alignment {alignment!r} is not a power of two")
        found: dict[str, GgufTensor] = {}
        end = 0
        for _ in range(count):
            name = self._text(MAX_KEY)[:80]
            if name in found:
                raise _BadHeaderError(f"the tensor {name!r} appears twice")
            dimensions = self._number("I")
            if not 1 <= dimensions <= 4:
                raise _BadHeaderError(f"the tensor {name!r} has {dimensions} dimensions")
            shape = [self._number("Q") for _ in range(dimensions)]
            kind, block, width = _tensor_type(self._number("I"))
            offset, total = self._number("Q"), prod(shape)
            if total == 0 or shape[0] % block or offset % alignment:
                raise _BadHeaderError(f"the tensor {name!r} has an impossible shape or offset")
            row = shape[0] // block * width
            found[name] = GgufTensor(kind=kind, shape=tuple(reversed(shape)), offset=offset, row_bytes=row)
            end = max(end, offset + total // block * width)
        start = -(-self._at // alignment) * alignment
        if count and start + end > self._size:
            raise _BadHeaderError(f"it is cut off: {start + end:,} bytes announced, {self._size:,} present")
        return {name: replace(tensor, offset=start + tensor.offset) for name, tensor in found.items()}

    def _value(self, key: str, kind: int) -> Value:
        if kind == _TEXT:
            return self._text(MAX_TEXT)
        if kind == _ARRAY:
            return self._array(key)
        if kind not in _SCALARS:
            raise _BadHeaderError(f"an entry has the unknown type {kind}")
        value: int | float | bool = self._numbers(_SCALARS[kind], 1)[0]
        return value

    def _array(self, key: str) -> Value:
        kind, count = self._number("I"), self._count("array elements", MAX_ELEMENTS)
        if key in self._keep and (kind == _TEXT or kind in _SCALARS):
            self._kept[key] = self._whole_array(kind, count)
            return Elided(count)
        if kind == _TEXT:
            for _ in yielding(range(count)):  # a vocabulary: up to a quarter of a million texts
                self._skip(self._number("Q"))
            return Elided(count)
        if kind not in _SCALARS:
            raise _BadHeaderError(f"an array has the unknown or nested type {kind}")
        if count <= _STORED_NUMBERS:
            return self._numbers(_SCALARS[kind], count)
        self._skip(count * struct.calcsize(f"<{_SCALARS[kind]}"))
        return Elided(count)

    def _whole_array(self, kind: int, count: int) -> tuple[int | float | bool | str, ...]:
        if count > MAX_KEPT:
            raise _BadHeaderError(f"it announces a list of {count:,} elements, more than any tokenizer has")
        if kind == _TEXT:
            return tuple(self._text(MAX_TEXT) for _ in yielding(range(count)))
        return self._numbers(_SCALARS[kind], count)

    def _text(self, limit: int) -> str:
        length = self._number("Q")
        if length > limit:
            raise _BadHeaderError(f"a text of {length:,} bytes is too long")
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise _BadHeaderError("a text is not UTF-8") from error

    def _count(self, what: str, limit: int) -> int:
        count = self._number("Q")
        if count > limit:
            raise _BadHeaderError(f"it announces {count:,} {what}, more than any model has")
        return count

    def _number(self, code: str) -> int:
        return int(self._numbers(code, 1)[0])

    def _numbers(self, code: str, count: int) -> tuple[int | float | bool, ...]:
        layout = f"<{count}{code}"
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _take(self, length: int) -> bytes:
        self._advance(length)
        self._read += length
        if self._read > MAX_READ:
            raise _BadHeaderError(f"its header is longer than {MAX_READ:,} bytes")
        data = self._file.read(length)
        if len(data) != length:
            raise _BadHeaderError("it is cut off in its header")
        return data

    def _skip(self, length: int) -> None:
        self._advance(length)
        self._file.seek(self._at)

    def _advance(self, length: int) -> None:
        if length > self._size - self._at:
            raise _BadHeaderError("it is cut off in its header")
        self._at += length


@cache
def _tensor_types() -> dict[int, tuple[str, int, int]]:
    """Return type number -> (name, values per block, bytes per block)."""
    import gguf  # 0.15 s, numpy included: so only when a model file is read

    return {int(kind): (kind.name, *sizes) for kind, sizes in gguf.GGML_QUANT_SIZES.items()}


def _tensor_type(number: int) -> tuple[str, int, int]:
    types = _tensor_types()
    if number not in types:
        raise _BadHeaderError(f"a tensor has the unknown type {number}")
    return types[number]
