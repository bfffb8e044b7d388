"""Every model that the user may choose: bundled, where other tools keep theirs, and what the user added."""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.models.find import find_models, known_places
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import bundled_models

KEY = "models.added"


def added_places(library: Library) -> list[Path]:
    """Return the files and folders that the user added, in that order."""
    return [Path(text) for text in get_setting(library, KEY, [])]


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


def catalogue(library: Library) -> list[ModelFile | NotAModel]:
    """Return all models, each once by its path, and what only looks like one. Reads headers, hashes nothing."""
    found = {one.path: one for one in find_models(known_places(bundled_models()).values())}
    for place in added_places(library):
        found.update({one.path: one for one in _look(place)})
    return list(found.values())


def _look(place: Path) -> list[ModelFile | NotAModel]:
    """Return what is at a file or in a folder; an added file that is gone is told as such."""
    try:
        return [identify(place)]
    except UserError as error:
        inside = list(find_models([place])) if place.is_dir() else []
        return inside or [NotAModel(path=place, reason=str(error))]
