"""The Settings page: the library, the appearance, defaults, the offline state, help and versions."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QScrollArea, QVBoxLayout, QWidget

from orca_desk.library.backup import Backup, back_up
from orca_desk.library.integrity import check, missing_files
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.page import Page
from orca_desk.ui.pages.settings.cards import AboutCard, AppearanceCard, HelpCard, LibraryCard, OfflineCard
from orca_desk.ui.pages.settings.defaults import MessageCard, RunningCard
from orca_desk.ui.theme import GRID, Choice
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.keys import native
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.words.counting import counted

if TYPE_CHECKING:
    from orca_desk.ui.window import Window

WIDEST = 105 * GRID  # longer lines read badly
PROBLEMS = 5


class SettingsPage(Page):
    """A column of cards."""

    name = "settings"
    title = "Settings"
    about = "For this library and this window. Every change is saved at once."
    watches = frozenset({"settings"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        if desk.library.problem is not None:
            self.about_line.setText(
                "For this library and this window. The library is read-only: no change is saved."
            )
        self.panel = JobPanel(desk)
        self.body.addWidget(self.panel)
        self.library = LibraryCard(desk, back_up=self._ask_for_backup, check=self.check)
        self.appearance = AppearanceCard(desk, self._choose_theme)
        self.running = RunningCard(desk, self.notice.show_error)
        self.message = MessageCard(desk, self.notice.show_error)
        self.offline = OfflineCard(desk)
        self.help = HelpCard(
            desk,
            (
                (f"Command palette  ({native('Ctrl+K')})", "command", lambda: self._window().show_palette()),
                (
                    f"Keyboard shortcuts  ({native('Ctrl+/')})",
                    "keyboard",
                    lambda: self._window().show_shortcuts(),
                ),
                ("Take the tour", "flag", lambda: self._window().show_tour()),
            ),
        )
        self.about_card = AboutCard(desk)
        self._lay_out()
        self.command("&Back up the library…", self._ask_for_backup, image="save")
        self.command("&Check the library", self.check, image="shield-check")

    def refresh(self, changes: frozenset[str]) -> None:
        """Measure the library again. The other cards show what they wrote themselves."""
        self.library.measure()
        self.about_card.look()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show the versions: {"show": "about"}."""
        if target.get("show") == "about":
            # A new page has no sizes yet: scroll once it does.
            QTimer.singleShot(0, self, self._show_about)

    def close_page(self) -> None:
        """Save what the user has just typed."""
        self.running.save_pending()
        self.message.save_pending()

    def back_up_to(self, path: Path) -> Job:
        """Write a backup as a job, and show its content."""
        library = self.desk.library

        def work(tools: Tools) -> Backup:
            return back_up(library, path)

        job = self.desk.jobs.start("Back up the library", "backup", work, heavy=False)
        self._follow(job)
        return job

    def check(self) -> Job:
        """Check the library as a job, and show its problems."""
        library = self.desk.library

        def work(tools: Tools) -> list[str]:
            missing = [f"The adapter {path} is missing." for path in missing_files(library)]
            return check(library, thorough=True) + missing

        job = self.desk.jobs.start("Check the library", "check", work, heavy=False)
        self._follow(job)
        return job

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(2 * GRID)
        cards = (
            self.library,
            self.appearance,
            self.running,
            self.message,
            self.offline,
            self.help,
            self.about_card,
        )
        for one in cards:
            one.setMaximumWidth(WIDEST)
            column.addWidget(one)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        self.body.addWidget(self.area, 1)
        leave_wheel_to_form(inner)

    def _show_about(self) -> None:
        self.area.verticalScrollBar().setValue(self.about_card.y())
        self.about_card.copy_versions.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, job: Job) -> None:
        for one in (self.library.back_up, self.library.check):
            one.setEnabled(False)
        self.notice.hide()
        self.panel.follow(job)
        job.ended.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        for one in (self.library.back_up, self.library.check):
            one.setEnabled(True)
        if job.error is not None:
            self.notice.show_error(job.error)
        elif isinstance(job.result, Backup):
            self._show_backup(job.result)
        elif isinstance(job.result, list):
            self._show_problems(job.result)
        self.library.measure()

    def _show_backup(self, made: Backup) -> None:
        self.notice.show_message(
            f"Backup verified: {made.path}",
            f"{counted(made.tasks, 'task')}, {counted(made.records, 'record')} and"
            f" {counted(made.snapshots, 'snapshot')}. It contains no adapters, checkpoints or logs.",
            kind="good",
            action="Open folder",
            run=lambda: self.library.open_folder(made.path.parent),
        )

    def _show_problems(self, problems: list[str]) -> None:
        if not problems:
            self.notice.show_message(
                "No problems found.",
                "Every table, index and snapshot was checked.",
                kind="good",
            )
            return
        rest = len(problems) - PROBLEMS
        text = "\n".join(problems[:PROBLEMS]) + (f"\nand {rest} more" if rest > 0 else "")
        remedy = "Copy the folder now, then restore your latest good backup."
        self.notice.show_message("The library has problems.", f"{text}\n{remedy}", kind="bad")

    def _ask_for_backup(self) -> None:
        name = f"orca-desk-{date.today().isoformat()}.db"
        start = str(self.desk.library.folder.parent / name)
        chosen, _ = QFileDialog.getSaveFileName(self, "Back up the library", start, "Libraries (*.db)")
        if chosen:
            self.back_up_to(Path(chosen))

    def _choose_theme(self, choice: Choice) -> None:
        self._window().choose_theme(choice)

    def _window(self) -> "Window":
        return cast("Window", self.window())
