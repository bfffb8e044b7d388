"""The window: the sidebar on the left, the current page, and the status bar below."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QResizeEvent, QScreen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from orca_desk.errors import UserError
from orca_desk.ui.awake import JobsAwake
from orca_desk.ui.backing_up import BackingUp
from orca_desk.ui.closing import Closing
from orca_desk.ui.desk import Desk
from orca_desk.ui.emptying import TrashEmptying
from orca_desk.ui.indexing import TextIndexing
from orca_desk.ui.jobs import Job
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.menus import Menus
from orca_desk.ui.notify import Notifications
from orca_desk.ui.page import Page
from orca_desk.ui.preferences import FONTS_TOLD, GEOMETRY, TOUR_SEEN
from orca_desk.ui.register import NAMES, make_page
from orca_desk.ui.resuming import ResumeOffer
from orca_desk.ui.sidebar import Sidebar
from orca_desk.ui.status_bar import StatusBar
from orca_desk.ui.task_bar import TaskBar
from orca_desk.ui.theme import GRID, Tone
from orca_desk.ui.title import WindowTitle
from orca_desk.ui.widgets.glyphs import glyphs
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.on_screen import keep_on_screen
from orca_desk.ui.widgets.page_area import PageArea
from orca_desk.ui.words.fonts import fonts_hint
from orca_desk.ui.words.library import WITHOUT_LOCKS, WITHOUT_LOCKS_HINT
from orca_desk.yielding import ui_busy

if TYPE_CHECKING:
    from orca_desk.ui.handbook import Handbook

SMALLEST = 400, 240  # px; the pages scroll, so that 1024 x 640 pixels at 250% are enough
FIRST_SIZE = 1280, 820  # px; the screen may allow less
NARROW = 1100  # px; below it the sidebar shows icons alone
TOUR_AFTER_MS = 400  # so that the first page is visible before the tour begins
ENDS: dict[str, tuple[str, Tone]] = {  # how a job ended: the word and its tone
    "done": ("done", "good"),
    "stopped": ("stopped", ""),
    "failed": ("failed", "bad"),
}


class _Pages(QStackedWidget):
    """The pages, one of them visible."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return False: otherwise Qt lays out the texts of every page, even hidden ones, to show one."""
        return False


