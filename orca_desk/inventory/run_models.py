"""The model of a run: its name, and where its file is now. Runs know models by their SHA-256."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import catalogue
from orca_desk.inventory.student_files import can_be_made
from orca_desk.inventory.usage import model_with_hash
from orca_desk.library.database import Library
from orca_desk.library.model_uses import model_uses
from orca_desk.library.runs import Run
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile

MODELS = ("teacher", "model")  # the settings of a run that hold a model's SHA-256


def run_models(library: Library, runs: Iterable[Run]) -> dict[str, str]:
    """Return the name of the model that each run used, by the run's id; unknown ones are left out."""
    names, used = model_names(library), _used(library)
    found: dict[str, str] = {}
    for run in runs:
        path = used.get(run.id) or (run.request or {}).get("model")
        hashes = [run.settings[key] for key in MODELS if key in run.settings]
        if isinstance(path, str) and path:
            found[run.id] = Path(path).name
        elif known := [names[one] for one in hashes if one in names]:
            found[run.id] = known[0]
    return found


def model_names(library: Library) -> dict[str, str]:
    """Return the file name of each model whose SHA-256 is known, by the SHA-256."""
    paths = HashCache(library.folder).known().paths
    return {sha256: path.name for sha256, path in paths.items()}


def find_model(library: Library, path: Path, sha256: Any) -> Path:
    """Return `path`, or where the same file is now if it was moved or renamed.

    A missing file of the library's cache is returned too: it is made again when it is needed.

    Models whose SHA-256 is not known yet are read if they have the same file name. Raises UserError if the
    file is nowhere among the user's models.
    """
    if path.exists() or can_be_made(library, path):
        return path
    models = [one for one in catalogue(library) if isinstance(one, ModelFile)]
    found = model_with_hash(library, models, sha256)
    if found is None:
        cache = HashCache(library.folder)
        alike = [one for one in models if one.path.name == path.name]
        found = next((one for one in alike if cache.sha256_of(one.files) == sha256), None)
    if found is None:
        raise UserError(
            f"The model of this run was not found: {path}",
            "Put the file back, or add its new folder on the Models page: it is recognised by its content.",
        )
    return found.path


def _used(library: Library) -> Mapping[str, str]:
    """Return the model of each training and evaluation, without its adapter, by id."""
    used: dict[str, str] = {}
    for use in model_uses(library):
        if use.user != "chat":
            used.setdefault(use.id, str(use.path))
    return used
