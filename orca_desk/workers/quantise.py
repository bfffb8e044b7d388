"""Quantises a GGUF file: the job is {"model", "out", "kind"}; `written` gives the bytes so far.

"importance" may name the file of an importance matrix (see `orca_desk.student.importance`).
"""

from pathlib import Path

from orca_desk.workers.runtime import Channel, serve
from orca_desk.workers.writing import telling_size


def main() -> None:
    """Serve one job."""
    serve(quantise)


def quantise(channel: Channel) -> None:
    """Write the file that the job describes. Raises UserError when llama.cpp cannot."""
    from orca_desk.teacher import quantise as quantiser

    job = channel.job
    out = Path(job["out"])
    with telling_size(channel, out):
        importance = Path(job["importance"]) if job.get("importance") else None
        quantiser.quantise(Path(job["model"]), out, job["kind"], importance=importance)
