"""Libraries as documents: make one, open one, rename it, pack it into a bundle, and open a bundle.

Each opens in a window of its own.
"""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from orca_desk.errors import UserError
from orca_desk.library.database import DATABASE_NAME, Library
from orca_desk.library.moves.relocation import check_move
from orca_desk.library.naming import rename_library
from orca_desk.steps.carry.contents import Contents, contents_of
from orca_desk.steps.carry.manifest import SUFFIX, ContentKind, Manifest
from orca_desk.steps.carry.pack import Packed, pack
from orca_desk.steps.carry.unpack import Unpacked, look_into, unpack
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.library_dialogs import BundleDialog, NewLibraryDialog, RenameDialog, folder_name
from orca_desk.ui.outside import open_library_window, open_outside
from orca_desk.ui.preferences import PLACE_OF_NEW, KnownLibrary, forget_library, known_libraries
from orca_desk.ui.starting import RESTART
from orca_desk.ui.widgets.message_box import MessageBox, Roles
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.bundles import bundle_about, missing_models, packed_lines, unpacked_lines
from orca_desk.ui.words.library import default_sentence

BUNDLES = f"Bundles (*{SUFFIX});;All files (*)"
NEW_ABOUT = (
    "A library holds the tasks, records, trainings and chats of one project, in a folder of its own. It opens"
    " in another window."
)


MOVE_ABOUT = (
    "The whole folder goes there, with trainings and backups, also onto another disk. The window closes"
    " meanwhile. A stop or a crash loses nothing: the library is then whole, in its old place or the new one."
)
BUSY = "Jobs are running. Stop them, or wait for them."


