"""Writes GGUF files and compares them with what they were made of.

Jobs: {"folder", "out", "dtype"} converts a model, {"adapter", "base", "out"} an adapter, {"folder", "file"}
emits `compared` with the first "difference" ("" for none) and its "detail".
"""

from pathlib import Path

from orca_desk.errors import cannot_write
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(export)


def export(channel: Channel) -> None:
    """Write or compare the file that the job describes. Raises UserError for one that cannot be written."""
    try:
        _export(channel)
    except OSError as error:
        out = channel.job.get("out")
        if error.filename is None or error.filename != out:
            raise
        raise cannot_write(Path(out), error) from error


def _export(channel: Channel) -> None:
    from orca_desk.student.convert import write_gguf
    from orca_desk.student.export import export_adapter
    from orca_desk.student.same_model import find_difference

    job = channel.job
    if "adapter" in job:
        export_adapter(Path(job["adapter"]), Path(job["base"]), Path(job["out"]))
    elif "file" in job:
        found = find_difference(Path(job["folder"]), Path(job["file"]))
        difference, detail = (found.kind.value, found.detail) if found else ("", "")
        channel.emit({"event": "compared", "difference": difference, "detail": detail})
    else:
        write_gguf(Path(job["folder"]), Path(job["out"]), dtype=job["dtype"])
