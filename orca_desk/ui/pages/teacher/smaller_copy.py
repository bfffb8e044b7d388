"""Makes a copy of a teacher that fits in memory, as a job."""

from collections.abc import Callable
from pathlib import Path

from orca_desk.inventory.catalogue import add_path
from orca_desk.inventory.quantise import quantise, smaller_copy
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools


def make_smaller_copy(desk: Desk, model: ModelFile, kind: str, then: Callable[[Path], None]) -> Job:
    """Quantise `model` into the library's folder, list the copy, and call `then` with its path."""
    library, out = desk.library, smaller_copy(desk.library, model, kind)

    def work(tools: Tools) -> bool:
        made = out.exists() or quantise(model, out, kind, progress=tools.progress, control=tools.control)
        if made:
            add_path(library, out)
        tools.control.finished = made
        return made

    def ended() -> None:
        if job.error is not None:
            desk.report(job.error)
        elif job.result:
            then(out)
            desk.say(f"{out.name} is ready.", "good")

    job = desk.jobs.start(f"Quantise {model.name}", "quantise", work, changes=("models",))
    job.ended.connect(ended)
    return job