class LibraryActions:
    """What the File menu and the switcher do with libraries."""

    def __init__(self, window: QWidget, desk: Desk, notice: Notice) -> None:
        """`notice` shows what became of a bundle."""
        self._window, self._desk, self._notice = window, desk, notice

    def new(self) -> None:
        """Ask what a new library is called and where it lies; make it and open it."""
        dialog = NewLibraryDialog(
            self._window,
            place=self._place_of_new(),
            name="",
            heading="New library",
            about=NEW_ABOUT,
            samples=False,
        )
        dialog.accepted.connect(
            lambda: self.make(
                dialog.folder, name=dialog.name.text().strip(), samples=dialog.samples.isChecked()
            )
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open(self) -> None:
        """Ask for a library's folder, and open it."""
        start = str(self._desk.library.folder.parent)
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a library", start)
        if chosen:
            self.open_folder(Path(chosen))

    def make(self, folder: Path, *, name: str = "", samples: bool = False) -> None:
        """Make a library in `folder`, off the event loop, and open it in a window."""
        self._desk.preferences.setValue(PLACE_OF_NEW, str(folder.parent))

        def work() -> None:
            if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
                raise UserError(f"{folder} is not empty.", "Name a new folder for the library.")
            with Library.open(folder, samples=samples) as made:
                if name != made.folder.name:
                    rename_library(made, name)
            open_library_window(folder)

        self._desk.background.run(self._desk, work, lambda _: None, failed=self._desk.report)

    def open_folder(self, folder: Path) -> None:
        """Open the library in `folder` in a window. Raises UserError if there is none."""
        if not (folder / DATABASE_NAME).is_file():
            raise UserError(f"There is no library in {folder}.", "Create one with File › New library.")
        open_library_window(folder)

    def reveal(self) -> None:
        """Show the library's folder in the system's file manager."""
        open_outside(self._desk.library.folder)

    def rename(self) -> None:
        """Ask for another name, and store it."""
        desk = self._desk
        dialog = RenameDialog(self._window, name=desk.name.text, folder=desk.library.folder)
        dialog.accepted.connect(lambda: self._store_name(dialog.name.text()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def move(self) -> None:
        """Ask for another folder, and move the library there: the window opens again."""
        desk = self._desk
        dialog = NewLibraryDialog(
            self._window,
            place=desk.library.folder.parent,
            name=desk.library.folder.name,
            heading="Move library",
            about=" ".join(filter(None, (MOVE_ABOUT, default_sentence(desk.library.folder)))),
            samples=None,
            accept="Move",
        )
        dialog.accepted.connect(lambda: self.move_to(dialog.folder))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def move_to(self, target: Path) -> None:
        """Close the window to move the library; it opens again. Not while jobs run or edits are unsaved."""
        desk, folder = self._desk, self._desk.library.folder

        def prepare() -> Path:
            found = check_move(folder, target)
            for store in desk.under_way:
                store()
            return found

        def leave(found: Path) -> None:
            desk.move_to = found
            QCoreApplication.exit(RESTART)

        if desk.jobs.unfinished:
            self._notice.show_message("The library was not moved.", BUSY, kind="warn")
        elif unsaved := desk.would_lose():
            self._notice.show_message(
                "The library was not moved.", " ".join(one.told() for one in unsaved), kind="warn"
            )
        else:
            desk.background.run_in_order(prepare, leave, failed=desk.report)  # after a long deletion

    def save_bundle(self) -> None:
        """Look at what a bundle can have, ask what it gets and where it goes, and write it as a job."""
        library = self._desk.library
        self._desk.background.run(
            self._desk, lambda: contents_of(library), self._ask_bundle, failed=self._desk.report
        )

    def save_bundle_to(self, path: Path, kinds: frozenset[ContentKind]) -> Job:
        """Write a bundle as a job. The user has agreed to replace what is there."""
        library = self._desk.library
        job = self._desk.jobs.start(
            "Save as bundle",
            "bundle",
            lambda tools: pack(
                library, path, kinds=kinds, replace_file=True, progress=tools.progress, control=tools.control
            ),
            heavy=False,
        )
        job.ended.connect(lambda: self._show_packed(job))
        return job

    def open_bundle(self) -> None:
        """Ask for a bundle, look into it, ask where its library goes, and make it as a job."""
        start = str(self._desk.library.folder.parent)
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a bundle", start, BUNDLES)
        if chosen:
            self.look_into_bundle(Path(chosen))

    def look_into_bundle(self, path: Path) -> None:
        """Check what a bundle says about itself, and ask where its library goes."""
        self._desk.background.run(
            self._desk,
            lambda: look_into(path),
            lambda found: self._ask_where(path, found),
            failed=self._desk.report,
        )

    def unpack_bundle(self, path: Path, folder: Path) -> Job:
        """Make a library of a bundle as a job, and open it in a window."""
        job = self._desk.jobs.start(
            "Open a bundle",
            "unbundle",
            lambda tools: unpack(path, folder, progress=tools.progress, control=tools.control),
            heavy=False,
        )
        job.ended.connect(lambda: self._show_unpacked(job))
        return job

    def fill_recent(self, menu: QMenu) -> None:
        """List the other libraries that were open lately; those that are missing say so."""
        menu.clear()
        self.add_recent(menu)
        menu.setEnabled(not menu.isEmpty())

    def add_recent(self, menu: QMenu) -> None:
        """Add an entry to a menu for each other library that was open lately."""
        here = self._desk.library.folder
        for one in known_libraries(self._desk.preferences):
            if one.folder == here:
                continue
            text = f"{one.name}  ({one.folder.parent})" if one.is_there else f"{one.name}  (missing)"
            action = menu.addAction(text.replace("&", "&&"))
            action.triggered.connect(partial(self._open_recent, one))

    def _open_recent(self, known: KnownLibrary, checked: bool = False) -> None:
        if known.is_there:
            self.open_folder(known.folder)
            return
        box = MessageBox(
            self._window,
            f"{known.name} is no longer in {known.folder}.",
            "If it is on another drive, connect the drive. If you moved it, open it in its new place.",
        )
        box.offer("Remove it from the list", lambda: forget_library(self._desk.preferences, known.folder))
        box.offer("Locate it…", self.open, role=Roles.ActionRole)
        box.leave()
        box.open()

    def _store_name(self, name: str) -> None:
        library, before = self._desk.library, self._desk.name.text
        self._desk.do(
            "rename the library",
            lambda: rename_library(library, name),
            lambda _: rename_library(library, before if before != library.folder.name else ""),
            "settings",
        )

    def _place_of_new(self) -> Path:
        """Return where the user made a library last, or else a folder among the user's documents."""
        if stored := self._desk.preferences.value(PLACE_OF_NEW):
            return Path(str(stored))
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return Path(documents or Path.home()) / "Orca Desk"

    def _ask_bundle(self, contents: Contents) -> None:
        dialog = BundleDialog(self._window, contents)
        dialog.accepted.connect(lambda: self._ask_file(dialog.kinds()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_file(self, kinds: frozenset[ContentKind]) -> None:
        name = folder_name(self._desk.name.text) or self._desk.library.folder.name
        start = str(self._desk.library.folder.parent / f"{name}{SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save as bundle", start, BUNDLES)
        if chosen:
            self.save_bundle_to(Path(chosen), kinds)

    def _ask_where(self, path: Path, found: Manifest) -> None:
        dialog = NewLibraryDialog(
            self._window,
            place=self._place_of_new(),
            name=found.name,
            heading="Open a bundle",
            about=" ".join([f"{bundle_about(found)}.", *missing_models(found.missing_models)]),
            samples=None,
        )
        dialog.accepted.connect(lambda: self.unpack_bundle(path, dialog.folder))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_packed(self, job: Job) -> None:
        if isinstance(job.error, UserError):
            self._notice.show_error(job.error)
        elif isinstance(job.result, Packed):
            made = job.result
            self._notice.show_message(
                f"Packed {made.manifest.name} into {made.path}",
                " ".join(packed_lines(made)),
                kind="good",
                action="Show in folder",
                run=lambda: open_outside(made.path.parent),
            )

    def _show_unpacked(self, job: Job) -> None:
        if isinstance(job.error, UserError):
            self._notice.show_error(job.error)
        elif isinstance(job.result, Unpacked):
            made = job.result
            self._notice.show_message(
                f"Created the library {made.manifest.name} in {made.folder}",
                " ".join(unpacked_lines(made)),
                kind="good",
                action="Open it",
                run=lambda: open_library_window(made.folder),
            )
