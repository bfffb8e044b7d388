"""Before a backup is restored: what would be lost, and what would come back."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QProgressBar, QVBoxLayout, QWidget

from orca_desk.library.backups.difference import BackupDifference, difference
from orca_desk.library.backups.restoring import Staged, stage
from orca_desk.processes.progress import StoppedError
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.starting import BEFORE, RESTART, RESTORED
from orca_desk.ui.theme import GRID, Tone
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.motion import is_animated
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.backups import backup_content
from orca_desk.ui.words.kept_backups import SAME, UNKNOWN, difference_lines, loose_sentence

HEADINGS = ("Would be lost", "Would come back", "Would be as it was then")
TONES: tuple[Tone, ...] = ("warn", "good", "")
ABOUT = (
    "Restored in place, the library in this window takes this state, and the window opens again. Before that,"
    " the present state is kept as a backup."
)
KEPT = "The previous state is kept as the newest backup."
ASIDE = "The damaged state was moved into the library's backups folder."
BUSY = "Jobs are running. Stop them, or wait for them, to restore in place."


class RestoreDialog(QDialog):
    """Compares a backup with the library, and restores it in place, or lets the page restore it elsewhere."""

    def __init__(
        self, parent: QWidget, desk: Desk, path: Path, title: str, *, beside: Callable[[Path], object]
    ) -> None:
        """`title` names the backup; `beside` asks for a folder and makes a library of it there."""
        super().__init__(parent)
        self._desk, self._path, self._title, self._beside = desk, path, title, beside
        self._job: Job | None = None
        self.setWindowTitle("Restore a backup")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label(title, size="heading", bold=True, wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.about = label("Comparing with the library…", tone="muted", wrap=True)
        layout.addWidget(self.about)
        self._found = QWidget()
        self._lines = QVBoxLayout(self._found)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self.lists: list[QLabel] = []
        for tone in TONES:
            one = label(wrap=True, selectable=True, tone=tone)
            one.hide()
            self.lists.append(one)
            self._lines.addWidget(one)
        self._lines.addStretch(1)
        layout.addWidget(scrolled(self._found), 1)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0 if is_animated() else 1)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        layout.addWidget(self.bar)
        self.in_place = button("Restore in place", self.restore_in_place, tip=ABOUT)
        self.open_beside = button(
            "Open beside…",
            self._open_beside,
            tip="Make a separate library from it; this one is unchanged",
        )
        self.cancel = button("Cancel", self.reject)
        buttons = QDialogButtonBox()
        buttons.addButton(self.in_place, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.open_beside, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.cancel, QDialogButtonBox.ButtonRole.RejectRole)
        layout.addWidget(buttons)
        self.cancel.setDefault(True)
        for other in (self.in_place, self.open_beside):
            other.setAutoDefault(False)
            other.setEnabled(False)
        self.resize(72 * GRID, 52 * GRID)
        folder = desk.library.folder
        desk.background.run(self, lambda: difference(folder, path), self._show, failed=self._fail)

    def restore_in_place(self) -> Job | None:
        """Make the state of the backup ready as a job, then open the library again.

        Answers of chats end before that, and what they have is in the backup of the present state.
        """
        library, path = self._desk.library, self._path

        def work(tools: Tools) -> Staged | None:
            for store in self._desk.under_way:
                store()
            try:
                return stage(library, path, on_bytes=lambda count: tools.control.require_running())
            except StoppedError:
                return None

        if self._desk.jobs.unfinished:
            self.notice.show_message(BUSY, kind="warn")
            return None
        if unsaved := self._desk.would_lose():
            self.notice.show_message(" ".join(one.told() for one in unsaved), kind="warn")
            return None
        self.notice.hide()
        self._enable(False)
        self.bar.show()
        job = self._job = self._desk.jobs.start("Restore a backup", "restore", work, heavy=False)
        job.ended.connect(lambda: self._ended(job))
        return job

    def reject(self) -> None:
        """Close, or stop what is being made ready: nothing has changed then."""
        if self._job is not None and not self._job.is_over:
            self._job.stop()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop what is being made ready."""
        event.ignore()
        self.reject()

    def _show(self, found: BackupDifference) -> None:
        self.bar.hide()
        self._enable(True)
        content = f"It holds {backup_content(found.backup)}."
        same = UNKNOWN if found.is_unknown else SAME if found.is_none else ""
        self.about.setText(" ".join(filter(None, (content, same, loose_sentence(found.loose), ABOUT))))
        for heading, lines, shown in zip(HEADINGS, difference_lines(found), self.lists, strict=True):
            shown.setText("\n".join([f"{heading}:", *(f"    {line}" for line in lines)]))
            shown.setVisible(bool(lines))

    def _enable(self, enabled: bool) -> None:
        library = self._desk.library
        self.in_place.setEnabled(enabled and (library.problem is None or library.is_damaged))
        self.open_beside.setEnabled(enabled)

    def _fail(self, error: Exception) -> None:
        self.bar.hide()
        self.about.hide()
        self.notice.show_error(error)

    def _ended(self, job: Job) -> None:
        self.bar.hide()
        self._enable(True)
        if job.error is not None:
            self.notice.show_error(job.error)
        elif isinstance(job.result, Staged):
            self._desk.view_state.setValue(RESTORED, self._title)
            self._desk.view_state.setValue(BEFORE, KEPT if job.result.present else ASIDE)
            self.accept()
            QCoreApplication.exit(RESTART)
        else:
            super().reject()

    def _open_beside(self) -> None:
        self.accept()
        self._beside(self._path)