class Window(QMainWindow):
    """The one window of a library."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.pages: dict[str, Page] = {}
        self.setMinimumSize(*SMALLEST)
        self._areas: dict[str, PageArea] = {}
        self._screen: QScreen | None = None
        self._handbook: Handbook | None = None
        self._title = WindowTitle(self, desk)
        self._stack = _Pages()
        self.notice = Notice(desk)
        libraries = LibraryActions(self, desk, self.notice)
        self._sidebar = Sidebar(desk, libraries, show=self.show_page, enter=self.enter_page)
        self.status = StatusBar(desk)
        self._lay_out()
        self._menus = Menus(
            self,
            desk,
            libraries,
            enter_page=self.enter_page,
            fold_sidebar=self._sidebar.fold,
            help_entries=(
                ("&Handbook", self.show_handbook, "F1"),
                ("&Command palette…", self.show_palette, "Ctrl+K"),
                ("&Keyboard shortcuts", self.show_shortcuts, "Ctrl+/"),
                ("&Tour", self.show_tour, ""),
                ("&Self-test…", self.show_self_test, ""),
                ("&About Orca Desk", lambda: desk.open("settings", section="About Orca Desk"), ""),
            ),
        )
        desk.page_requested.connect(self._open)
        desk.help_requested.connect(self.show_handbook)
        desk.noticed.connect(self.status.say)
        desk.refused.connect(self._show_refusal)
        desk.jobs.ended.connect(self._announce_end)
        self.notifications = Notifications(self, desk, self.come_back)
        self.awake = JobsAwake(desk)
        TaskBar(self, desk.jobs)
        self._restore()
        self.resume_offer = ResumeOffer(desk, self.notice)
        if (problem := desk.library.problem) is None:
            if desk.library.is_locked_weakly:
                self.notice.show_message(WITHOUT_LOCKS, WITHOUT_LOCKS_HINT, kind="warn")
            self.resume_offer.look()
        else:  # a library that cannot be written cannot resume a run
            self.notice.show_message(
                problem.message,
                problem.hint,
                kind="warn",
                action="Recover…" if desk.library.is_damaged else "",
                run=lambda: desk.open("settings", do="recover"),
            )
        self._closing = Closing(desk, self.resume_offer, self)
        # Queued, so that everything else first hears that the last job has ended
        self._closing.ready.connect(self.close, Qt.ConnectionType.QueuedConnection)
        self._closing.postponed.connect(self.status.show_closing)
        self.status.stay.clicked.connect(self._closing.stay)
        glyphs().missing.connect(self._tell_missing_font)
        TextIndexing(desk, self)
        TrashEmptying(desk, self)
        BackingUp(desk, self)

    def show_page(self, name: str) -> Page:
        """Show a page, made at its first opening; return it."""
        with ui_busy():
            page = self.make_page(name)
            self._stack.setCurrentWidget(self._areas[name])
        self._sidebar.check(name)
        self._menus.show_page(page)
        self.desk.view_state.setValue("window/page", name)
        self._title.show_page(page.title)
        return page

    def enter_page(self, name: str) -> Page:
        """Show a page and give it the focus; return it."""
        page = self.show_page(name)
        first = page.first_focus()
        (first if first.isVisibleTo(page) else page).setFocus()
        return page

    def make_page(self, name: str) -> Page:
        """Return a page, made at its first use, without showing it."""
        if name not in self.pages:
            self.pages[name] = page = make_page(name, self.desk)
            self._areas[name] = PageArea(page)
            self._stack.addWidget(self._areas[name])
        return self.pages[name]

    @property
    def page(self) -> Page | None:
        """The current page."""
        shown = self._stack.currentWidget()
        page = shown.page if isinstance(shown, PageArea) else None
        return page if isinstance(page, Page) else None

    def come_back(self) -> None:
        """Bring the window to the front, and keep it open: a second start on the same library asks for it."""
        self._closing.stay()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def event(self, event: QEvent) -> bool:
        """Make other threads wait while the window paints."""
        if event.type() == QEvent.Type.UpdateRequest:
            with ui_busy():
                return super().event(event)
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the window to another screen, and a screen whose size or scale changes."""
        super().showEvent(event)
        self.windowHandle().screenChanged.connect(self._follow_screen, Qt.ConnectionType.UniqueConnection)
        self._follow_screen(self.windowHandle().screen())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the titles out of the sidebar, and what can wait out of the status bar, if room is scarce."""
        super().resizeEvent(event)
        self._sidebar.set_narrow(self.width() < NARROW)
        self.status.set_narrow(self.width() < NARROW)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what to do about running jobs; save the window's size."""
        if not self._closing.may_close():
            event.ignore()
            return
        self.desk.preferences.setValue(GEOMETRY, self.saveGeometry())
        self.desk.view_state.sync()
        event.accept()

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        notice_space = QHBoxLayout()
        notice_space.setContentsMargins(3 * GRID, GRID, 3 * GRID, 0)
        notice_space.addWidget(self.notice)
        column.addLayout(notice_space)
        column.addWidget(self._stack, 1)
        whole = QWidget()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._sidebar)
        row.addWidget(centre, 1)
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row, 1)
        outer.addWidget(self.status)
        self.setCentralWidget(whole)

    def _restore(self) -> None:
        geometry = self.desk.preferences.value(GEOMETRY)
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)
        keep_on_screen(self)
        name = str(self.desk.view_state.value("window/page", "home"))
        self.enter_page(name if name in NAMES else "home")

    def _follow_screen(self, screen: QScreen) -> None:
        if self._screen is not None and isValid(self._screen):  # a screen that was unplugged is gone
            self._screen.availableGeometryChanged.disconnect(self._fit_screen)
        self._screen = screen
        screen.availableGeometryChanged.connect(self._fit_screen)
        QTimer.singleShot(0, self, self._fit_screen)  # the frame has its size by then

    def _fit_screen(self) -> None:
        keep_on_screen(self)

    def _open(self, name: str, target: dict[str, Any]) -> None:
        is_shown = self.page is not None and self.page.name == name
        page = self.show_page(name) if is_shown else self.enter_page(name)
        if target:
            page.go(target)

    def show_palette(self) -> None:
        """Open the command palette."""
        from orca_desk.ui.palette import Palette

        Palette(self, self.desk, page=self.page, enter_page=self.enter_page).open()

    def show_shortcuts(self) -> None:
        """Open the list of shortcuts."""
        from orca_desk.ui.shortcuts import ShortcutList

        ShortcutList(self, self.desk.theme, page_actions=self.page.commands if self.page else ()).open()

    def begin_tour_once(self) -> bool:
        """Begin the tour in a moment unless the user has seen it; return whether it will begin."""
        is_first = self.desk.preferences.value(TOUR_SEEN) is None
        if is_first:
            QTimer.singleShot(TOUR_AFTER_MS, self, self.show_tour)
        return is_first

    def show_tour(self) -> None:
        """Begin the tour."""
        from orca_desk.ui.tour import Tour

        Tour(self, self.desk).begin()

    def show_handbook(self, name: str = "") -> None:
        """Open the handbook at a chapter, by default at the current page's."""
        from orca_desk.ui.handbook import Handbook

        if self._handbook is None:
            self._handbook = Handbook(self, self.desk)
        self._handbook.show_place(name or (self.page.name if self.page else ""))
        self._handbook.come_forward()

    def show_self_test(self) -> None:
        """Open the self-test and start it."""
        from orca_desk.ui.self_test import SelfTest

        SelfTest(self, self.desk).open()

    def _tell_missing_font(self, script: str) -> None:
        """Say once that characters appear as boxes; another notice stays, and the status bar says it then."""
        told = self.desk.preferences.value(FONTS_TOLD) or []
        told = [told] if isinstance(told, str) else list(told)
        if script in told:
            return
        self.desk.preferences.setValue(FONTS_TOLD, [*told, script])
        text = f"No font on this system shows {script}; boxes are shown instead."
        if self.notice.isHidden():
            self.notice.show_message(text, fonts_hint(script), kind="info")
        else:
            self.desk.say(f"{text} {fonts_hint(script)}", "warn")

    def _show_refusal(self, error: UserError) -> None:
        self.notice.show_message(error.message, error.hint, kind="bad")

    def _announce_end(self, job: Job) -> None:
        if job.error is not None and not isinstance(job.error, UserError):
            self.desk.report(job.error)
        word, tone = ENDS[job.state]
        text = f"{job.title}: {word}."
        self.status.say(text, tone)
        self.notifications.tell(job, text)
