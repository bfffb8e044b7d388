"""The header of a safetensors file, read with limits; the tensors themselves are never touched."""

import json
from collections import Counter
from math import prod
from pathlib import Path

from orca_desk.errors import UserError

MAX_HEADER = 100_000_000  # the format's own limit
MAX_DIMENSIONS = 8
_WIDTHS = {
    "F64": 8,
    "I64": 8,
    "U64": 8,
    "F32": 4,
    "I32": 4,
    "U32": 4,
    "F16": 2,
    "BF16": 2,
    "I16": 2,
    "U16": 2,
}


def read_elements(path: Path) -> Counter[str]:
    """Return how many values of each type a safetensors file holds. Raises UserError if it is not whole."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(MAX_HEADER, size - 8):
                raise _bad(path, "its header is cut off or no header")
            header = json.loads(file.read(length))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise _bad(path, "its header is no JSON object")
    return _elements(path, header, size - 8 - length)


def _elements(path: Path, header: dict[str, object], data_bytes: int) -> Counter[str]:
    elements, end = Counter[str](), 0
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        match entry:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(stop)]}:
                pass
            case _:
                raise _bad(path, f"the entry {name[:80]!r} is malformed")
        # Limits first: the product of a million long numbers would take hours.
        sound = len(shape) <= MAX_DIMENSIONS and all(type(n) is int and 0 <= n < 2**63 for n in shape)
        if not sound or not 0 <= start <= stop:
            raise _bad(path, f"the entry {name[:80]!r} is malformed")
        count = prod(shape)
        if dtype in _WIDTHS and count * _WIDTHS[dtype] != stop - start:
            raise _bad(path, f"the size of {name[:80]!r} does not fit its shape")
        elements[dtype] += count
        end = max(end, stop)
    if end != data_bytes:
        raise _bad(path, f"{end:,} bytes of weights are announced, {data_bytes:,} are there")
    return elements


def _bad(path: Path, what: str) -> UserError:
    return UserError(f"{path} is no usable safetensors file: {what}.", "Download or export it again.")
