"""Tensors of a safetensors folder or file as numpy arrays, one at a time and without torch (bfloat16 too)."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orca_desk.errors import UserError

Floats = npt.NDArray[np.float32]

# bfloat16 has no numpy type: it is read as its 16 bits, which are the upper half of a float32.
_STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_HEADER_LIMIT = 100_000_000  # bytes; the limit of the safetensors library itself


@dataclass(frozen=True, kw_only=True)
class StoredTensor:
    """Where a tensor lies: `offset` is in bytes from the start of `path`."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    def load(self) -> Floats:
        """Read the tensor as float32 of `shape`. Raises UserError for a number format that is not a float."""
        if self.dtype not in _STORED:
            raise UserError(
                f"{self.path.name} holds {self.dtype} tensors, which Orca Desk cannot read.",
                "Use the model's original weights (float32, float16 or bfloat16), not a quantised copy.",
            )
        stored = np.memmap(self.path, _STORED[self.dtype], "r", self.offset, math.prod(self.shape))
        if self.dtype == "BF16":
            values = (stored.astype(np.uint32) << 16).view(np.float32)
        else:
            values = stored.astype(np.float32)
        return values.reshape(self.shape)


class SafetensorsFiles(Mapping[str, StoredTensor]):
    """The tensors of one .safetensors file, or of a folder's (single or sharded), by name."""

    def __init__(self, path: Path) -> None:
        """Read the headers alone. Raises UserError when there are no weights or a header is damaged."""
        self._tensors: dict[str, StoredTensor] = {}
        for file in [path] if path.is_file() else _weight_files(path):
            self._tensors.update(_read_header(file))

    def __getitem__(self, name: str) -> StoredTensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


def _weight_files(folder: Path) -> list[Path]:
    """The files that the folder's index names, or its single weight file."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
            # Only a plain name may be read: an index is not to point outside its folder.
            files = [folder / Path(name).name for name in names]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{index} is damaged.", "Download the model again.") from error
    else:
        files = [folder / "model.safetensors"]
    for file in files:
        if not file.is_file():
            raise UserError(
                f"{folder} lacks {file.name}.",
                "Choose a folder with config.json, tokenizer.json and the model's .safetensors files.",
            )
    return files


def _read_header(path: Path) -> dict[str, StoredTensor]:
    """Parse the header: 8 bytes of length, then JSON of name -> dtype, shape, data_offsets."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, _HEADER_LIMIT):
            raise _damaged(path)
        header = file.read(length)
    try:
        entries: dict[str, Any] = json.loads(header)
        entries.pop("__metadata__", None)
        return {name: _stored(path, entry, 8 + length, size) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def _stored(path: Path, entry: dict[str, Any], start: int, size: int) -> StoredTensor:
    first, last = entry["data_offsets"]
    shape = tuple(int(length) for length in entry["shape"])
    dtype = str(entry["dtype"])
    if not 0 <= first <= last <= size - start or any(length < 0 for length in shape):
        raise ValueError("outside the file")
    if dtype in _STORED and math.prod(shape) * np.dtype(_STORED[dtype]).itemsize != last - first:
        raise ValueError("the shape does not fit the bytes")
    return StoredTensor(path=path, dtype=dtype, shape=shape, offset=start + first)


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is not a whole safetensors file.", "Download or copy it again.")
