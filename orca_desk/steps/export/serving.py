"""How an application asks the student: what stands beside the weights in the folder for it."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.inventory.student_files import known_student_folder, known_student_gguf
from orca_desk.library.database import Library
from orca_desk.models.gguf_header import read_header
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl
from orca_desk.processes.protocol import Message
from orca_desk.steps.export.sources import exportable


@dataclass(frozen=True, kw_only=True)
class ServingNeeds:
    """What an application needs beside the weights: the template in Go's syntax, and the texts that stop."""

    template: str | None
    stops: tuple[str, ...]


def describe_serving(
    folder: Path, *, adds_bos: bool, control: JobControl | None = None, log: Path | None = None
) -> ServingNeeds | None:
    """Return how the student in `folder` is served; None when stopped.

    `adds_bos`: the application begins every prompt with a token of its own. A worker runs the template.
    Raises UserError for a broken one.
    """
    found: list[ServingNeeds] = []

    def receive(events: list[Message]) -> None:
        found.extend(
            ServingNeeds(template=event["template"], stops=tuple(event["stops"]))
            for event in events
            if event["event"] == "served"
        )

    job = {"folder": str(folder), "adds_bos": adds_bos}
    finished = run_worker("merge", job, on_events=receive, control=control, log=log)
    return found[0] if finished and found else None


def begins_prompts(base_gguf: Path) -> bool:
    """Return whether llama.cpp and what builds on it begin every prompt with a token of their own."""
    return bool(read_header(base_gguf).metadata.get("tokenizer.ggml.add_bos_token", False))


def has_ollama_template(library: Library, training_id: str) -> bool | None:
    """Return whether a training's chat template can be written in Ollama's language; None: not known yet.

    It is not known of a base whose files have to be made again. Raises UserError as `exportable` does, and
    for a broken template.
    """
    training = exportable(library, training_id)
    folder = known_student_folder(library, training.base)
    if folder is None:
        return None
    file = known_student_gguf(library, training.base)
    served = describe_serving(folder, adds_bos=file is not None and begins_prompts(file))
    return None if served is None else served.template is not None
