"""What the user chose for every library: the theme, the tour, and which libraries were open lately."""

from pathlib import Path

from PySide6.QtCore import QSettings

from orca_desk.library.database import DATABASE_NAME
from orca_desk.paths import user_settings

THEME = "window/theme"
TEXT_SIZE = "window/text-size"  # percent
PLAIN_TEXT = "window/plain-text"  # whether answers are shown as they were written
TOUR_SEEN = "window/tour"
RECENT = "libraries/recent"
FONTS_TOLD = "window/fonts-told"  # the scripts without a font that the user has been told of
MOST_RECENT = 8


def preferences() -> QSettings:
    """Return the user's settings, which all libraries share."""
    return QSettings(str(user_settings() / "desktop.ini"), QSettings.Format.IniFormat)


def adopt(chosen: QSettings, view_state: QSettings) -> None:
    """Take over what an earlier version stored with the library, unless the user has chosen since."""
    for name in (THEME, TOUR_SEEN):
        if not chosen.contains(name) and view_state.contains(name):
            chosen.setValue(name, view_state.value(name))


def note_library(chosen: QSettings, folder: Path) -> None:
    """Remember that the library in `folder` was open, as the latest one."""
    others = [path for path in _stored(chosen) if path != str(folder)]
    chosen.setValue(RECENT, [str(folder), *others][:MOST_RECENT])


def recent_libraries(chosen: QSettings) -> list[Path]:
    """Return the folders of libraries that were open lately and are still there, the latest first."""
    return [Path(path) for path in _stored(chosen) if (Path(path) / DATABASE_NAME).is_file()]


def _stored(chosen: QSettings) -> list[str]:
    found = chosen.value(RECENT) or []
    return [found] if isinstance(found, str) else [str(path) for path in found]
