"""Converts a student's safetensors folder to a GGUF file and back, in workers."""

import os
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, Update, silent

MAGIC = b"GGUF"
UNPACKING = "unpacking the GGUF file"


def convert(
    folder: Path,
    out: Path,
    *,
    dtype: str,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> bool:
    """Write the weights in `folder` to `out` as `dtype` (f32, f16, bf16 or q8_0); return False after a stop.

    Raises UserError when the architecture or the tokenizer cannot be converted, and for `out` that is a file
    of another kind.
    """
    require_replaceable(out)
    progress(Update(stage="converting to GGUF"))
    job = {"folder": str(folder), "out": str(out), "dtype": dtype}
    return run_worker("export", job, on_events=lambda events: None, control=control, log=log)


def require_replaceable(out: Path) -> None:
    """Raise UserError where `out` exists and is not a GGUF file: it may be the user's only copy."""
    if not os.path.isfile(out):  # noqa: PTH113 - Path.is_file raises for long names
        return
    with out.open("rb") as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        raise UserError(f"{out} already exists, and is not a GGUF file.", "Name a new file.")


def unpack(
    gguf: Path,
    folder: Path,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> bool:
    """Write the model in a GGUF file as the new `folder`, with safetensors; return False after a stop.

    Raises UserError when the architecture, the number format or the tokenizer cannot be converted, and for a
    damaged file.
    """
    progress(Update(stage=UNPACKING))
    meters: list[Meter] = []

    def receive(events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["event"] == "unpacked":
                meters[:] = meters or [Meter(progress, stage=UNPACKING, total=event["total"], unit="tensors")]
                meters[0].advance(event["done"] - meters[0].done)

    job = {"model": str(gguf), "out": str(folder)}
    return run_worker("unpack", job, on_events=receive, control=control, log=log) and folder.is_dir()
