"""The weights of a GGUF model, of one file or several parts, dequantised one tensor at a time."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import gguf
import numpy as np

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import GgufTensor, Header, read_header
from orca_desk.models.identify import identify
from orca_desk.student.safetensors_files import Floats

_CHUNK = 2**22  # values dequantised at once


@dataclass(frozen=True, kw_only=True)
class GgufWeights:
    """The tensors of a model by name, with the file that each lies in; `header` has all of them."""

    files: tuple[Path, ...]
    header: Header
    places: dict[str, Path]

    @classmethod
    def of(cls, model: Path) -> "GgufWeights":
        """Read the headers of a GGUF model, of which `model` is the only file or the first part.

        Raises UserError for anything else, for a damaged file, and for parts of different models.
        """
        known = identify(model)
        if known.kind != "gguf":
            raise UserError(f"{model} is not a GGUF model.", "Choose the model's own GGUF file.")
        headers = {file: read_header(file) for file in known.files}
        places: dict[str, Path] = {}
        tensors: dict[str, GgufTensor] = {}
        for file, header in headers.items():
            if twice := places.keys() & header.tensors.keys():
                raise UserError(
                    f"{places[min(twice)].name} and {file.name} both hold {min(twice)}.",
                    "They are parts of different downloads: download the model again.",
                )
            places |= dict.fromkeys(header.tensors, file)
            tensors |= header.tensors
        first = headers[known.files[0]]
        announced = first.number(gguf.Keys.Split.LLM_KV_SPLIT_COUNT, 1)
        if announced > len(known.files):
            raise UserError(
                f"{model} is one of {announced:,} parts, and its name does not say where the others are.",
                "Give the parts their names back (NAME-00001-of-0000N.gguf), or join them with "
                "llama-gguf-split --merge.",
            )
        elements = sum((header.elements for header in headers.values()), Counter[str]())
        sizes = sum((header.tensor_bytes for header in headers.values()), Counter[str]())
        whole = replace(first, tensors=tensors, elements=elements, tensor_bytes=sizes)
        return cls(files=known.files, header=whole, places=places)

    def load(self, name: str) -> Floats:
        """Return a tensor's values as float32, in llama.cpp's order.

        Raises UserError for values that are infinite or not numbers.
        """
        tensor = self.header.tensors[name]
        rows = math.prod(tensor.shape[:-1])
        stored = np.memmap(self.places[name], np.uint8, "r", tensor.offset, (rows, tensor.row_bytes))
        values = np.empty((rows, tensor.shape[-1]), np.float32)
        kind = gguf.GGMLQuantizationType[tensor.kind]
        step = max(1, _CHUNK // tensor.shape[-1])
        with np.errstate(all="ignore"):  # a damaged scale overflows; what comes of it is looked at below
            for start in range(0, rows, step):
                part = np.ascontiguousarray(stored[start : start + step])
                values[start : start + step] = gguf.dequantize(part, kind)
        if not bool(np.isfinite(values).all()):
            raise UserError(
                f"{name} in {self.places[name]} holds values that are infinite or not numbers.",
                "The weights are damaged, or were saved from a training that diverged: download the model "
                "again, or choose another one.",
            )
        return values.reshape(tensor.shape)


def unreadable_kinds(header: Header) -> list[str]:
    """Return the number formats of a file's tensors that cannot be turned into plain numbers."""
    return sorted(kind for kind in header.elements if not _can_read(kind))


@cache
def _can_read(kind: str) -> bool:
    """Return whether gguf can dequantise a format, tried on a block of zeros."""
    number = gguf.GGMLQuantizationType[kind]
    block = np.zeros((1, gguf.GGML_QUANT_SIZES[number][1]), np.uint8)
    try:
        gguf.dequantize(block, number)
    except NotImplementedError:
        return False
    return True
