"""What is to be trained, as the user chose it, kept in the library over restarts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.student.settings import TrainSettings

CHOSEN = "desktop.training"  # the library setting with what was chosen last
STARTED = "desktop.start.train"  # and with what was started last


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is to be trained."""

    base: Path
    snapshot: str
    settings: TrainSettings


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was chosen last. `settings` None: they were kept by another version of the app."""

    base: Path | None
    snapshot: str
    settings: TrainSettings | None
    shows_all: bool


def kept_choice(library: Library) -> Kept | None:
    """Return what was chosen last, or None."""
    kept = get_setting(library, CHOSEN)
    if not isinstance(kept, Mapping):
        return None
    base = kept.get("base")
    return Kept(
        base=Path(base) if isinstance(base, str) else None,
        snapshot=str(kept.get("snapshot", "")),
        settings=_settings(kept.get("settings")),
        shows_all=bool(kept.get("all")),
    )


def keep_choice(library: Library, choice: Choice, *, shows_all: bool) -> None:
    """Remember a choice, and whether all settings were shown."""
    set_setting(library, CHOSEN, {**_values(choice), "all": shows_all})


def keep_started(library: Library, choice: Choice) -> None:
    """Remember what was started."""
    set_setting(library, STARTED, _values(choice))


def _values(choice: Choice) -> dict[str, Any]:
    return {"base": str(choice.base), "snapshot": choice.snapshot, "settings": choice.settings.to_dict()}


def _settings(values: Any) -> TrainSettings | None:
    try:
        return TrainSettings.from_dict(values)
    except (UserError, TypeError, AttributeError):
        return None
