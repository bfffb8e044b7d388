"""The card on storage: what takes space, what can be freed, and the trash."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.deleting.trash import TrashEntry, empty_trash, list_trash, restore_from_trash
from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.tidy.storage import (
    Freeable,
    StorageReport,
    Suggestion,
    free,
    keep_trash_for,
    storage,
    trash_days,
)
from orca_desk.ui.desk import PARTS, Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.row_table import row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.settings_card import SettingsCard, row
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import when
from orca_desk.ui.words.storage import FREEABLE, STORED, consequence, free_text, freed_sentence
from orca_desk.ui.words.tidying import entry_text, restored_sentence

DAYS = (7, 30, 90, 365)
NEVER = 0
NOT_UNDONE = "This cannot be undone"


class TrashList(RowsModel[TrashEntry]):
    """What was deleted, the latest first."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column("Deleted", entry_text),
                Column("When", lambda entry: when(entry.created_at), sort=lambda entry: entry.created_at),
            )
        )

    def identity(self, row: TrashEntry) -> int:
        """Return the entry's number."""
        return row.n


class StorageCard(SettingsCard):
    """Sizes by kind, suggestions with a button each, and the trash with its ways back."""

    def __init__(
        self, desk: Desk, *, follow: Callable[[Job], Any], failed: Callable[[Exception], Any]
    ) -> None:
        super().__init__(
            desk,
            image="trash-2",
            title="Storage",
            about="How much disk space the library takes up, and how much of it can be freed.",
        )
        self._follow, self._failed = follow, failed
        self._models_place: int | None = None
        self.total = label("Measuring…", bold=True, wrap=True)
        self.sizes = QGridLayout()
        self.sizes.setHorizontalSpacing(3 * GRID)
        self.sizes.setColumnStretch(0, 1)
        self.sizes.setColumnStretch(2, 1)
        self.suggestions = QVBoxLayout()
        self.suggestions.setSpacing(GRID)
        self.freed = label(tone="good", wrap=True)
        self.freed.hide()
        self.rows.addWidget(self.total)
        self.rows.addLayout(self.sizes)
        self.rows.addSpacing(GRID)
        self.rows.addWidget(self.freed)
        self.rows.addLayout(self.suggestions)
        self._add_trash()
        desk.models.changed.connect(self._show_models)
        self.paint()

    def measure(self) -> None:
        """Measure the library and read the trash, off the event loop."""
        library = self.desk.library
        if not self.desk.models.is_read:
            self.desk.models.read()

        def read() -> tuple[StorageReport, Sequence[TrashEntry], int]:
            return storage(library), list_trash(library), trash_days(library)

        self.desk.background.run(self, read, lambda found: self._show(*found), only_newest="storage")

    def _add_trash(self) -> None:
        self.trash = TrashList()
        self.table = row_table(self.trash, "Trash")
        self.table.setMinimumHeight(16 * GRID)
        self.table.selectionModel().selectionChanged.connect(self._update_buttons)
        self.restore = button("Restore", self._restore, tip="Bring back what was deleted")
        self.delete = button("Delete for good", self._delete, tip=NOT_UNDONE)
        self.days = QComboBox()
        self.days.setAccessibleName("When the trash is emptied")
        self.days.setToolTip(f"Deletes at once what has been there for longer. {NOT_UNDONE}")
        for count in DAYS:
            self.days.addItem(f"Empty after {count} days", count)
        self.days.addItem("Never empty automatically", NEVER)
        self.days.activated.connect(self._keep_for)
        self.heading = label("Trash", bold=True)
        self.none = label("The trash is empty.", tone="muted")
        self.rows.addSpacing(GRID)
        for part in (self.heading, self.none, self.table):
            self.rows.addWidget(part)
        self.rows.addLayout(row(self.restore, self.delete, self.days))
        menu = [self.table.addAction("Restore"), self.table.addAction("Delete for good")]
        menu[0].triggered.connect(lambda: self._restore())
        menu[1].triggered.connect(lambda: self._delete())
        row_menu(self.table, menu)
        self._update_buttons()

    def _show(self, report: StorageReport, entries: Sequence[TrashEntry], days: int) -> None:
        room = f"{human_bytes(report.total)} in the library; {human_bytes(report.free)} free on its disk"
        self.total.setText(room)
        clear(self.sizes)
        for place, (kind, size) in enumerate(report.bytes.items()):
            self._add_size(place, STORED[kind], human_bytes(size))
        self._models_place = len(report.bytes)
        self._show_models()
        clear(self.suggestions)
        for one in report.suggestions:
            self.suggestions.addWidget(self._suggestion(one))
        self.trash.show(list(entries))
        self.days.setCurrentIndex(self.days.findData(days) if days in DAYS else len(DAYS))
        self.none.setVisible(not entries)
        for part in (self.table, self.restore, self.delete):
            part.setVisible(bool(entries))
        self._update_buttons()

    def _add_size(self, place: int, text: str, size: str) -> None:
        self.sizes.addWidget(label(text, wrap=True), place, 0)
        number = label(size)
        number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.sizes.addWidget(number, place, 1)

    def _show_models(self) -> None:
        """Add what the known models take up, which lie outside the library."""
        place = self._models_place
        if place is None or not self.desk.models.is_read:
            return
        folder = self.desk.library.folder
        models = [
            one
            for one in self.desk.models.found
            if isinstance(one, ModelFile) and not one.path.is_relative_to(folder)
        ]
        text = f"{counted(len(models), 'model')} outside of the library, which other programs may use too"
        for column in range(2):
            before = self.sizes.itemAtPosition(place, column)
            if before is not None and (former := before.widget()) is not None:
                former.deleteLater()
        self._add_size(place, text, human_bytes(sum(one.size_bytes for one in models)))

    def _suggestion(self, one: Suggestion) -> QWidget:
        part = QWidget()
        line = QGridLayout(part)
        line.setContentsMargins(0, 0, 0, 0)
        line.setColumnStretch(0, 1)
        line.addWidget(label(FREEABLE[one.what], bold=True, wrap=True), 0, 0)
        line.addWidget(label(consequence(one), tone="muted", wrap=True), 1, 0)
        press = button(free_text(one), partial(self._free, one.what), tip=consequence(one))
        press.setAccessibleName(f"{FREEABLE[one.what]}: {free_text(one)}")
        press.setEnabled(self.desk.library.problem is None)
        line.addWidget(press, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        return part

    def _free(self, what: Freeable) -> None:
        library = self.desk.library

        def work(tools: Tools) -> int:
            return free(library, what, control=tools.control)

        job = self.desk.jobs.start(FREEABLE[what], "free", work, heavy=False)
        self._follow(job)
        job.ended.connect(lambda: self._freed(what, job))

    def _freed(self, what: Freeable, job: Job) -> None:
        if isinstance(job.result, int):
            self.freed.setText(freed_sentence(what, job.result))
            self.freed.show()
        self.measure()

    def _chosen(self) -> list[TrashEntry]:
        return [self.trash.rows[index.row()] for index in self.table.selectionModel().selectedRows()]

    def _update_buttons(self) -> None:
        chosen = bool(self._chosen()) and self.desk.library.problem is None
        self.restore.setEnabled(chosen)
        self.delete.setEnabled(chosen)

    def _restore(self) -> None:
        library, chosen = self.desk.library, sorted(self._chosen(), key=lambda entry: -entry.n)

        def work() -> str:
            return " ".join(
                restored_sentence(
                    restore_from_trash(
                        library, one.n, on_step=self.desk.say_share(f"Restoring {entry_text(one)}")
                    )
                )
                for one in chosen
            )

        def done(told: str) -> None:
            self.freed.setText(told)
            self.freed.show()
            self.measure()

        self.desk.write(work, *PARTS, then=done, failed=self._refuse)

    def _delete(self) -> None:
        library, numbers = self.desk.library, [entry.n for entry in self._chosen()]
        self.desk.write(
            lambda: empty_trash(library, numbers), then=lambda _: self.measure(), failed=self._refuse
        )

    def _refuse(self, error: Exception) -> None:
        self.desk.tell(*PARTS)  # some may be back before the one that is not
        self._failed(error)
        self.measure()

    def _keep_for(self) -> None:
        library, days = self.desk.library, int(self.days.currentData())
        self.desk.write(
            lambda: keep_trash_for(library, days), then=lambda _: self.measure(), failed=self._failed
        )
