"""The Settings page: the library, the appearance, defaults, the offline state, help and versions."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QLabel, QVBoxLayout, QWidget

from orca_desk.library.backups.backup import Backup
from orca_desk.library.backups.keeping import Verified
from orca_desk.library.backups.kept import KeptBackup
from orca_desk.library.care.compacting import Compacted, Space
from orca_desk.library.care.recovery import Recovered
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.settings.backups import Backups, RestoredLibrary
from orca_desk.ui.pages.settings.cards import AboutCard, AppearanceCard, HelpCard, LibraryCard, OfflineCard
from orca_desk.ui.pages.settings.care import Checked, LibraryCare
from orca_desk.ui.pages.settings.defaults import MessageCard, RunningCard
from orca_desk.ui.pages.settings.jobs_card import JobsCard
from orca_desk.ui.pages.settings.kept_backups import BackupsCard
from orca_desk.ui.pages.settings.machine import MachineCard
from orca_desk.ui.pages.settings.storage import StorageCard
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.card_columns import CardColumns
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.keys import native
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import label
from orca_desk.ui.widgets.wheel import leave_wheel_to_form

if TYPE_CHECKING:
    from orca_desk.ui.window import Window

TAB = Qt.FocusPolicy.TabFocus


class SettingsPage(Page):
    """Cards, in as many columns as have room."""

    name = "settings"
    title = "Settings"
    widest = WIDE_PANES
    about = "For this library and this window. Every change is saved at once."
    watches = frozenset({"settings"})
    sections: ClassVar[dict[str, str]] = {
        "Library": "folder, size, backup, restore, check, mend, recover, repair, compact, logs",
        "Backups": "automatic backups, interval, folder, restore, verify, keep, thinning",
        "Storage": "space, sizes, free, trash, deleted, restore, checkpoints, converted, cache",
        "Jobs": "sleep, awake, suspend, notifications",
        "Appearance": "theme: light, dark, as the system; text size, font size, zoom, plain text, Markdown",
        "This machine": "processor, memory, graphics card, GPU, device, speed",
        "Running models": "threads, batch, context",
        "System message for the student": "cautious, empty, your own",
        "Offline": "network, connections, telemetry",
        "Help": "shortcuts, tour",
        "About Orca Desk": "version, licences",
    }
    offers = (
        SEARCH,
        Command("&Back up the library…", lambda page: page.backups.ask(), image="save"),
        Command("&Restore a backup…", lambda page: page.backups.ask_to_restore(), image="undo-2"),
        Command("Back up &now", lambda page: page.kept.back_up_now(), image="save"),
        Command("Veri&fy the backups", lambda page: page.kept.verify_all(), image="shield-check"),
        Command("&Check the library", lambda page: page.check(), image="shield-check"),
        Command("M&end the library", lambda page: page.care.mend(), image="refresh-cw"),
        Command("Reco&ver what can be read…", lambda page: page.care.ask_to_recover(), image="rotate-ccw"),
        Command("Co&mpact the library", lambda page: page.care.compact(), image="box"),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        if desk.library.problem is not None:
            self.about_line.setText(
                "For this library and this window. The library is read-only: no change is saved."
            )
        self.panel = JobPanel(desk)
        self.body.addWidget(self.panel)
        self.backups = Backups(desk, self, follow=self._follow)
        self.care = LibraryCare(desk, self, follow=self._follow)
        self.library = LibraryCard(
            desk,
            back_up=self.backups.ask,
            restore=self.backups.ask_to_restore,
            check=self.check,
            compact=self.care.compact,
        )
        card = self.library
        self._busy: tuple[QAbstractButton, ...] = (card.back_up, card.restore, card.check, card.compact)
        card.compact.setEnabled(desk.library.problem is None)
        self.kept = BackupsCard(
            desk,
            self.notice,
            restore=self.backups.show_before,
            beside=self.backups.ask_beside,
            follow=self._follow,
        )
        self._busy += (self.kept.now, self.kept.verify)
        self.storage = StorageCard(desk, follow=self._follow, failed=self.notice.show_error)
        self.jobs = JobsCard(desk, self.notice.show_error)
        self.appearance = AppearanceCard(desk, desk.choose_theme)
        self.machine = MachineCard(desk, self.notice.show_error, self._follow)
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

    def refresh(self, changes: frozenset[str]) -> None:
        """Measure the library again. The other cards show what they wrote themselves."""
        self.library.measure()
        self.kept.refresh()
        self.storage.measure()
        self.machine.refresh()
        self.about_card.look()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a card: {"section": one of `sections`}, and in it {"control": the name of a setting}.

        Recover a damaged library with {"do": "recover"}.
        """
        if target.get("do") == "recover":
            self.care.ask_to_recover()
        if target.get("section") in self.sections:
            # A new page has no sizes yet: scroll once it does.
            QTimer.singleShot(
                0, self, partial(self._show_card, str(target["section"]), str(target.get("control", "")))
            )

    def close_page(self) -> None:
        """Save what the user has just typed."""
        self.running.save_pending()
        self.message.save_pending()

    def check(self) -> Job:
        """Check the library as a job, and show its problems."""
        return self.care.check()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(2 * GRID)
        groups: tuple[tuple[QWidget, ...], ...] = (
            (self.library, self.kept, self.storage),
            (self.appearance, self.machine, self.running, self.jobs, self.message),
            (self.offline, self.help, self.about_card),
        )
        self.cards = tuple(card for group in groups for card in group)
        self.search = SearchLine(self.desk.theme, "Search settings", "Search settings")
        self.search.textChanged.connect(self._find)
        self.body.addWidget(self.search)
        self.nothing = label("No setting has these words.", tone="muted")
        self.nothing.hide()
        column.addWidget(self.nothing)
        column.addWidget(CardColumns(*groups))
        column.addStretch(1)
        self.area = scrolled(inner)
        self.body.addWidget(self.area, 1)
        leave_wheel_to_form(inner)

    def search_field(self) -> SearchLine:
        """See Page."""
        return self.search

    def _find(self, text: str) -> None:
        """Show only the cards in which all words occur."""
        words = text.casefold().split()
        found = [one for one in self.cards if all(word in self._words_of(one) for word in words)]
        for one in self.cards:
            one.setVisible(one in found)
        self.nothing.setVisible(not found)

    def _words_of(self, card: QWidget) -> str:
        """Return all that a card says, and the words that it is found by."""
        said = [card.accessibleName(), self.sections.get(card.accessibleName(), "")]
        for part in card.findChildren(QWidget):
            said += [part.accessibleName(), part.toolTip()]
            if isinstance(part, QLabel | QAbstractButton):
                said.append(part.text().replace("&", ""))
        return "\n".join(said).casefold()

    def _show_card(self, section: str, control: str = "") -> None:
        self.search.clear()
        card = next(one for one in self.cards if one.accessibleName() == section)
        stops = [one for one in card.findChildren(QWidget) if one.focusPolicy() & TAB]
        named = [one for one in stops if control and control in _names_of(one)]
        first = next(iter(named or stops), card)
        top = first.mapTo(card, QPoint(0, 0)).y() if named else 0
        content = self.area.widget()
        assert content is not None  # `scrolled` has set it
        place = card.mapTo(content, QPoint(0, 0)).y()
        self.area.verticalScrollBar().setValue(place + max(0, top - 6 * GRID))
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, job: Job) -> None:
        for one in self._busy:
            one.setEnabled(False)
        self.notice.hide()
        self.panel.follow(job)
        job.ended.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        for one in self._busy:
            one.setEnabled(True)
        self.library.compact.setEnabled(self.desk.library.problem is None)
        self.kept.refresh()
        if job.error is not None:
            self.notice.show_error(job.error)
        elif isinstance(job.result, RestoredLibrary):
            self.backups.show_restored(job.result, self.notice)
        elif isinstance(job.result, Backup):
            self.backups.show_made(job.result, self.notice)
        elif isinstance(job.result, KeptBackup):
            self.kept.show_kept(job.result)
        elif isinstance(job.result, Verified):
            self.kept.show_verified(job.result)
        elif isinstance(job.result, Recovered | Compacted | Space):
            self.care.show(job.result, self.notice)
        elif isinstance(job.result, Checked):
            self.care.show_checked(job.result, self.notice, restore=self.kept.restore_selected)
        self.library.measure()

    def _window(self) -> "Window":
        return cast("Window", self.window())


def _names_of(widget: QWidget) -> tuple[str, ...]:
    """Return what a control is called: a choice of several is named before a colon."""
    name = widget.accessibleName()
    text = widget.text().replace("&", "") if isinstance(widget, QAbstractButton) else ""
    return name, name.split(":")[0], text
