"""The catalogue: every model that the user can choose, bundled, found in other tools' folders, or added."""

import os
from collections.abc import Iterable
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import bundled_folders
from orca_desk.inventory.find import find_models, identify_or_explain
from orca_desk.inventory.names import with_distinct_names
from orca_desk.inventory.places import model_folders
from orca_desk.library.database import Library
from orca_desk.library.settings import change_setting, get_setting, peek_setting
from orca_desk.models.fits import Fit, serving_fit, training_fit
from orca_desk.models.identify import seen_headers
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import expanded
from orca_desk.student.settings import TrainSettings

KEY = "models.added"
SHOWN_ANSWERS = 8  # at once, as a generation on a small machine does
SHOWN_TOKENS = 2048


def added_paths(library: Library) -> list[Path]:
    """Return the files and folders that the user added, in that order."""
    return [Path(text) for text in _added(get_setting(library, KEY))]


def added_in_folder(folder: Path) -> list[Path]:
    """Return `added_paths` of the library in `folder` without opening it, as another process may have it."""
    return [Path(text) for text in _added(peek_setting(folder, KEY))]


def add_path(library: Library, path: Path) -> list[ModelFile | NotAModel]:
    """Add a model file, or a folder with models in it, to the catalogue; return what it holds.

    Copies nothing. Raises UserError when it holds no usable model.
    """
    path = expanded(path).absolute()
    found = _models_at(path)
    if not any(isinstance(one, ModelFile) for one in found):
        reason = next((one.reason for one in found if isinstance(one, NotAModel)), "")
        raise UserError(
            reason or f"There is no model in {path}.",
            "Add a GGUF file, or a folder with config.json, a tokenizer and safetensors.",
        )
    restore_path(library, path)
    return found


def remove_path(library: Library, path: Path) -> None:
    """Remove a path that the user added from the catalogue; its files stay."""
    change_setting(library, KEY, lambda stored: [one for one in _added(stored) if Path(one) != path])


def restore_path(library: Library, path: Path) -> None:
    """Add a path that was removed, even if nothing is there at the moment."""
    change_setting(library, KEY, lambda stored: list(dict.fromkeys([*_added(stored), str(path)])))


def known_models(added: Iterable[Path] = ()) -> list[ModelFile | NotAModel]:
    """Return the bundled models, those in other tools' folders and those at `added` paths, each file once.

    No two have the same name. Unusable lookalikes come with the reason. Reads headers and hashes
    nothing.
    """
    found: dict[str, ModelFile | NotAModel] = {}
    for one in find_models([*bundled_folders(), *model_folders().values()]):
        found[os.path.realpath(one.path)] = one
    for path in added:
        for one in _models_at(path):
            found.setdefault(os.path.realpath(one.path), one)
    return with_distinct_names(found.values())


def catalogue(library: Library, elsewhere: Iterable[Path] = ()) -> list[ModelFile | NotAModel]:
    """Return all models that the user of a library can choose, as `known_models` does.

    `elsewhere` are paths of more models, in use without being listed; missing ones are left out. What
    the headers said is stored in the library's folder, so that the next start reads only new ones.
    """
    added = added_paths(library)
    seen_headers.load(library.folder)
    more = [path for path in elsewhere if isinstance(identify_or_explain(path), ModelFile)]
    models = known_models([*added, *more])
    seen_headers.save(library.folder)
    return models


def fit_of(model: ModelFile) -> Fit | None:
    """Estimate whether a model fits in memory for its most common use; None for an adapter.

    For a GGUF file that is serving eight answers at once of up to 2048 tokens, as a generation on a small
    machine does; for a student folder, training with the default settings.
    """
    if model.kind == "gguf":
        return serving_fit(
            model, sequences=SHOWN_ANSWERS, tokens=min(SHOWN_TOKENS, model.context or SHOWN_TOKENS)
        )
    if model.kind == "safetensors":
        return training_fit(model, TrainSettings())
    return None


def _added(stored: object) -> list[str]:
    """Return the stored list of paths; an empty one for what another version stored."""
    return [one for one in stored if isinstance(one, str)] if isinstance(stored, list) else []


def _models_at(path: Path) -> list[ModelFile | NotAModel]:
    """Return the model at `path` or the models in that folder; or the reason why there is none."""
    model = identify_or_explain(path)
    if isinstance(model, NotAModel) and os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for long names
        return list(find_models([path])) or [model]
    return [model]
