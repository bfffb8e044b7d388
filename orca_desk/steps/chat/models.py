"""The models of a chat: a tuned student, its base, its teacher, or any model file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orca_desk.inventory.bundled import mini_student_gguf, mini_teacher
from orca_desk.inventory.catalogue import catalogue
from orca_desk.inventory.moved_bases import training_with_base
from orca_desk.inventory.student_files import is_converted, known_student_gguf, student_gguf
from orca_desk.inventory.usage import teacher_file
from orca_desk.library.chats import Chat
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.library.trainings import Training, list_trainings
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile
from orca_desk.models.safetensors_header import has_weights
from orca_desk.processes.progress import JobControl, Progress

Part = Literal["student", "base", "teacher"]
HASH_DIGITS = 8  # of a SHA-256, enough to tell the files of one machine apart


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """A GGUF file and perhaps an adapter (GGUF) for it; `part` is its role in the method."""

    part: Part
    model: Path
    adapter: Path | None = None
    training: str = ""  # the id of the training that made the adapter


def part_of(model: Path, adapter: Path | None, bases: Iterable[Path] = ()) -> Part:
    """Return a model's role: with an adapter it is a tuned student, and if it can be trained, a base.

    A model can be trained if it or its folder is one of `bases`, those of earlier trainings, or if its folder
    holds safetensors. Any other model counts as a teacher.
    """
    if adapter is not None:
        return "student"
    folder = model.parent
    trainable = not {model, folder}.isdisjoint(bases) or has_weights(folder)
    return "base" if trainable else "teacher"


def finished_trainings(library: Library) -> list[Training]:
    """Return the trainings whose adapter can be used in a chat, newest first, those of experiments last."""
    found = [one for one in list_trainings(library) if one.adapter_gguf and one.adapter_gguf.is_file()]
    return sorted(found, key=lambda one: one.derived)


def training_models(
    library: Library, training_id: str, *, progress: Progress, control: JobControl
) -> list[ChatModel]:
    """Return a training's tuned student, its base and, if this machine has it, its teacher.

    Converts the base to GGUF if that was not done before; returns nothing when `control` stops that. Raises
    UserError when the training does not exist or its base cannot be used.
    """
    training = training_with_base(library, training_id)
    log = log_folder(library) / "convert.log"
    model = student_gguf(library, training.base, progress=progress, control=control, log=log)
    if model is None:
        return []
    found = [ChatModel(part="base", model=model)]
    if training.adapter_gguf and training.adapter_gguf.is_file():
        tuned = ChatModel(part="student", model=model, adapter=training.adapter_gguf, training=training.id)
        found.insert(0, tuned)
    if teacher := teacher_of(library, training):
        found.append(ChatModel(part="teacher", model=teacher))
    return found


def models_of(library: Library, columns: Sequence[Chat]) -> list[ChatModel]:
    """Return the models of a stored chat's columns, in the roles that they had."""
    trainings = finished_trainings(library)
    names = {one.adapter_gguf: one.id for one in trainings}
    cache = library.folder / "cache"  # holds what was converted of students
    bases = [
        *(one.base for one in trainings),
        *(one.model.parent for one in columns if cache in one.model.parents),
    ]
    known: dict[str, Part] = {"student": "student", "base": "base", "teacher": "teacher"}
    return [
        ChatModel(
            part=known.get(one.part) or part_of(one.model, one.adapter, bases),
            model=one.model,
            adapter=one.adapter,
            training=names.get(one.adapter, "") if one.adapter else "",
        )
        for one in columns
    ]


def needs_conversion(library: Library, training_id: str) -> bool:
    """Return whether a training's base must be converted to GGUF first, which can take minutes.

    Raises UserError when the training does not exist or its base cannot be used.
    """
    base = training_with_base(library, training_id).base
    return known_student_gguf(library, base) is None and not is_converted(library, base)


def teacher_of(library: Library, training: Training) -> Path | None:
    """Return the file of the teacher that made a training's snapshot, if it is on this machine."""
    models = (one for one in catalogue(library) if isinstance(one, ModelFile) and one.kind == "gguf")
    return teacher_file(library, training.snapshot, models)


def mini_models() -> list[ChatModel]:
    """Return the bundled mini student, which is untrained, and the mini teacher."""
    files: tuple[tuple[Part, Path], ...] = (("base", mini_student_gguf()), ("teacher", mini_teacher()))
    return [ChatModel(part=part, model=file) for part, file in files if file.is_file()]


def fingerprint(library: Library, model: ChatModel) -> str:
    """Return the short hashes of the files: "129c1cc0", with an adapter "129c1cc0 + 93004149".

    Reads all of a file that was never hashed. Raises UserError when it cannot be read.
    """
    cache = HashCache(library.folder)
    files = [model.model, *([model.adapter] if model.adapter else [])]
    return " + ".join(cache.sha256(file)[:HASH_DIGITS] for file in files)
