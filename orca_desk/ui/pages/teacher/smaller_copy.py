"""Makes a copy of a teacher that fits in memory, as a job."""

from collections.abc import Callable
from pathlib import Path

from orca_desk.inventory.catalogue import add_path
from orca_desk.inventory.quantise import quantise, smaller_copy
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import StoppedError
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import NO_RUN, Job, Tools


def make_smaller_copy(desk: Desk, model: ModelFile, kind: str, then: Callable[[Path], None]) -> Job:
    """Quantise `model` into the library's folder, list the copy, and call `then` with its path."""
    library = desk.library

    def work(tools: Tools) -> Path | None:
        control = tools.control
        try:
            out = smaller_copy(library, model, kind, on_bytes=lambda count: control.require_running())
        except StoppedError:
            return None
        made = out.exists() or quantise(model, out, kind, progress=tools.progress, control=control)
        if made:
            add_path(library, out)
        control.finished = made
        return out if made else None

    def ended() -> None:
        if job.error is not None:
            desk.report(job.error)
        elif isinstance(out := job.result, Path):
            then(out)
            desk.say(f"{out.name} is ready.", "good")

    job = desk.jobs.start(
        f"Quantise {model.name}",
        "quantise",
        work,
        changes=("models",),
        again=("teacher", {"quantise": str(model.path), "kind": kind}),
        begins_in=NO_RUN,
    )
    job.ended.connect(ended)
    return job
