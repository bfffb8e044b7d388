"""What a training is started with, and the form's last entries, which the library saves between starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, other_version
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.trainings import Training
from orca_desk.student.settings import TrainSettings

SETTING = "desktop.training"  # the library setting that holds the form's last entries


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """A student to train: its base, a folder or a GGUF file, the id of a snapshot, and the settings."""

    base: Path
    snapshot: str
    settings: TrainSettings

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TrainingRequest":
        """Read what `to_json` wrote. Raises UserError for what another version of Orca Desk wrote."""
        try:
            return cls(
                base=Path(stored["base"]),
                snapshot=str(stored["snapshot"]),
                settings=TrainSettings.from_dict(stored["settings"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise other_version("this training", "Choose its settings again.") from error

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {"base": str(self.base), "snapshot": self.snapshot, "settings": self.settings.to_dict()}


@dataclass(frozen=True, kw_only=True)
class SavedForm:
    """The form's last entries. `settings` is None when another version of Orca Desk saved them."""

    base: Path | None
    snapshot: str
    settings: TrainSettings | None
    shows_all: bool


def request_of(training: Training) -> TrainingRequest:
    """Return the request that resumes a training.

    Raises UserError when its settings are not those of this version of Orca Desk.
    """
    return TrainingRequest(
        base=training.base,
        snapshot=training.snapshot,
        settings=TrainSettings.from_dict(training.settings),
    )


def saved_form(library: Library) -> SavedForm | None:
    """Return the form's last entries, or None if none were saved."""
    saved = get_setting(library, SETTING)
    if not isinstance(saved, Mapping):
        return None
    base = saved.get("base")
    return SavedForm(
        base=Path(base) if isinstance(base, str) else None,
        snapshot=str(saved.get("snapshot", "")),
        settings=_settings(saved.get("settings")),
        shows_all=bool(saved.get("all")),
    )


def save_form(library: Library, request: TrainingRequest, *, shows_all: bool) -> None:
    """Save the form's entries, and whether it showed all settings."""
    set_setting(library, SETTING, {**request.to_json(), "all": shows_all})


def _settings(values: Any) -> TrainSettings | None:
    try:
        return TrainSettings.from_dict(values)
    except (UserError, TypeError, AttributeError):
        return None
