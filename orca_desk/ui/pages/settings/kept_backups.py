"""The Settings page's card of backups: how they are kept, and the list of them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.backups.keeping import (
    Verified,
    bytes_of_kept,
    delete_kept,
    pin,
    require_place,
    why_kept,
)
from orca_desk.library.backups.keeping_settings import Every, Keeping, keeping_of, set_keeping, store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups
from orca_desk.library.backups.restoring import from_upgrades, replaced_in
from orca_desk.library.backups.thinning import Reason
from orca_desk.models.fits import human_bytes
from orca_desk.ui.backing_up import start_backup, start_verification
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.message_box import MessageBox, Roles
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_table import row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.settings_card import SettingsCard
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.kept_backups import (
    EVERY,
    THINNING,
    ago,
    kept_content,
    local_time,
    place_text,
    reason_text,
    state_text,
    verified_lines,
)

STATE, FEW = 4, 5  # a column of the table, and how many damaged files its tip names


@dataclass(frozen=True)
class Stock:
    """What is kept: the settings, the backups with why each is kept, and what they take."""

    keeping: Keeping
    folder: Path
    backups: list[KeptBackup]
    unreadable: list[Path]
    reasons: dict[str, Reason]
    size: int
    free: int | None
    missing: UserError | None
    replaced: list[Path]
    from_upgrades: list[Path]


def stock_of(library_folder: Path) -> Stock:
    """Look at a library's kept backups."""
    keeping = keeping_of(library_folder)
    folder = store_folder(library_folder, keeping)
    missing = None
    try:
        require_place(folder)
    except UserError as error:
        missing = error
    backups, unreadable = kept_backups(folder)
    place = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    return Stock(
        keeping=keeping,
        folder=folder,
        backups=backups,
        unreadable=unreadable,
        reasons=why_kept(backups),
        size=bytes_of_kept(library_folder),
        free=shutil.disk_usage(place).free if place and not missing else None,
        missing=missing,
        replaced=replaced_in(library_folder),
        from_upgrades=from_upgrades(library_folder),
    )


class _Model(RowsModel[KeptBackup]):
    """The rows of the table."""

    def identity(self, row: KeptBackup) -> object:
        """Return the name: a verified backup is the same as before."""
        return row.name

    def cell(self, row: KeptBackup, column: int, role: int) -> Any:
        """Return the whole text of a cell as its tool tip: which files are damaged, what is in it."""
        if role != Qt.ItemDataRole.ToolTipRole:
            return None
        files = f": {', '.join(row.lost[:FEW])}" if row.lost and column == STATE else ""
        return safe_tip(self.columns[column].text(row) + files)


