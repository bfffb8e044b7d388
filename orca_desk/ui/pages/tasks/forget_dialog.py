"""The dialog that deletes tasks for good: the list of what goes first, then a typed confirmation."""

from array import array

from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.deleting.for_good import TextsLeftError
from orca_desk.library.deleting.traces import Traces, traces_of
from orca_desk.library.tasks import task_ids
from orca_desk.steps.collect.forget import Forgotten, forget_tasks
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.forgetting_tasks import (
    CONFIRMATION,
    NOT_UNDONE,
    backups_line,
    going_lines,
    lasting_lines,
    weights_line,
)


class ForgetDialog(QDialog):
    """Shows everything that was made from the tasks in some rows, and deletes all of it when confirmed."""

    def __init__(self, desk: Desk, parent: QWidget, rowids: "array[int]") -> None:
        super().__init__(parent)
        self.desk = desk
        self._rowids = rowids
        self._ids: list[str] = []
        self._working = False
        self.setWindowTitle("Delete for good")
        self.resize(720, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        title = f"Delete {counted(len(rowids), 'task')} for good"
        layout.addWidget(label(title, size="heading", bold=True))
        about = "With everything that was made from them. No byte of the texts stays in this library's files."
        layout.addWidget(label(f"{about} {NOT_UNDONE}", tone="muted", wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.text = Browser()
        self.text.setAccessibleName("What will be deleted, and what cannot be")
        self.text.setPlainText("Looking for everything that was made from them…")
        layout.addWidget(self.text, 1)
        self.backups, self.weights = QCheckBox(), QCheckBox()
        for box in (self.backups, self.weights):
            box.hide()
            layout.addWidget(box)
        self.backups.setChecked(True)
        self.confirmation = QLineEdit()
        self.confirmation.setPlaceholderText(f"Type {CONFIRMATION} to confirm")
        self.confirmation.setAccessibleName(f"Type {CONFIRMATION} to confirm")
        self.confirmation.textChanged.connect(self._update)
        layout.addWidget(self.confirmation)
        self.confirmation.setFocus()
        self.accept_button = button("Delete for good", self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.accept_button))
        self._update()
        library = desk.library

        def read() -> tuple[list[str], Traces]:
            ids = task_ids(library, rowids)
            return ids, traces_of(library, ids)

        desk.background.run(
            self, read, lambda found: self._show(*found), failed=self.notice.show_error
        )  # fmt: skip

    def accept(self) -> None:
        """Delete, once it is confirmed."""
        if not self.accept_button.isEnabled():
            return
        self._working = True
        self._update()
        self.accept_button.setText("Deleting…")
        library, ids = self.desk.library, self._ids
        backups, weights = self.backups.isChecked(), self.weights.isChecked()
        self.desk.background.run(
            self,
            lambda: forget_tasks(library, ids, backups=backups, weights=weights),
            self._done,
            failed=self._failed,
        )

    def reject(self) -> None:
        """Close, unless the deletion is under way."""
        if not self._working:
            super().reject()

    def _show(self, ids: list[str], traces: Traces) -> None:
        self._ids = ids
        going = [f"•  {line}" for line in going_lines(traces)]
        lasting = [f"•  {line}" for line in lasting_lines(traces)]
        parts = ["What will be deleted", *going, "", "What cannot be deleted from here", *lasting]
        self.text.setPlainText("\n".join(parts))
        for box, line in ((self.backups, backups_line(traces)), (self.weights, weights_line(traces))):
            box.setText(line.replace("&", "&&"))
            box.setVisible(bool(line))
        self._update()

    def _done(self, done: Forgotten) -> None:
        self._working = False
        self._tell()
        self.desk.say(f"Deleted {counted(done.traces.tasks, 'task')} for good.")
        super().accept()

    def _tell(self) -> None:
        self.desk.undo.clear()  # an undo would bring texts back that must be gone
        self.desk.tell(
            "tasks", "records", "snapshots", "evaluations", "chats", "pairings", "trainings", "proposals",
            "benchmarks",
        )  # fmt: skip

    def _failed(self, error: Exception) -> None:
        self._working = False
        if isinstance(error, TextsLeftError):
            self._ids = []  # they are deleted: there is nothing to try again here
            self._tell()
        self.accept_button.setText("Delete for good")
        self.notice.show_error(error)
        self._update()

    def _update(self) -> None:
        confirmed = self.confirmation.text().strip().casefold() == CONFIRMATION
        self.accept_button.setEnabled(confirmed and bool(self._ids) and not self._working)
