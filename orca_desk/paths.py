"""The folders of the app's resources, of the bundled models, of the user's library and settings."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from orca_desk.errors import UserError


def app_root() -> Path:
    """Return the folder that holds `resources/`, `models/` and `docs/handbook/`.

    In the packaged app this is the unpacked bundle, in an installed wheel `orca_desk/_data`, otherwise the
    checkout.
    """
    if getattr(sys, "frozen", False):
        return Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent))
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent


def resources() -> Path:
    """Return the folder of the bundled strategies, sample tasks, icons and fonts."""
    return app_root() / "resources"


def handbook() -> Path:
    """Return the folder of the handbook's chapters."""
    return app_root() / "docs" / "handbook"


def bundled_models() -> Path:
    """Return the folder of the bundled mini models."""
    return app_root() / "models"


def user_settings() -> Path:
    """Return the folder of the user's settings: $ORCA_DESK_SETTINGS, or else the platform's."""
    chosen = os.environ.get("ORCA_DESK_SETTINGS")
    return Path(chosen) if chosen else _of_user(platformdirs.user_config_dir, "orca-desk")


def default_library() -> Path:
    """Return the library's folder: $ORCA_DESK_LIBRARY, or else one in the platform's data folder."""
    chosen = os.environ.get("ORCA_DESK_LIBRARY")
    return Path(chosen) if chosen else _of_user(platformdirs.user_data_dir, "orca-desk")


def default_models() -> Path:
    """Return the folder for downloaded models: $ORCA_DESK_MODELS, or else one beside the default library."""
    chosen = os.environ.get("ORCA_DESK_MODELS")
    return Path(chosen) if chosen else _of_user(platformdirs.user_data_dir, "orca-desk-models")


def expanded(path: Path) -> Path:
    """Return `path` with the home folder for a "~" at its start; a name of nobody ("~$draft.csv") stays."""
    with suppress(RuntimeError):
        return path.expanduser()
    return path


def resolved(path: Path) -> Path:
    """Return `path` as an absolute one without "~" and links. Raises UserError for links in a circle."""
    try:
        return expanded(path).resolve()
    except RuntimeError as error:
        raise UserError(f"{path} is a link that leads back to itself.", "Choose another folder.") from error


def _of_user(find: Callable[[str, str], str], name: str) -> Path:
    """Return one of the platform's folders. Raises UserError for a user without a home folder."""
    try:
        return Path(find(name, "orca-desk"))
    except RuntimeError as error:
        raise UserError(
            "Your user has no home folder, where the library and the settings would be.",
            "Set HOME to an absolute path, or ORCA_DESK_LIBRARY, ORCA_DESK_MODELS and ORCA_DESK_SETTINGS.",
        ) from error
