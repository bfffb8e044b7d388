"""The student of a training that is elsewhere by now: moved, renamed, or on another computer."""

import json
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import catalogue
from orca_desk.inventory.run_models import find_model
from orca_desk.library.database import Library
from orca_desk.library.locations import stored_path
from orca_desk.library.moves.moving import repoint
from orca_desk.library.trainings import Training, get_training
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile

WEIGHTS = ".safetensors"


def training_with_base(library: Library, training_id: str) -> Training:
    """Return a training as `with_found_base` does. Raises UserError if it does not exist."""
    return with_found_base(library, get_training(library, training_id))


def with_found_base(library: Library, training: Training) -> Training:
    """Return a training with its base where that is now, if its weights lie elsewhere among the models.

    Everything in the library that names the old place names the new one then. Only folders with weights of
    the same names are read, and files of the same name. Where none has the same content, the training is
    returned as it is.
    """
    if training.base.exists():
        return training
    found = _file(library, training.base) or _folder(library, training)
    if found is None:
        return training
    repoint(library, {stored_path(library, training.base): stored_path(library, found)})
    return get_training(library, training.id)


def _file(library: Library, base: Path) -> Path | None:
    """Return where the GGUF file that was at `base` is now, if its hash is known."""
    sha256 = HashCache(library.folder).known().last_of(base)
    try:
        return find_model(library, base, sha256) if sha256 else None
    except UserError:
        return None


def _folder(library: Library, training: Training) -> Path | None:
    """Return the folder with the weights that the training began with."""
    wanted = _weights(training)
    cache = HashCache(library.folder)
    for model in catalogue(library) if wanted else ():
        if not isinstance(model, ModelFile) or {file.name for file in model.files} != wanted.keys():
            continue
        if all(cache.sha256(file) == wanted[file.name] for file in model.files):
            return model.path
    return None


def _weights(training: Training) -> dict[str, str]:
    """Return the SHA-256 of each file of weights at the start of a training, by its name."""
    try:
        plan = json.loads((training.folder / "run.json").read_text("utf-8"))
        files: dict[str, str] = plan["inputs"]["model"]
        return {name: sha256 for name, sha256 in files.items() if name.endswith(WEIGHTS)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
