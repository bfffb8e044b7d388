"""Every model that the user may choose: bundled, where other tools keep theirs, and what the user added."""

import os
from collections.abc import Iterable
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.find import find_models, known_places
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.models.fits import Fit, serving_fit, training_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import bundled_models
from orca_desk.student.settings import TrainSettings

KEY = "models.added"
SHOWN_ANSWERS = 8  # at once, as a generation on a small machine does
SHOWN_TOKENS = 2048


def added_places(library: Library) -> list[Path]:
    """Return the files and folders that the user added, in that order."""
    kept = get_setting(library, KEY, [])
    return [Path(text) for text in kept if isinstance(text, str)] if isinstance(kept, list) else []


def add_place(library: Library, place: Path) -> list[ModelFile | NotAModel]:
    """Remember a model file, or a folder with models in it; return what is there.

    Nothing is copied. Raises UserError when nothing there can be used as a model.
    """
    place = place.expanduser().absolute()
    found = _look(place)
    if not any(isinstance(one, ModelFile) for one in found):
        reason = next((one.reason for one in found if isinstance(one, NotAModel)), "")
        raise UserError(
            reason or f"There is no model in {place}.",
            "Add a GGUF file, or a folder with config.json, a tokenizer and safetensors.",
        )
    known = added_places(library)
    if place not in known:
        set_setting(library, KEY, [str(one) for one in [*known, place]])
    return found


def remove_place(library: Library, place: Path) -> None:
    """Forget a place that the user added; its files stay."""
    set_setting(library, KEY, [str(one) for one in added_places(library) if one != place])


def restore_place(library: Library, place: Path) -> None:
    """Add a place that was removed, even if nothing is there at the moment."""
    set_setting(library, KEY, [str(one) for one in dict.fromkeys([*added_places(library), place])])


def known_models(added: Iterable[Path] = ()) -> list[ModelFile | NotAModel]:
    """Return what is bundled, in other tools' folders and at `added` places, each file once.

    What only looks like a model comes too, with the reason. Headers are read, nothing is hashed.
    """
    found: dict[str, ModelFile | NotAModel] = {}
    for one in find_models(known_places(bundled_models()).values()):
        found[os.path.realpath(one.path)] = one
    for place in added:
        for one in _look(place):
            found.setdefault(os.path.realpath(one.path), one)
    return list(found.values())


def catalogue(library: Library) -> list[ModelFile | NotAModel]:
    """Return all models that the user of a library may choose, as `known_models` does."""
    return known_models(added_places(library))


def fit_of(model: ModelFile) -> Fit | None:
    """Estimate whether a model fits into memory for what it is mostly used for; None for an adapter.

    A GGUF file is served with eight answers at once of up to 2048 tokens, as a generation on a small
    machine does; a student folder is trained with the settings' defaults.
    """
    if model.kind == "gguf":
        return serving_fit(
            model, sequences=SHOWN_ANSWERS, tokens=min(SHOWN_TOKENS, model.context or SHOWN_TOKENS)
        )
    if model.kind == "safetensors":
        return training_fit(model, TrainSettings())
    return None


def _look(place: Path) -> list[ModelFile | NotAModel]:
    """Return what is at a file or in a folder; an added file that is gone is told as such."""
    try:
        return [identify(place)]
    except UserError as error:
        inside = list(find_models([place])) if place.is_dir() else []
        return inside or [NotAModel(path=place, reason=str(error))]
    except OSError as error:  # a name that no disk can have, a folder that may not be looked into
        reason = f"{place} cannot be looked at ({error.strerror})."
        return [NotAModel(path=place, reason=reason)]
