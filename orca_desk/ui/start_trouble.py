"""What to do about a library that cannot be opened: restore a backup, recover it, or open another one."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping_settings import BACKUPS, KEPT, keeping_of, store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups
from orca_desk.library.backups.restoring import Staged, stage_over_damaged
from orca_desk.library.care.recovery import Recovered, recover
from orca_desk.library.database import DATABASE_NAME, DamagedError
from orca_desk.library.lock import locked
from orca_desk.paths import resolved
from orca_desk.ui.theme import Role, Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.words.care import recovered_lines
from orca_desk.ui.words.kept_backups import kept_content, local_time
from orca_desk.ui.work_dialog import WorkDialog


class StartTrouble:
    """Asks until there is a folder to open, or the user gives up. There is no window yet."""

    def __init__(self, folder: Path, error: UserError, theme: Theme) -> None:
        self._folder, self._error, self._theme = resolved(folder), error, theme

    def ask(self) -> Path | None:
        """Return the folder of the library to open next, or None."""
        can_mend = isinstance(self._error, DamagedError) and self._is_free()
        backups = self._backups() if can_mend else []
        can_recover = can_mend and self._has_content()
        hint = _hint(backups, self._missing()) if can_recover else self._error.hint
        box = MessageBox(None, self._error.message, hint, image="circle-x", role="bad")
        self._theme.apply_to(box)
        choices: dict[object, Callable[[], Path | None]] = {}

        def offer(text: str, run: Callable[[], Path | None]) -> None:
            choices[box.offer(text)] = run

        if backups:
            offer("Restore a backup…", lambda: self._restore(backups))
        if can_recover:
            offer("Recover what can be read…", self._recover)
        offer("Select another folder…", self._other)
        box.leave("Close")
        box.exec()
        run = choices.get(box.chosen)
        if run is None:
            return None
        try:
            return run() or self.ask()
        except UserError as error:
            return StartTrouble(self._folder, error, self._theme).ask()

    def _has_content(self) -> bool:
        path = self._folder / DATABASE_NAME
        return path.is_file() and path.stat().st_size > 0

    def _is_free(self) -> bool:
        """Return whether no other process has the library open: then nothing of it is wrong."""
        try:
            with locked(self._folder):
                return True
        except UserError:
            return False

    def _backups(self) -> list[KeptBackup]:
        """Return the kept backups, also those in the library's folder from before another one was chosen."""
        stores = {store_folder(self._folder), self._folder / BACKUPS / KEPT}
        found: list[KeptBackup] = []
        for store in stores:
            with suppress(OSError):
                found += kept_backups(store)[0]
        return sorted(found, key=lambda one: one.made_at, reverse=True)

    def _missing(self) -> str:
        """Return the folder that the user chose for backups if it is not there."""
        chosen = keeping_of(self._folder).folder
        return chosen if chosen and not store_folder(self._folder).is_dir() else ""

    def _other(self) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(None, "Select a folder for the library")
        return Path(chosen) if chosen else None

    def _restore(self, backups: list[KeptBackup]) -> Path | None:
        """Let the user select a backup, and make it ready; opening the library puts it into place."""
        names = _named(backups)
        box = MessageBox(
            None,
            "Which backup?",
            "The library takes the state of this backup. The damaged one moves into its folder of backups.",
            image="undo-2",
        )
        self._theme.apply_to(box)
        choice = QComboBox()
        choice.setAccessibleName("Backup")
        choice.addItems(list(names))
        box.put(choice)
        restore = box.offer("Restore")
        box.leave()
        box.default(restore)
        box.exec()
        if box.chosen is not restore:
            return None
        backup = names[choice.currentText()]

        def work(on_bytes: Callable[[int], None]) -> Staged:
            with locked(self._folder):
                return stage_over_damaged(self._folder, backup.path, on_bytes=on_bytes)

        done = WorkDialog("Restoring the backup…", work, self._theme).wait()
        return self._folder if done else None

    def _recover(self) -> Path | None:
        """Recover what can be read into a new folder beside the library, and say what that is."""
        target = self._free_name()

        def work(on_step: Callable[[int], None]) -> Recovered:
            with locked(self._folder):
                return recover(self._folder, target, on_table=lambda name: on_step(1))

        made = WorkDialog("Recovering what can be read…", work, self._theme).wait()
        if made is None:
            return None
        first, *rest = recovered_lines(made)
        role: Role = "warn" if made.damaged else "good"
        box = MessageBox(None, first, "\n".join(rest), image="circle-check", role=role)
        self._theme.apply_to(box)
        box.leave("Open it")
        box.exec()
        return target

    def _free_name(self) -> Path:
        number, name = 1, f"{self._folder.name}-recovered"
        while (self._folder.parent / name).exists():
            number += 1
            name = f"{self._folder.name}-recovered-{number}"
        return self._folder.parent / name


def _named(backups: list[KeptBackup]) -> dict[str, KeptBackup]:
    """Return backups, the newest first, by the texts that name them in a list."""
    names: dict[str, KeptBackup] = {}
    for one in backups:
        text = f"{local_time(one.made_at)}: {kept_content(one)}"
        while text in names:  # of the same minute
            text += " (older)"
        names[text] = one
    return names


def _hint(backups: list[KeptBackup], missing: str) -> str:
    """Return what to do about a library that cannot be opened; `missing` is the folder of its backups."""
    recover = "what can be read is recovered into a new library beside it, and the damaged one stays as it is"
    if missing:
        recover += f". The folder for backups, {missing}, is missing: connect its disk and start again"
    if not backups and missing:
        return f"{recover[0].upper()}{recover[1:]}."
    if not backups:
        return f"There are no kept backups. {recover[0].upper()}{recover[1:]}."
    return f"The newest backup is of {local_time(backups[0].made_at)}. Or {recover}."
