"""Quantises a GGUF file with llama.cpp's own quantiser."""

import ctypes
import os
from pathlib import Path

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


def quantise(gguf: Path, out: Path, kind: str) -> None:
    """Write the F32, F16 or BF16 model `gguf` to `out` as `kind`, one of KINDS; `out` is whole or absent.

    Rows that do not fit the type's blocks get a wider type, as llama.cpp chooses. Raises UserError for an
    unknown type or a file that llama.cpp cannot quantise (such as a quantised one).
    """
    if kind not in KINDS:
        raise UserError(f"There is no quantisation {kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    if not gguf.is_file():
        raise UserError(f"{gguf} does not exist.", "Check the path.")
    lib = library()
    parameters = lib.llama_model_quantize_default_params()
    parameters.ftype = getattr(lib, KINDS[kind])
    parameters.nthread = usable_cores()
    with atomic_path(out) as part:
        last_errors.clear()
        status = lib.llama_model_quantize(os.fsencode(gguf), os.fsencode(part), ctypes.byref(parameters))
        if status != 0:
            reason = last_errors[-1] if last_errors else "llama.cpp gives no reason"
            raise UserError(
                f"{gguf} cannot be quantised: {reason}.",
                "Use the model's F32, F16 or BF16 file, and check that the disk has room.",
            )
