"""Where things are: the app's own resources and bundled models, and the user's data folder."""

import os
import sys
from pathlib import Path

import platformdirs


def app_root() -> Path:
    """Return the folder that holds `resources/` and `models/`.

    That is the unpacked bundle in the frozen app, `orca_desk/_data` in an installed wheel, and the
    checkout otherwise.
    """
    if getattr(sys, "frozen", False):
        return Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent))
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent


def resources() -> Path:
    """Return the folder of strategies, sample tasks and other bundled data."""
    return app_root() / "resources"


def bundled_models() -> Path:
    """Return the folder of the bundled mini models."""
    return app_root() / "models"


def default_library() -> Path:
    """Return the user's library folder: $ORCA_DESK_LIBRARY, or the platform's data folder."""
    chosen = os.environ.get("ORCA_DESK_LIBRARY")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("orca-desk", "orca-desk"))
