"""Who answers in a chat: a tuned student, its base, its teacher, or any model file, and from which files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orca_desk.inventory.bundled import mini_student_gguf, mini_teacher
from orca_desk.inventory.catalogue import catalogue
from orca_desk.inventory.student_files import student_gguf
from orca_desk.inventory.usage import teacher_file
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.library.trainings import Training, get_training, list_trainings
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile
from orca_desk.models.safetensors_header import has_weights
from orca_desk.processes.progress import JobControl, Progress

Part = Literal["student", "base", "teacher"]
SHORT = 8  # hex digits of a hash that are shown


@dataclass(frozen=True, kw_only=True)
class Answerer:
    """One column's model: a GGUF file, perhaps with an adapter (GGUF). Without one it answers as it is."""

    part: Part
    model: Path
    adapter: Path | None = None
    training: str = ""  # whose adapter it is


def part_of(model: Path, adapter: Path | None, bases: Iterable[Path] = ()) -> Part:
    """Return what a model is in a chat: with an adapter a tuned student; where it can be trained, a base.

    `bases` are folders of students that were trained; a folder with safetensors is one that may be.
    """
    if adapter is not None:
        return "student"
    folder = model.parent
    trainable = folder in set(bases) or has_weights(folder)
    return "base" if trainable else "teacher"


def finished_trainings(library: Library) -> list[Training]:
    """Return the trainings whose adapter can be served, the newest first."""
    return [one for one in list_trainings(library) if one.adapter_gguf and one.adapter_gguf.is_file()]


def of_training(
    library: Library, training_id: str, *, progress: Progress, control: JobControl
) -> list[Answerer]:
    """Return a training's tuned student, its base and, if it is on this machine, its teacher.

    A student that is not there as GGUF is converted, once; nothing is returned when that was stopped.
    Raises UserError when there is no such training, or it cannot be served.
    """
    training = get_training(library, training_id)
    log = log_folder(library) / "convert.log"
    model = student_gguf(library, training.base, progress=progress, control=control, log=log)
    if model is None:
        return []
    found = [Answerer(part="base", model=model)]
    if training.adapter_gguf and training.adapter_gguf.is_file():
        tuned = Answerer(part="student", model=model, adapter=training.adapter_gguf, training=training.id)
        found.insert(0, tuned)
    if teacher := teacher_of(library, training):
        found.append(Answerer(part="teacher", model=teacher))
    return found


def needs_conversion(library: Library, training_id: str) -> bool:
    """Whether a training's base has to be converted before it can be served, which takes a while."""
    return not any(get_training(library, training_id).base.glob("*.gguf"))


def teacher_of(library: Library, training: Training) -> Path | None:
    """Return the file of the teacher that made a training's snapshot, if it is on this machine."""
    models = (one for one in catalogue(library) if isinstance(one, ModelFile) and one.kind == "gguf")
    return teacher_file(library, training.snapshot, models)


def bundled() -> list[Answerer]:
    """Return the bundled mini student, which is untrained, and the mini teacher."""
    files: tuple[tuple[Part, Path], ...] = (("base", mini_student_gguf()), ("teacher", mini_teacher()))
    return [Answerer(part=part, model=file) for part, file in files if file.is_file()]


def fingerprint(library: Library, answerer: Answerer) -> str:
    """Return the short hashes of the files: "129c1cc0", with an adapter "129c1cc0 + 93004149".

    Reads a file whole that was not hashed before. Raises UserError when it cannot be read.
    """
    cache = HashCache(library.folder)
    files = [answerer.model, *([answerer.adapter] if answerer.adapter else [])]
    return " + ".join(cache.sha256(file)[:SHORT] for file in files)
