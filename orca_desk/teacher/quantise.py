"""Quantises a GGUF file with llama.cpp's own quantiser."""

import ctypes
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from orca_desk.errors import UserError
from orca_desk.files import atomic_path
from orca_desk.machine import usable_cores
from orca_desk.teacher.native import last_errors, library

# llama.cpp's names for the mixtures worth offering, smallest first
KINDS = {
    "q4_k_m": "LLAMA_FTYPE_MOSTLY_Q4_K_M",
    "q5_k_m": "LLAMA_FTYPE_MOSTLY_Q5_K_M",
    "q6_k": "LLAMA_FTYPE_MOSTLY_Q6_K",
    "q8_0": "LLAMA_FTYPE_MOSTLY_Q8_0",
    "f16": "LLAMA_FTYPE_MOSTLY_F16",
    "bf16": "LLAMA_FTYPE_MOSTLY_BF16",
}


def quantise(gguf: Path, out: Path, kind: str, *, importance: Path | None = None) -> None:
    """Write the F32, F16 or BF16 model `gguf` to `out` as `kind`, one of KINDS; `out` is whole or absent.

    `importance` is an npz file with a vector per tensor: how much each column of its rows matters. Rows that
    do not fit the type's blocks get a wider type, as llama.cpp chooses. Raises UserError for an unknown type
    or a file that llama.cpp cannot quantise (such as a quantised one).
    """
    if kind not in KINDS:
        raise UserError(f"There is no quantisation {kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    if not gguf.is_file():
        raise UserError(f"{gguf} does not exist.", "Check the path.")
    lib = library()
    parameters = lib.llama_model_quantize_default_params()
    parameters.ftype = getattr(lib, KINDS[kind])
    parameters.nthread = usable_cores()
    matrix = _importance(lib, importance) if importance is not None else None
    if matrix is not None:
        parameters.imatrix = matrix
    with atomic_path(out) as part:
        last_errors.clear()
        status = lib.llama_model_quantize(os.fsencode(gguf), os.fsencode(part), ctypes.byref(parameters))
        if status != 0:
            reason = last_errors[-1] if last_errors else "llama.cpp gives no reason"
            raise UserError(
                f"{gguf} cannot be quantised: {reason}.",
                "Use the model's F32, F16 or BF16 file, and check that the disk has room.",
            )


def _importance(lib: ModuleType, path: Path) -> Any:
    """Return an importance matrix as llama.cpp takes it: an array that ends with an entry without a name."""
    with np.load(path) as stored:
        vectors = {name: np.ascontiguousarray(stored[name], np.float32) for name in stored.files}
    entries = (lib.llama_model_imatrix_data * (len(vectors) + 1))()
    for entry, (name, vector) in zip(entries, vectors.items(), strict=False):
        entry.name = name.encode()
        entry.data = vector.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = vector.size
    entries.vectors = vectors  # their memory must live as long as the array that points to it
    return entries