class BackupsCard(SettingsCard):
    """How backups are made automatically, and those that are kept."""

    def __init__(
        self,
        desk: Desk,
        notice: Notice,
        *,
        restore: Callable[[Path, str], Any],
        beside: Callable[[Path], Any],
        follow: Callable[[Job], Any],
    ) -> None:
        """`restore` shows a backup, by its path and what it is called, before it is restored."""
        super().__init__(desk, image="save", title="Backups", about=THINNING)
        self._notice, self._restore, self._beside, self._follow = notice, restore, beside, follow
        self._stock: Stock | None = None
        self.every = QComboBox()
        self.every.setAccessibleName("Back up automatically")
        for every, text in EVERY.items():
            self.every.addItem(text, every)
        self.every.activated.connect(self._choose_every)
        self.checkpoints = QCheckBox("With checkpoints")
        self.checkpoints.setToolTip("Checkpoints resume a training; adapters are in every backup")
        self.checkpoints.clicked.connect(self._choose_checkpoints)
        self.rows.addLayout(FlowRow(label("Back up automatically:"), self.every, self.checkpoints))
        self.place = BreakingLabel(tone="muted")
        self.place.setText("Looking…")
        self.rows.addWidget(self.place)
        self.elsewhere = self.tool(
            "Choose a folder…",
            "folder-plus",
            self._ask_folder,
            tip="On another disk, they survive the loss of this one",
        )
        self.here = self.tool("Use the library's folder", "library", lambda: self._choose_folder(""))
        self.open = self.tool("Open folder", "folder-open", self._open_store)
        self.rows.addLayout(FlowRow(self.elsewhere, self.here, self.open))
        self.state = BreakingLabel()
        self.rows.addWidget(self.state)
        self._lay_out_table()
        self.paint()

    def refresh(self) -> None:
        """Look at the backups again in the background."""
        folder = self.desk.library.folder
        self.desk.background.run(self, lambda: stock_of(folder), self._show, only_newest="stock")

    @property
    def selected(self) -> KeptBackup | None:
        """The selected backup."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if rows else None

    def verify_all(self) -> Job:
        """Read every backup from end to end as a job."""
        job = start_verification(self.desk)
        self._follow(job)
        return job

    def back_up_now(self) -> Job:
        """Make a backup that is kept until it is deleted."""
        job = start_backup(self.desk, asked=True)
        self._follow(job)
        return job

    def show_verified(self, verified: Verified) -> None:
        """Say what verifying came to."""
        first, *rest = verified_lines(verified)
        is_bad = bool(verified.damaged or verified.unreadable)
        self._notice.show_message(first, "\n".join(rest), kind="bad" if is_bad else "good")

    def show_kept(self, made: KeptBackup) -> None:
        """Say what a new backup has, and what was found in the library."""
        text = f"{kept_content(made)}. New: {human_bytes(made.added)} of {human_bytes(made.size)}."
        problems = "\n".join(made.problems)
        self._notice.show_message(
            f"Backup made and verified: {local_time(made.made_at)}",
            f"{text}\n{problems}".strip(),
            kind="warn" if problems else "good",
        )

    def delete_selected(self) -> None:
        """Ask, then delete the selected backup for good."""
        if (backup := self.selected) is None:
            return
        box = MessageBox(
            self,
            f"Delete the backup of {local_time(backup.made_at)}?",
            "This cannot be undone. What it shares with other backups stays.",
        )
        box.offer("Delete", lambda: self._change(lambda: delete_kept(backup)), role=Roles.DestructiveRole)
        box.leave()
        box.open()

    def toggle_pin(self) -> None:
        """Keep the selected backup whatever its age, or no longer."""
        if (backup := self.selected) is not None:
            self._change(lambda: pin(backup, not backup.pinned))

    def restore_selected(self) -> None:
        """Show what restoring the selected backup would change."""
        if (backup := self.selected) is not None:
            self._restore(backup.path, f"The backup of {local_time(backup.made_at)}")

    def _lay_out_table(self) -> None:
        self.model = _Model(
            [
                Column("Made", lambda one: local_time(one.made_at), sort=lambda one: one.made_at),
                Column("Content", kept_content),
                Column(
                    "New",
                    lambda one: human_bytes(one.added),
                    number=True,
                    tip="The data that no earlier backup had: the disk space it takes up, at most",
                    sort=lambda one: one.added,
                ),
                Column("Why kept", self._reason),
                Column("State", state_text),
            ]
        )
        self.table = row_table(self.model, "Backups", main=1, needs={2: 80 * GRID})
        self.table.set_widths([15 * GRID, 0, 10 * GRID, 19 * GRID, 17 * GRID])
        self.table.setMinimumHeight(grown(22 * GRID))
        self.table.doubleClicked.connect(lambda _: self.restore_selected())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.now = self.tool("Back up now", "save", self.back_up_now)
        self.restore = self.tool(
            "Restore…",
            "undo-2",
            self.restore_selected,
            tip="Shows first what would be lost and what would come back",
        )
        self.pin = self.tool("Keep", "lock", self.toggle_pin, tip="Exempt it from being thinned out")
        self.delete = self.tool("Delete…", "trash-2", self.delete_selected, tip="Cannot be undone")
        self.verify = self.tool(
            "Verify all", "shield-check", self.verify_all, tip="Read all of them and compare them by SHA-256"
        )
        self.rows.addWidget(self.table)
        self.rows.addLayout(FlowRow(self.now, self.restore, self.pin, self.delete, self.verify))
        row_menu(self.table, self._actions)
        self._enable()

    def _actions(self) -> list[QAction | None]:
        backup = self.selected
        if backup is None:
            return []
        made: list[QAction | None] = []
        for text, run in (
            ("Restore…", self.restore_selected),
            ("Open beside…", lambda: self._beside(backup.path)),
            ("Stop keeping" if backup.pinned else "Keep", self.toggle_pin),
            ("Delete…", self.delete_selected),
        ):
            action = QAction(text, self.table)
            action.triggered.connect(run)
            made.append(action)
        return made

    def _reason(self, backup: KeptBackup) -> str:
        return reason_text(backup, self._stock.reasons if self._stock else {})

    def _show(self, stock: Stock) -> None:
        self._stock = stock
        self.every.setCurrentIndex(self.every.findData(stock.keeping.every))
        self.checkpoints.setChecked(stock.keeping.checkpoints)
        self.place.setText(f"{place_text(stock.folder, stock.size, stock.free)}.")
        self.here.setEnabled(bool(stock.keeping.folder))
        self.model.show(stock.backups)
        for one in (self.table, self.restore, self.pin, self.delete):
            one.setVisible(bool(stock.backups))
        if stock.backups and self.selected is None:
            self.table.selectionModel().setCurrentIndex(
                self.model.index(0, 0),
                QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
            )
        self.state.setText(_state_of(stock))
        self._enable()

    def _enable(self) -> None:
        backup, is_writable = self.selected, self.desk.library.problem is None
        for one in (self.restore, self.pin, self.delete):
            one.setEnabled(backup is not None)
        self.pin.setText("Stop keeping" if backup and backup.pinned else "Keep")
        self.now.setEnabled(is_writable)
        self.verify.setEnabled(bool(self._stock and (self._stock.backups or self._stock.unreadable)))
        self.open.setEnabled(bool(self._stock and self._stock.folder.is_dir()))

    def _choose_every(self, place: int) -> None:
        every = cast(Every, self.every.itemData(place))
        self._set(lambda keeping: replace(keeping, every=every))

    def _choose_checkpoints(self, checked: bool) -> None:
        self._set(lambda keeping: replace(keeping, checkpoints=checked))

    def _ask_folder(self) -> None:
        start = str(self.desk.library.folder.parent)
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder for the backups", start)
        if chosen:
            self._choose_folder(chosen)

    def _choose_folder(self, folder: str) -> None:
        before = self._stock.folder if self._stock and self._stock.backups else None
        self._set(lambda keeping: replace(keeping, folder=folder))
        if before is not None:
            self._notice.show_message(
                f"New backups go into {folder or self.desk.library.folder}.",
                f"The earlier ones stay in {before}.",
            )

    def _set(self, change: Callable[[Keeping], Keeping]) -> None:
        folder = self.desk.library.folder
        self._change(lambda: set_keeping(folder, change(keeping_of(folder))))

    def _change(self, work: Callable[[], Any]) -> None:
        def failed(error: Exception) -> None:
            self._notice.show_error(error)
            self.refresh()

        self.desk.background.run_in_order(work, lambda _: self.refresh(), failed=failed)

    def _open_store(self) -> None:
        if self._stock:
            self.open_folder(self._stock.folder)


def _state_of(stock: Stock) -> str:
    """Return what the user should know: how old the newest backup is, and what is wrong."""
    if stock.missing is not None:
        return str(stock.missing)
    aside = "".join(f" A damaged library that was replaced is in {path}." for path in stock.replaced)
    if stock.from_upgrades:
        count = counted(len(stock.from_upgrades), "backup")
        aside += f" {count} from before upgrades: {stock.from_upgrades[-1].parent} (Restore from a file…)."
    damaged = sum(bool(one.lost) for one in stock.backups) + len(stock.unreadable)
    wrong = f" {counted(damaged, 'backup')} damaged." if damaged else ""
    if not stock.backups:
        return f"There are no backups yet.{wrong}{aside}"
    newest = stock.backups[0].made_at
    days = (datetime.now(UTC) - newest).days
    told = f"The newest is from {ago(newest)}" + (f", {newest.astimezone():%H:%M}" if days < 2 else "")
    return f"{told}.{wrong}{aside}"
