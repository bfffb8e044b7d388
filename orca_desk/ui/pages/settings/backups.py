"""Backing a library up, with or without what was trained, and making a library from a backup."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QVBoxLayout, QWidget

from orca_desk.library.backups.backup import Backup, BackupPart, TrainedFile, back_up, restore, trained_files
from orca_desk.models.fits import human_bytes
from orca_desk.processes.progress import Meter, StoppedError
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.outside import open_library_window, open_outside
from orca_desk.ui.pages.settings.restore_dialog import RestoreDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.backups import backup_content, not_in_backup

BACKUPS = "Backups (*.db *.zip *.backup.json);;All files (*)"


@dataclass(frozen=True)
class RestoredLibrary:
    """A backup, and the folder of the library that was made from it."""

    backup: Backup
    folder: Path


class BackupDialog(QDialog):
    """Asks which files of trainings the backup has. `parts()` returns the answer."""

    def __init__(self, parent: QWidget, files: list[TrainedFile]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Back up the library")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Back up the library", size="heading", bold=True))
        about = (
            "The backup contains all tasks, records, snapshots, evaluations and chats. It can also include:"
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        self.boxes: dict[BackupPart, QCheckBox] = {}
        texts: dict[BackupPart, str] = {
            "adapters": "Trained adapters",
            "checkpoints": "Checkpoints, to resume trainings",
        }
        for part, text in texts.items():
            size = sum(one.size for one in files if one.part == part)
            box = QCheckBox(f"{text} ({human_bytes(size)})")
            box.setChecked(part == "adapters" and size > 0)
            box.setEnabled(size > 0)
            self.boxes[part] = box
            layout.addWidget(box)
        layout.addWidget(dialog_buttons(self, button("Choose a file…", self.accept, primary=True)))

    def parts(self) -> frozenset[BackupPart]:
        """Return what is selected."""
        return frozenset(part for part, box in self.boxes.items() if box.isChecked())


class Backups:
    """Makes and restores backups as jobs, which `follow` shows."""

    def __init__(self, desk: Desk, page: QWidget, *, follow: Callable[[Job], Any]) -> None:
        self._desk, self._page, self._follow = desk, page, follow
        self.dialog: BackupDialog | None = None
        self.restoring: RestoreDialog | None = None

    def ask(self) -> None:
        """Ask what the backup has, if trainings left files; then ask where to write it."""
        library = self._desk.library
        self._desk.background.run(self._page, lambda: trained_files(library), self._ask)

    def back_up_to(self, path: Path, parts: frozenset[BackupPart] = frozenset()) -> Job:
        """Write a backup as a job."""
        library = self._desk.library

        def work(tools: Tools) -> Backup | None:
            size = sum(one.size for one in trained_files(library) if one.part in parts)
            meter = Meter(tools.progress, stage="copying", total=size or None, unit="bytes")

            def count(amount: int) -> None:
                tools.control.require_running()
                meter.advance(amount)

            try:
                return back_up(library, path, parts=parts, on_bytes=count)
            except StoppedError:
                return None

        job = self._desk.jobs.start("Back up the library", "backup", work, heavy=False)
        self._follow(job)
        return job

    def ask_to_restore(self) -> None:
        """Ask for a backup, and show what restoring it would change."""
        start = str(self._desk.library.folder.parent)
        chosen, _ = QFileDialog.getOpenFileName(self._page, "Select a backup", start, BACKUPS)
        if chosen:
            self.show_before(Path(chosen), f"The backup {Path(chosen).name}")

    def show_before(self, path: Path, title: str) -> None:
        """Show what restoring a backup would change, and restore it if the user wants that."""
        self.restoring = RestoreDialog(self._page, self._desk, path, title, beside=self.ask_beside)
        self.restoring.finished.connect(self.restoring.deleteLater)
        self.restoring.open()

    def ask_beside(self, path: Path) -> None:
        """Ask for the folder of a new library, and make it from a backup."""
        folder, _ = QFileDialog.getSaveFileName(
            self._page,
            "Name the folder of the new library",
            str(self._desk.library.folder.parent / path.name.partition(".")[0]),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if folder:
            self.restore_into(path, Path(folder))

    def restore_into(self, path: Path, folder: Path) -> Job:
        """Make a library in `folder` from a backup, as a job."""
        job = self._desk.jobs.start(
            "Restore a backup",
            "restore",
            lambda tools: RestoredLibrary(restore(path, folder), folder),
            heavy=False,
        )
        self._follow(job)
        return job

    def show_made(self, made: Backup, notice: Notice) -> None:
        """Say what a new backup has, and what it has not."""
        notice.show_message(
            f"Backup verified: {made.path}",
            f"{backup_content(made)}. {not_in_backup(made)}",
            kind="good",
            action="Open folder",
            run=lambda: open_outside(made.path.parent),
        )

    def show_restored(self, made: RestoredLibrary, notice: Notice) -> None:
        """Say what was restored, and offer to open it."""
        notice.show_message(
            f"Backup restored into {made.folder}",
            f"{backup_content(made.backup)}. This library is unchanged.",
            kind="good",
            action="Open it",
            run=lambda: open_library_window(made.folder),
        )

    def _ask(self, files: list[TrainedFile]) -> None:
        if not files:
            self._ask_where(frozenset())
            return
        self.dialog = BackupDialog(self._page, files)
        self.dialog.accepted.connect(self._ask_where_of_dialog)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def _ask_where_of_dialog(self) -> None:
        assert self.dialog is not None
        self._ask_where(self.dialog.parts())

    def _ask_where(self, parts: frozenset[BackupPart]) -> None:
        suffix = "zip" if parts else "db"
        start = str(self._desk.library.folder.parent / f"orca-desk-{date.today().isoformat()}.{suffix}")
        kinds = f"Backups (*.{suffix})"
        chosen, _ = QFileDialog.getSaveFileName(self._page, "Back up the library", start, kinds)
        if chosen:
            self.back_up_to(Path(chosen), parts)
