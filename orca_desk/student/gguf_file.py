"""Writes a GGUF file with one tensor in memory at a time, the whole file or none of it."""

import contextlib
import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.errors import UserError
from orca_desk.files import atomic_path
from orca_desk.models.space import require_space

Dtype = Literal["f32", "f16", "bf16", "q8_0"]
Array = npt.NDArray[Any]

QUANTISATIONS: dict[str, Quantisation] = {
    "f32": Quantisation.F32,
    "f16": Quantisation.F16,
    "bf16": Quantisation.BF16,
    "q8_0": Quantisation.Q8_0,
}
FLOATS = (Quantisation.F32, Quantisation.F16, Quantisation.BF16)  # types that only round
FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "bf16": gguf.LlamaFileType.MOSTLY_BF16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A tensor to write: `load` returns it when its turn comes.

    `load` returns float32 of `shape`, which the file stores as `quantisation`; or, with `raw`, the stored
    bytes as uint8 (rows of the quantised byte length).
    """

    name: str
    shape: tuple[int, ...]
    quantisation: Quantisation
    load: Callable[[], Array]
    raw: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes in the file, without padding."""
        block, size = gguf.GGML_QUANT_SIZES[self.quantisation]
        return math.prod(self.shape) // int(block) * int(size)

    def stored(self) -> Array:
        """Load the tensor and convert it to the stored form."""
        values = self.load()
        if self.raw:
            return values
        return np.ascontiguousarray(gguf.quantize(values, self.quantisation))


def quantisation_for(shape: Sequence[int], dtype: Dtype) -> Quantisation:
    """Return a weight's stored type: F32 for vectors, F16 where Q8_0's blocks of 32 do not fit a row."""
    if len(shape) == 1:
        return Quantisation.F32
    if dtype == "q8_0" and shape[-1] % gguf.GGML_QUANT_SIZES[Quantisation.Q8_0][0]:
        return Quantisation.F16
    return QUANTISATIONS[dtype]


def write(
    out: Path, architecture: str, describe: Callable[[gguf.GGUFWriter], None], tensors: Iterable[Planned]
) -> None:
    """Write `out`: the keys that `describe` adds, then `tensors`.

    Raises UserError when the disk is too full. After an error, `out` is as it was.
    """
    plan = list(tensors)
    require_space(out.parent, sum(tensor.nbytes for tensor in plan), "The file")
    writer = gguf.GGUFWriter(None, architecture)
    describe(writer)
    for tensor in plan:
        writer.add_tensor_info(
            tensor.name, tensor.shape, np.dtype(np.float32), tensor.nbytes, raw_dtype=tensor.quantisation
        )
    with atomic_path(out) as part, contextlib.closing(writer):
        writer.write_header_to_file(part)
        _write_keys(writer)
        writer.write_ti_data_to_file()
        for tensor in plan:
            _write_tensor(writer, part, tensor.stored())


def _write_keys(writer: gguf.GGUFWriter) -> None:
    """Write the keys. Raises UserError for a number that their types cannot hold."""
    try:
        writer.write_kv_data_to_file()
    except (OverflowError, struct.error) as error:
        raise UserError(
            f"A number in the model's settings cannot be written: {error}.", "Download the model again."
        ) from error


def _write_tensor(writer: gguf.GGUFWriter, part: Path, values: Array) -> None:
    """Write the next tensor. Raises OSError with the system's reason, which numpy leaves out."""
    try:
        writer.write_tensor_data(values)
    except OSError as error:
        if error.errno is None:
            with part.open("ab") as file:  # the file system refuses these bytes for the same reason
                file.write(values.tobytes())
        raise
