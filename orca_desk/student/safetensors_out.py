"""Writes a model's weights as safetensors, one tensor in memory at a time, in shards where they are large."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import gguf
import numpy as np
import numpy.typing as npt

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, atomic_writer
from orca_desk.models.safetensors_header import INDEX, SINGLE
from orca_desk.student.safetensors_files import Floats

SHARD = 4_000_000_000  # bytes of weights per file
LARGEST_HALF = float(np.finfo(np.float16).max)
_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True, kw_only=True)
class TensorToWrite:
    """A tensor to write as `dtype` (F64, F32, F16 or BF16): `load` returns its float32 values in turn."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    load: Callable[[], Floats]

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        return math.prod(self.shape) * _WIDTHS[self.dtype]


def write_weights(folder: Path, tensors: Iterable[TensorToWrite], *, shard: int = SHARD) -> list[Path]:
    """Write model.safetensors into `folder`, or shards of about `shard` bytes with their index; return them.

    Writes each file whole or not at all, the index last. Raises UserError for a value that a tensor's type
    cannot hold.
    """
    shards = _shards(list(tensors), shard)
    if len(shards) == 1:
        _write_file(folder / SINGLE, shards[0])
        return [folder / SINGLE]
    names = [f"model-{place:05}-of-{len(shards):05}.safetensors" for place in range(1, len(shards) + 1)]
    for name, group in zip(names, shards, strict=True):
        _write_file(folder / name, group)
    index = {
        "metadata": {"total_size": sum(tensor.nbytes for group in shards for tensor in group)},
        "weight_map": {
            tensor.name: name for name, group in zip(names, shards, strict=True) for tensor in group
        },
    }
    atomic_write(folder / INDEX, json.dumps(index, indent=2))
    return [folder / name for name in names]


def _shards(tensors: Sequence[TensorToWrite], limit: int) -> list[list[TensorToWrite]]:
    """Cut the tensors, in their order, into groups of at most `limit` bytes or of one tensor."""
    groups: list[list[TensorToWrite]] = [[]]
    size = 0
    for tensor in tensors:
        if groups[-1] and size + tensor.nbytes > limit:
            groups.append([])
            size = 0
        groups[-1].append(tensor)
        size += tensor.nbytes
    return groups


def _write_file(path: Path, tensors: Sequence[TensorToWrite]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}  # transformers refuses a file without it
    end = 0
    for tensor in tensors:
        header[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [end, end + tensor.nbytes],
        }
        end += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format aligns the first tensor to 8 bytes
    with atomic_writer(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors:
            _write_tensor(file, tensor)


def _write_tensor(file: IO[bytes], tensor: TensorToWrite) -> None:
    stored = _stored(tensor)
    if stored.nbytes != tensor.nbytes:
        raise UserError(
            f"{tensor.name} has another size than its shape {list(tensor.shape)} says.",
            "Download the model again.",
        )
    file.write(stored.data)


def _stored(tensor: TensorToWrite) -> npt.NDArray[Any]:
    values = tensor.load()
    match tensor.dtype:
        case "F64":
            stored: npt.NDArray[Any] = values.astype("<f8")
        case "F32":
            stored = values.astype("<f4")
        case "BF16":
            stored = gguf.quantize(values.astype(np.float32), gguf.GGMLQuantizationType.BF16)
        case _:
            if float(np.abs(values).max(initial=0.0)) > LARGEST_HALF:
                raise UserError(
                    f"{tensor.name} holds a value that float16 cannot hold.",
                    "Use the model's bfloat16 or float32 weights.",
                )
            stored = values.astype("<f2")
    return np.ascontiguousarray(stored)
