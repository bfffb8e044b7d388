"""Values of config.json and of GGUF keys, taken from strangers' files with a check."""

import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import GgufTensor, Header
from orca_desk.student.safetensors_files import Floats

_LARGEST = float(np.finfo(np.float32).max)
_MOST_TABLE = 2**16  # numbers: a rotary table has one for two values of a head


def require(config: dict[str, Any], key: str) -> int:
    """Return a size that config.json must hold, or raise UserError."""
    value = config.get(key)
    if type(value) is not int or not 0 < value < 2**31:
        raise UserError(f"config.json lacks {key}, or it is not a size.", "Download the model again.")
    return value


def shortest(value: float) -> float:
    """Return the shortest decimal that is the same float32: 1e-05 for 9.999999747378752e-06."""
    return float(str(np.float32(value)))


class GgufKeys:
    """The keys of one model's GGUF file, without its architecture's name before them."""

    def __init__(self, path: Path, header: Header) -> None:
        """Take them from the file's header."""
        self._path, self._header = path, header
        self.architecture = header.text(gguf.Keys.General.ARCHITECTURE)

    @property
    def tensors(self) -> dict[str, GgufTensor]:
        """The tensors by name."""
        return self._header.tensors

    def has(self, key: str) -> bool:
        """Return whether the file has a key; `key` holds {arch} for the architecture's name."""
        return key.format(arch=self.architecture) in self._header.metadata

    def whole(self, key: str, default: int | None = None) -> int:
        """Return a whole number. Raises UserError where it is another value, or missing without default."""
        value = self._value(key, default)
        if type(value) is not int or not 0 <= value < 2**31:
            raise self._odd(key, value)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a number that float32 holds, or raise UserError as `whole` does."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
            raise self._odd(key, value)
        return float(value)

    def text(self, key: str, default: str) -> str:
        """Return a text, or `default` where there is none."""
        return self._header.text(key.format(arch=self.architecture), default)

    def table(self, name: str) -> Floats | None:
        """Return a small float32 tensor, flat, or None where the file has none of that name."""
        tensor = self.tensors.get(name)
        if tensor is None:
            return None
        count = math.prod(tensor.shape)
        if tensor.kind != "F32" or count > _MOST_TABLE:
            raise UserError(f"{self._path} is damaged at {name}.", "Download the model again.")
        return np.fromfile(self._path, "<f4", count, offset=tensor.offset)

    def required_table(self, name: str) -> Floats:
        """Return `table`, or raise UserError where there is none."""
        table = self.table(name)
        if table is None:
            raise UserError(f"{self._path} lacks the tensor {name}.", "Download the model again.")
        return table

    def unknown_variant(self, key: str) -> UserError:
        """Return the error for a file whose `key` names a variant that Orca Desk does not know."""
        full = key.format(arch=self.architecture)
        return UserError(
            f"{self._path} is a variant of {self.architecture} that Orca Desk does not know (by its {full}).",
            "Choose another model as the student; as a teacher this one can be used.",
        )

    def _value(self, key: str, default: Any) -> Any:
        full = key.format(arch=self.architecture)
        value = self._header.metadata.get(full, default)
        if value is None:
            raise UserError(f"{self._path} lacks the key {full}.", "Download the model again.")
        return value

    def _odd(self, key: str, value: Any) -> UserError:
        full = key.format(arch=self.architecture)
        each = " for each layer" if isinstance(value, tuple) else ""
        return UserError(
            f"{self._path} gives {full} a value{each} that Orca Desk cannot use.",
            "Choose another model, or its original folder.",
        )
