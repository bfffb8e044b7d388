"""What the user chose for every library: the theme, the tour, the window, and which libraries were open."""

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings

from orca_desk.library.database import DATABASE_NAME
from orca_desk.paths import user_settings
from orca_desk.ui.words.library import library_name

THEME = "window/theme"
TEXT_SIZE = "window/text-size"  # percent
PLAIN_TEXT = "window/plain-text"  # whether answers are shown as they were written
TOUR_SEEN = "window/tour"
GEOMETRY = "window/geometry"
RECENT = "libraries/recent"
NAMES = "libraries/names"  # JSON: by the folder, what each library is called
PLACE_OF_NEW = "libraries/parent"  # the folder in which the user made a library last
FONTS_TOLD = "window/fonts-told"  # the scripts without a font that the user has been told of
NOTIFY = "jobs/notify"  # "true" or "false": whether the end of a job is announced while the window is behind
MOST_RECENT = 8


def preferences() -> QSettings:
    """Return the user's settings, which all libraries share."""
    return QSettings(str(user_settings() / "desktop.ini"), QSettings.Format.IniFormat)


def adopt(chosen: QSettings, view_state: QSettings) -> None:
    """Take over what an earlier version stored with the library, unless the user has chosen since."""
    for name in (THEME, TOUR_SEEN, GEOMETRY):
        if not chosen.contains(name) and view_state.contains(name):
            chosen.setValue(name, view_state.value(name))


@dataclass(frozen=True)
class KnownLibrary:
    """A library that was open lately: its folder, what it was called, and whether it is still there."""

    folder: Path
    name: str
    is_there: bool


def note_library(chosen: QSettings, folder: Path, name: str = "") -> None:
    """Remember that the library in `folder`, called `name`, was open, as the latest one."""
    others = [path for path in _stored(chosen) if path != str(folder)]
    kept = [str(folder), *others][:MOST_RECENT]
    chosen.setValue(RECENT, kept)
    names = {**_names(chosen), str(folder): name}
    chosen.setValue(NAMES, json.dumps({path: names[path] for path in kept if names.get(path)}))


def forget_library(chosen: QSettings, folder: Path) -> None:
    """Take a library off the list of recent ones; its files stay as they are."""
    chosen.setValue(RECENT, [path for path in _stored(chosen) if path != str(folder)])


def known_libraries(chosen: QSettings) -> list[KnownLibrary]:
    """Return the libraries that were open lately, the latest first, also those that are not there now."""
    names = _names(chosen)
    return [
        KnownLibrary(
            folder=Path(path),
            name=library_name(Path(path), names.get(path, "")),
            is_there=(Path(path) / DATABASE_NAME).is_file(),
        )
        for path in _stored(chosen)
    ]


def _names(chosen: QSettings) -> dict[str, str]:
    try:
        stored = json.loads(str(chosen.value(NAMES) or "{}"))
    except ValueError:
        return {}
    return (
        {key: name for key, name in stored.items() if isinstance(name, str)}
        if isinstance(stored, dict)
        else {}
    )


def _stored(chosen: QSettings) -> list[str]:
    found = chosen.value(RECENT) or []
    return [found] if isinstance(found, str) else [str(path) for path in found]
