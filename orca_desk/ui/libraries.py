"""Other libraries: make one, open one, and those that were open lately. Each opens in a window of its own."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.ui.desk import Desk
from orca_desk.ui.outside import open_library_window
from orca_desk.ui.preferences import recent_libraries
from orca_desk.ui.words.library import library_name


class LibraryActions:
    """What the File menu does with libraries."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        self._window, self._desk = window, desk

    def new(self) -> None:
        """Ask where to make a library with the sample tasks, and open it."""
        self._ask(samples=True)

    def new_empty(self) -> None:
        """Ask where to make a library without tasks, and open it."""
        self._ask(samples=False)

    def _ask(self, *, samples: bool) -> None:
        start = self._desk.library.folder.parent / "my-library"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window,
            "New library: name its folder",
            str(start),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            self.make(Path(chosen), samples=samples)

    def open(self) -> None:
        """Ask for a library's folder, and open it."""
        start = str(self._desk.library.folder.parent)
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a library", start)
        if chosen:
            self.open_folder(Path(chosen))

    def make(self, folder: Path, *, samples: bool = True) -> None:
        """Make a library in `folder` and open it in a window. Raises UserError if files are there."""
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise UserError(f"{folder} is not empty.", "Name a new folder for the library.")
        if not samples:
            Library.open(folder, samples=False).close()
        open_library_window(folder)

    def open_folder(self, folder: Path) -> None:
        """Open the library in `folder` in a window. Raises UserError if there is none."""
        if not (folder / DATABASE_NAME).is_file():
            raise UserError(f"There is no library in {folder}.", "File › New library makes one.")
        open_library_window(folder)

    def fill_recent(self, menu: QMenu) -> None:
        """List the other libraries that were open lately."""
        menu.clear()
        here = self._desk.library.folder
        for folder in recent_libraries(self._desk.preferences):
            if folder != here:
                name = library_name(folder).replace("&", "&&")
                action = menu.addAction(f"{name}  ({folder.parent})")
                action.triggered.connect(partial(self._open_recent, folder))
        menu.setEnabled(not menu.isEmpty())

    def _open_recent(self, folder: Path, checked: bool = False) -> None:
        self.open_folder(folder)
