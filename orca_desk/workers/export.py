"""Writes GGUF files: {"folder", "out", "dtype"} converts a model, {"adapter", "base", "out"} an adapter."""

from pathlib import Path

from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(export)


def export(channel: Channel) -> None:
    """Write the file that the job describes."""
    from orca_desk.student.convert import write_gguf
    from orca_desk.student.export import export_adapter

    job = channel.job
    out = Path(job["out"])
    if "adapter" in job:
        export_adapter(Path(job["adapter"]), Path(job["base"]), out)
    else:
        write_gguf(Path(job["folder"]), out, dtype=job["dtype"])
