"""Unpacks quantised weights to 16-bit numbers where a processor computes faster with those.

Many answers at once are products of matrices. llama.cpp multiplies some quantised types row by row, rounding
the activations to 8 bits for each; F16 goes through its kernel for matrices: 1.4 to 2 times as many tokens a
second with SmolLM2-135M. Unpacking rounds a weight by at most 1/2048 of it, so answers also come nearer to
exact arithmetic, and depend less on how many are written at once: of 32 greedy answers of SmolLM2 (Q4_1, 64
tokens) 12 changed between 8 and 16 at once as the file is stored and none unpacked; 12 differ from 32-bit
arithmetic as stored and 2 unpacked.
"""

import ctypes
import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.machine import free_memory, usable_cores
from orca_desk.models.gguf_header import read_header
from orca_desk.teacher.native import last_errors, library

SLOW_IN_BATCHES = frozenset({"Q4_1", "Q5_0", "Q5_1", "Q8_0"})  # measured; others have kernels for matrices
MOST_WEIGHTS = 400e6  # of larger models, reading the weights takes longer than the products
LEAST_AT_ONCE = 4  # a single answer waits for memory, not for products
BYTES_PER_WEIGHT = 2
UNPACKED = "weights unpacked to F16"  # what is stored with each answer
MEMORY_SHARE = 0.25  # of the free memory, at most
FOLDER = "orca-desk-f16-"  # how the temporary folders are named
ABANDONED = 3600.0  # s; loading takes seconds: whoever made an older folder was killed meanwhile
MEASURED_ON = frozenset({"x86_64", "AMD64"})  # on ARM the kernel adds in 16 bits

logger = logging.getLogger(__name__)


def is_packed(model: Path) -> bool:
    """Return whether most weights of a GGUF file are of types that are slow in batches."""
    elements = read_header(model).elements
    return 2 * sum(elements[kind] for kind in SLOW_IN_BATCHES) > sum(elements.values())


def pays(model: Path, at_once: int | None) -> bool:
    """Return whether unpacked weights write so many answers at once (None: many) faster here."""
    if platform.machine() not in MEASURED_ON or (at_once or LEAST_AT_ONCE) < LEAST_AT_ONCE:
        return False
    try:
        header = read_header(model)
    except UserError:  # loading says what is wrong
        return False
    weights = sum(header.elements.values())
    fits = weights * BYTES_PER_WEIGHT < free_memory() * MEMORY_SHARE
    return (
        weights < MOST_WEIGHTS
        and fits
        and header.text("general.type", "model") == "model"
        and not header.number("split.count")  # the header of one part tells nothing of the others
        and is_packed(model)
    )


def unpack(model: Path, out: Path) -> None:
    """Write `model` to `out` with all matrices as F16. Raises UserError."""
    lib = library()
    parameters = lib.llama_model_quantize_default_params()
    parameters.ftype = lib.LLAMA_FTYPE_MOSTLY_F16
    parameters.allow_requantize = True
    parameters.nthread = usable_cores()
    last_errors.clear()
    if lib.llama_model_quantize(os.fsencode(model), os.fsencode(out), ctypes.byref(parameters)) != 0:
        reason = last_errors[-1] if last_errors else "llama.cpp gives no reason"
        raise UserError(f"{model} cannot be unpacked: {reason}.", "Check that the disk has room.")


@contextmanager
def unpacked(model: Path) -> Iterator[Path | None]:
    """Yield a copy of `model` as F16 while the block loads it; None where no disk has room for it."""
    try:
        _sweep(Path(tempfile.gettempdir()))
        folder = Path(tempfile.mkdtemp(prefix=FOLDER))
    except OSError as error:  # no temporary folder can be written
        logger.warning("%s", error)
        yield None
        return
    try:
        yield _copy(model, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(model: Path, folder: Path) -> Path | None:
    copy = folder / model.name
    try:
        unpack(model, copy)
    except UserError as error:
        logger.warning("%s", error)
        return None
    return copy


def _sweep(parent: Path) -> None:
    """Delete what processes that were killed while they loaded have left in `parent`."""
    for folder in parent.glob(f"{FOLDER}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > ABANDONED:
                shutil.rmtree(folder, ignore_errors=True)
