"""Converts a student's safetensors folder to a GGUF file, in a worker."""

from pathlib import Path

from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent


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

    Raises UserError when the architecture or the tokenizer cannot be converted.
    """
    progress(Update(stage="converting to GGUF"))
    job = {"folder": str(folder), "out": str(out), "dtype": dtype}
    return run_worker("export", job, on_events=lambda events: None, control=control, log=log)
