"""What the open library is called, for all that show it: the title, the switcher, the recent ones."""

from PySide6.QtCore import QObject, QSettings, Signal

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.naming import get_name
from orca_desk.ui.background import Background
from orca_desk.ui.preferences import note_library
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
