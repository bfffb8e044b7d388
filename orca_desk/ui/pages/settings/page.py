"""The Settings page: the library, the look, defaults, the offline state, help and versions."""

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
from orca_desk.ui.pages.settings.cards import AboutCard, HelpCard, LibraryCard, LookCard, OfflineCard
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
    """Cards, one below the other."""

    name = "settings"
    title = "Settings"
    about = "For this library and this window. Every change is kept at once."
    watches = frozenset({"settings"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        if desk.library.problem is not None:
            self.about_line.setText(
                "For this library and this window. The library can only be read: no change is kept."
            )
        self.panel = JobPanel(desk)
        self.body.addWidget(self.panel)
        self.library = LibraryCard(desk, back_up=self._ask_for_backup, check=self.check)
        self.look = LookCard(desk, self._choose_theme)
        self.running = RunningCard(desk, self.notice.show_error)
        self.message = MessageCard(desk, self.notice.show_error)
        self.offline = OfflineCard(desk)
        self.help = HelpCard(
            desk,
            (
                (
                    "Command palette  ({})".format(native("Ctrl+K")),
                    "command",
                    lambda: self._window().show_palette(),
                ),
                (
                    "Keyboard shortcuts  ({})".format(native("Ctrl+/")),
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
        """Count the library's size again; the cards write what they show, so they show it already."""
        self.library.measure()
        self.about_card.look()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show the versions: {"show": "about"}."""
        if target.get("show") == "about":
            # A page that was made just now has no sizes yet: scroll when it has.
            QTimer.singleShot(0, self, self._show_about)

    def close_page(self) -> None:
        """Save what the user has just typed."""
        self.running.save_pending()
        self.message.save_pending()

    def back_up_to(self, path: Path) -> Job:
        """Write a backup as a job, and say what is in it."""
        library = self.desk.library

        def work(tools: Tools) -> Backup:
            return back_up(library, path)

        job = self.desk.jobs.start("Back up the library", "backup", work, heavy=False)
        self._follow(job)
        return job

    def check(self) -> Job:
        """Check the library as a job, and say what is wrong."""
        library = self.desk.library

        def work(tools: Tools) -> list[str]:
            gone = [f"The adapter {path} is gone." for path in missing_files(library)]
            return check(library, thorough=True) + gone

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
            self.look,
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
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setWidget(inner)
        self.body.addWidget(self.scroll, 1)
        leave_wheel_to_form(inner)

    def _show_about(self) -> None:
        self.scroll.verticalScrollBar().setValue(self.about_card.y())
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
            self._tell_backup(job.result)
        elif isinstance(job.result, list):
            self._tell_problems(job.result)
        self.library.measure()

    def _tell_backup(self, made: Backup) -> None:
        self.notice.show_message(
            f"The backup is whole: {made.path}",
            "{}, {} and {}. Adapters, checkpoints and logs are not in it.".format(
                counted(made.tasks, "task"),
                counted(made.records, "record"),
                counted(made.snapshots, "snapshot"),
            ),
            kind="good",
            action="Open folder",
            run=lambda: self.library.open_folder(made.path.parent),
        )

    def _tell_problems(self, problems: list[str]) -> None:
        if not problems:
            self.notice.show_message(
                "The library is whole.",
                "Every table, index and snapshot was read.",
                kind="good",
            )
            return
        rest = len(problems) - PROBLEMS
        text = "\n".join(problems[:PROBLEMS]) + (f"\nand {rest} more" if rest > 0 else "")
        remedy = "Make a copy of the folder now, and go on from your newest good backup."
        self.notice.show_message("Something is wrong with the library.", f"{text}\n{remedy}", kind="bad")

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
