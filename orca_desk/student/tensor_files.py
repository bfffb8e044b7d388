"""Named numpy arrays in a safetensors file: the same bytes for the same values, and on the disk at return."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

Array = npt.NDArray[Any]

_OS_ERROR = re.compile(r"\(os error (\d+)\)")  # how safetensors tells the system's reason


def save_tensors(tensors: Mapping[str, Array], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file. Raises OSError, as other writing does, where the disk refuses it."""
    whole = {name: np.asarray(value, order="C") for name, value in sorted(tensors.items())}
    try:
        save_file(whole, path, metadata={"format": "pt", **(metadata or {})})  # PEFT refuses it without one
    except SafetensorError as error:
        if (code := _OS_ERROR.search(str(error))) is None:
            raise
        raise OSError(int(code[1]), os.strerror(int(code[1])), str(path)) from error
    if metadata:
        _sort_metadata(path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def load_tensors(path: Path) -> dict[str, Array]:
    """Return the arrays of a safetensors file by name."""
    return dict(load_file(path))


def _sort_metadata(path: Path) -> None:
    """Sort the metadata in a safetensors header: the library writes them in another order each time."""
    with path.open("rb+") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        ordered = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode().ljust(length)
        if len(ordered) == length:
            file.seek(8)
            file.write(ordered)
