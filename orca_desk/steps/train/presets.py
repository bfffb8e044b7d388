"""Named presets of training settings: those that come with the app, and the user's own, for every library."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write
from orca_desk.inventory.bundled import mini_student
from orca_desk.steps.named import LONGEST_NAME, NamedStore
from orca_desk.student.settings import TrainSettings

DEFAULTS, DEMO = "Defaults", "Demo (for the mini student)"
# The mini student needs a high rate, and the demo uses this
MINI = TrainSettings(learning_rate=5e-3, epochs=4, batch_tokens=2048, max_length=512)
SHIPPED: Mapping[str, TrainSettings] = {
    DEFAULTS: TrainSettings(),
    DEMO: MINI,
    "Quick look": TrainSettings(rank=8, alpha=16.0, epochs=1, eval_every=20),
    "Thorough, stops by itself": TrainSettings(
        rank=32, alpha=64.0, epochs=6, eval_every=20, early_stop=4, early_stop_margin=0.002
    ),
}
CUSTOM = "Custom"  # what settings are called that equal no preset, so that no preset can be
LARGEST_FILE = 100_000  # bytes of a preset's file
KIND = "orca-desk training preset"  # marks such a file
STORE = NamedStore("training-presets.json", what="preset")


@dataclass(frozen=True, kw_only=True)
class TrainingPreset:
    """Settings with a name. `settings` is None where another version of Orca Desk saved them.

    `problem` then says what this version cannot read.
    """

    name: str
    settings: TrainSettings | None
    is_shipped: bool = False
    problem: str = ""


def list_presets() -> list[TrainingPreset]:
    """Return the app's presets, then the user's. Raises UserError where their file is damaged."""
    shipped = [TrainingPreset(name=name, settings=one, is_shipped=True) for name, one in SHIPPED.items()]
    return [*shipped, *_own()]


def get_preset(name: str) -> TrainSettings:
    """Return the settings of a preset. Raises UserError if there is none, or it cannot be read."""
    presets = {one.name: one for one in list_presets()}
    name = " ".join(name.split())  # as it was stored
    if name not in presets:
        raise UserError(f"There is no preset {name!r}.", f"Choose from {', '.join(presets)}.")
    found = presets[name]
    if found.settings is None:
        raise UserError(
            f"The preset {name!r} cannot be used: {found.problem}", "Save it again, or delete it."
        )
    return found.settings


def save_preset(name: str, settings: TrainSettings) -> Any:
    """Save settings under a name; return what was stored under it before, or None.

    Raises UserError for a name that the app uses itself, however it is capitalised.
    """
    _require_free(name)
    return STORE.save(name, settings.to_dict())


def rename_preset(name: str, new: str) -> None:
    """Rename one of the user's presets. Raises UserError for any other, and for a name that is taken."""
    _require_own(name)
    _require_free(new)
    STORE.rename(name, new)


def delete_preset(name: str) -> tuple[Any, list[str]]:
    """Delete one of the user's presets; return what `restore_preset` needs."""
    _require_own(name)
    return STORE.delete(name)


def restore_preset(name: str, deleted: tuple[Any, list[str]]) -> None:
    """Bring a deleted preset back, and make it the default of the same bases."""
    values, keys = deleted
    STORE.save(name, values)
    for key in keys:
        STORE.set_default(key, name)


def default_for(base: Path) -> str:
    """Return the name of the preset that a base begins with: the user's choice, or the app's.

    A choice that is gone counts as none.
    """
    chosen = STORE.defaults().get(_key(base), "")
    if chosen in SHIPPED or chosen in STORE.all():
        return chosen
    return usual_for(base)


def usual_for(base: Path) -> str:
    """Return the name of the app's preset that suits a base, which needs no file."""
    return DEMO if _key(base) == _key(mini_student()) else DEFAULTS


def set_default(base: Path, name: str | None) -> str | None:
    """Begin with a preset whenever this base is chosen, with None as the app does; return the choice before.

    Raises UserError for an unknown preset.
    """
    if name is not None:
        get_preset(name)
    return STORE.set_default(_key(base), name)


def export_preset(name: str, path: Path) -> None:
    """Write a preset to a JSON file. Raises UserError if there is none, or the file cannot be written."""
    content = {"kind": KIND, "name": name, "settings": get_preset(name).to_dict()}
    try:
        atomic_write(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def import_preset(path: Path) -> str:
    """Save the preset of a JSON file under its name, with a number if that is taken; return the name.

    Raises UserError for a file that holds no preset, or one that this version cannot read.
    """
    name, settings = _read_file(path)
    taken = {CUSTOM.casefold(), *(one.name.casefold() for one in list_presets())}
    numbers = ["", *(f" {number}" for number in range(2, len(taken) + 2))]
    names = (f"{name[: LONGEST_NAME - len(number)]}{number}" for number in numbers)
    free = next(one for one in names if one.casefold() not in taken)
    STORE.save(free, settings.to_dict())
    return free


def _read_file(path: Path) -> tuple[str, TrainSettings]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}.", "Check the file.") from error
    try:
        content = json.loads(data) if len(data) <= LARGEST_FILE else None
    except (ValueError, RecursionError):
        content = None
    match content:
        case {"kind": str(kind), "name": str(name), "settings": dict(settings)} if kind == KIND:
            return STORE.checked(name), TrainSettings.from_dict(settings)
    raise UserError(f"{path.name} contains no training preset.", "Choose a file that Export preset wrote.")


def _own() -> Iterator[TrainingPreset]:
    for name, values in STORE.all().items():
        try:
            yield TrainingPreset(name=name, settings=TrainSettings.from_dict(values))
        except (UserError, TypeError, AttributeError) as error:
            problem = error.message if isinstance(error, UserError) else "it contains no settings"
            yield TrainingPreset(name=name, settings=None, problem=problem)


def _require_own(name: str) -> None:
    if " ".join(name.split()) in SHIPPED:
        raise UserError(f"The preset {name!r} comes with the app.", "Choose one of yours.")


def _require_free(name: str) -> None:
    given = " ".join(name.split()).casefold()
    if given == CUSTOM.casefold():
        raise UserError(f"{CUSTOM} is the name for settings without a preset.", "Choose another name.")
    if given in (one.casefold() for one in SHIPPED):
        raise UserError(f"The preset {name!r} comes with the app.", "Choose another name for yours.")


def _key(base: Path) -> str:
    return str(base.resolve())
