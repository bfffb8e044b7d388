"""What the open library is called, for all that show it: the title, the switcher, the recent ones."""

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from orca_desk.errors import UserError
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.naming import get_name
from orca_desk.library.settings import FORMER, get_setting
from orca_desk.ui.background import Background
from orca_desk.ui.preferences import forget_library, note_library
from orca_desk.ui.words.library import library_name


class LibraryName(QObject):
    """The name of a library. `changed` fires with another one."""

    changed = Signal(str)

    def __init__(
        self, library: Library, background: Background, preferences: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._library, self._background, self._preferences = library, background, preferences
        self.text = self._read()
        note_library(preferences, library.folder, self.text)
        self._forget_former_place()

    def _forget_former_place(self) -> None:
        """Take the folder from which the library was moved off the list of recent ones."""
        with suppress(UserError):  # a damaged library is listed twice
            former = get_setting(self._library, FORMER)
            if isinstance(former, str) and not (Path(former) / DATABASE_NAME).exists():
                forget_library(self._preferences, Path(former))

    def read(self) -> None:
        """Read the name again: a setting has changed."""
        self._background.run(self, self._read, self._show, only_newest="name")

    def _read(self) -> str:
        try:
            return library_name(self._library.folder, get_name(self._library))
        except UserError:  # a damaged library still has a folder
            return library_name(self._library.folder)

    def _show(self, name: str) -> None:
        if name != self.text:
            self.text = name
            note_library(self._preferences, self._library.folder, name)
            self.changed.emit(name)
