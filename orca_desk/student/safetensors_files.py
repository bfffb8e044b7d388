"""Tensors of a safetensors folder or file as numpy arrays, one at a time and without torch (bfloat16 too)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orca_desk.errors import UserError
from orca_desk.models.safetensors_header import read_header, weight_files

Floats = npt.NDArray[np.float32]

# numpy has no bfloat16: its 16 bits are the upper half of a float32.
_STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


@dataclass(frozen=True, kw_only=True)
class StoredTensor:
    """Where a tensor lies: `offset` counts bytes from the start of `path`."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def is_readable(self) -> bool:
        """Whether the values are stored as plain floats."""
        return self.dtype in _STORED

    @property
    def fits_half(self) -> bool:
        """Whether half precision holds every value, whatever it is."""
        return self.dtype == "F16"

    def map(self) -> npt.NDArray[Any]:
        """Map the values as they are stored, flat. Raises UserError for a format that is not a float."""
        if not self.is_readable:
            raise UserError(
                f"{self.path.name} holds {self.dtype} tensors, which Orca Desk cannot read.",
                "Use the model's original weights (float32, float16 or bfloat16), not a quantised copy.",
            )
        return np.memmap(self.path, _STORED[self.dtype], "r", self.offset, math.prod(self.shape))

    def load(self) -> Floats:
        """Read the tensor as float32 of `shape`. Raises UserError for a number format that is not a float."""
        stored = self.map()
        if self.dtype == "BF16":
            values = (stored.astype(np.uint32) << 16).view(np.float32)
        else:
            values = stored.astype(np.float32)
        return values.reshape(self.shape)


class SafetensorsFiles(Mapping[str, StoredTensor]):
    """The tensors of one .safetensors file, or of a model folder, by name."""

    def __init__(self, path: Path) -> None:
        """Read the headers only.

        Raises UserError when there are no weights, a header is damaged, or two files hold the same tensor.
        """
        self._tensors: dict[str, StoredTensor] = {}
        for file in (path,) if path.is_file() else weight_files(path):
            for name, entry in read_header(file).items():
                if name in self._tensors:
                    raise UserError(
                        f"{self._tensors[name].path.name} and {file.name} in {file.parent} both hold {name}.",
                        "They are parts of different downloads: download the model again.",
                    )
                self._tensors[name] = StoredTensor(
                    path=file, dtype=entry.dtype, shape=entry.shape, offset=entry.offset
                )

    def __getitem__(self, name: str) -> StoredTensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)
