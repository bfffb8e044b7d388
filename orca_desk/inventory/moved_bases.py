"""The student of a training that lies elsewhere by now: moved, renamed, or on another computer."""

import json

from orca_desk.inventory.catalogue import catalogue
from orca_desk.library.database import Library
from orca_desk.library.locations import stored_path
from orca_desk.library.moving import repoint
from orca_desk.library.trainings import Training, get_training
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile

WEIGHTS = ".safetensors"


def with_found_base(library: Library, training: Training) -> Training:
    """Return a training with its base where that is now, if its weights lie in another folder of the models.

    Everything in the library that names the old folder names the new one then. Only folders with weights of
    the same names are read. Where none has the same weights, the training is returned as it is.
    """
    if training.base.exists():
        return training
    wanted = _weights(training)
    cache = HashCache(library.folder)
    for model in catalogue(library) if wanted else ():
        if not isinstance(model, ModelFile) or {file.name for file in model.files} != wanted.keys():
            continue
        if all(cache.sha256(file) == wanted[file.name] for file in model.files):
            repoint(library, {stored_path(library, training.base): stored_path(library, model.path)})
            return get_training(library, training.id)
    return training


def _weights(training: Training) -> dict[str, str]:
    """Return the SHA-256 of each file of weights at the start of a training, by its name."""
    try:
        plan = json.loads((training.folder / "run.json").read_text("utf-8"))
        files: dict[str, str] = plan["inputs"]["model"]
        return {name: sha256 for name, sha256 in files.items() if name.endswith(WEIGHTS)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
