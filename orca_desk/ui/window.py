"""The window: the sidebar on the left, the current page, and the status bar below."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.ui.closing import Closing
from orca_desk.ui.commands import menu_actions, with_mnemonic
from orca_desk.ui.desk import TOUR_SEEN, Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.notify import notify
from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES, PAGES, make_page
from orca_desk.ui.resuming import ResumeOffer
from orca_desk.ui.sidebar import Sidebar
from orca_desk.ui.status_bar import StatusBar
from orca_desk.ui.theme import GRID, Choice, Tone
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.library import WITHOUT_LOCKS, WITHOUT_LOCKS_HINT
from orca_desk.yielding import ui_busy

SMALLEST = 1100, 700  # px: the room that the widest and the tallest page need
THEMES: dict[Choice, str] = {"system": "Match &system", "light": "&Light", "dark": "&Dark"}
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
        self.setWindowTitle("Orca Desk")
        self.setMinimumSize(*SMALLEST)
        self._stack = _Pages()
        self.notice = Notice(desk)
        self._sidebar = Sidebar(desk, show=self.show_page, enter=self.enter_page)
        self.status = StatusBar(desk)
        self._lay_out()
        self._fill_menus()
        desk.page_requested.connect(self._open)
        desk.noticed.connect(self.status.say)
        desk.refused.connect(self._show_refusal)
        desk.jobs.ended.connect(self._announce_end)
        self._restore()
        self.resume_offer = ResumeOffer(desk, self.notice)
        if (problem := desk.library.problem) is None:
            if desk.library.is_locked_weakly:
                self.notice.show_message(WITHOUT_LOCKS, WITHOUT_LOCKS_HINT, kind="warn")
            self.resume_offer.look()
        else:  # a library that cannot be written cannot resume a run
            self.notice.show_message(problem.message, problem.hint, kind="warn")
        self._closing = Closing(desk, self.resume_offer, self)
        # Queued, so that everything else first hears that the last job has ended
        self._closing.ready.connect(self.close, Qt.ConnectionType.QueuedConnection)
        self._closing.postponed.connect(self.status.show_closing)
        self.status.stay.clicked.connect(self._closing.stay)

    def show_page(self, name: str) -> Page:
        """Show a page, made at its first opening; return it."""
        with ui_busy():
            page = self.make_page(name)
            self._stack.setCurrentWidget(page)
        self._sidebar.check(name)
        self._fill_page_menu(page)
        self.desk.view_state.setValue("window/page", name)
        self.setWindowTitle(f"{page.title} – Orca Desk")
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
            self._stack.addWidget(page)
        return self.pages[name]

    def make_next_page(self) -> bool:
        """Make the first page in the sidebar that was not made yet; return whether there was one."""
        missing = [name for name in NAMES if name not in self.pages]
        if missing:
            self.make_page(missing[0])
        return bool(missing)

    def made_pages(self) -> list[Page]:
        """Return the pages made so far, in the order of the sidebar."""
        return [self.pages[name] for name in NAMES if name in self.pages]

    @property
    def page(self) -> Page | None:
        """The current page."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, Page) else None

    def all_actions(self) -> list[QAction]:
        """Return every action of the menus, those of the current page included."""
        return [action for action, _ in menu_actions(self.menuBar())]

    def raise_up(self) -> None:
        """Bring the window to the front: a second start on the same library asks for it."""
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

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what to do about running jobs; save the window's size."""
        if not self._closing.may_close():
            event.ignore()
            return
        self.desk.view_state.setValue("window/geometry", self.saveGeometry())
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

    def _fill_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu("&File")
        self._act(file, "&Import tasks…", lambda: self.desk.open("tasks", do="import"), "Ctrl+O")
        self._act(file, "New &chat", lambda: self.desk.open("chat", do="new"), "Ctrl+N")
        file.addSeparator()
        self._act(file, "&Close", self.close, QKeySequence.StandardKey.Quit)
        edit = bar.addMenu("&Edit")
        undo = self.desk.undo.createUndoAction(self, "&Undo")
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo = self.desk.undo.createRedoAction(self, "&Redo")
        redo.setShortcut(QKeySequence.StandardKey.Redo)
        edit.addActions([undo, redo])
        self._page_menu = bar.addMenu("&Page")
        view = bar.addMenu("&View")
        number = 0
        for entry in PAGES:
            if entry is None:
                view.addSeparator()
                continue
            number += 1
            name, _, title, _ = entry
            key = "Ctrl+," if name == "settings" else f"Ctrl+{number % 10}" if number <= 10 else ""
            self._act(view, title, partial(self.enter_page, name), key)
        view.addSeparator()
        themes = view.addMenu("&Theme")
        self._themes = QActionGroup(self)
        for choice, text in THEMES.items():
            action = self._act(themes, text, partial(self.choose_theme, choice))
            action.setCheckable(True)
            action.setData(choice)
            self._themes.addAction(action)
        self.desk.theme.changed.connect(self._check_theme)
        self._check_theme()
        help_menu = bar.addMenu("&Help")
        self._act(help_menu, "&Command palette…", self.show_palette, "Ctrl+K")
        self._act(help_menu, "&Keyboard shortcuts", self.show_shortcuts, "Ctrl+/")
        self._act(help_menu, "&Tour", self.show_tour)
        self._act(help_menu, "&Self-test…", self._self_test)
        self._act(help_menu, "&About Orca Desk", lambda: self.desk.open("settings", show="about"))

    def _act(
        self, menu: QMenu, text: str, run: Callable[[], Any], key: str | QKeySequence.StandardKey = ""
    ) -> QAction:
        action = QAction(text, self)
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda checked=False: run())
        menu.addAction(action)
        return action

    def _fill_page_menu(self, page: Page) -> None:
        self._page_menu.clear()
        others = [one.text() for one in self.menuBar().actions() if one.menu() is not self._page_menu]
        self._page_menu.setTitle(with_mnemonic(page.title, others))
        self._page_menu.addActions(page.commands)
        self._page_menu.setEnabled(bool(page.commands))

    def _check_theme(self) -> None:
        for action in self._themes.actions():
            action.setChecked(action.data() == self.desk.theme.choice)

    def choose_theme(self, choice: Choice) -> None:
        """Switch to another theme, now and at later starts."""
        self.desk.theme.choose(choice)
        self.desk.view_state.setValue("window/theme", choice)

    def _restore(self) -> None:
        geometry = self.desk.view_state.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1280, 820)
        name = str(self.desk.view_state.value("window/page", "home"))
        self.enter_page(name if name in NAMES else "home")

    def _open(self, name: str, target: dict[str, Any]) -> None:
        is_shown = self.page is not None and self.page.name == name
        page = self.show_page(name) if is_shown else self.enter_page(name)
        if target:
            page.go(target)

    def show_palette(self) -> None:
        """Open the command palette."""
        from orca_desk.ui.palette import Palette

        page_actions = self.page.commands if self.page else []
        Palette(self, self.desk, page_actions=page_actions, enter_page=self.enter_page).open()

    def show_shortcuts(self) -> None:
        """Open the list of shortcuts."""
        from orca_desk.ui.shortcuts import ShortcutList

        theme, pages = self.desk.theme, self.made_pages
        ShortcutList(self, theme, pages=pages, make_next_page=self.make_next_page).open()

    def begin_tour_once(self) -> bool:
        """Begin the tour in a moment unless this library's user has seen it; return whether it will begin."""
        is_first = self.desk.view_state.value(TOUR_SEEN) is None
        if is_first:
            QTimer.singleShot(TOUR_AFTER_MS, self, self.show_tour)
        return is_first

    def show_tour(self) -> None:
        """Begin the tour."""
        from orca_desk.ui.tour import Tour

        Tour(self, self.desk).begin()

    def _self_test(self) -> None:
        from orca_desk.ui.self_test import SelfTest

        SelfTest(self, self.desk).open()

    def _show_refusal(self, error: UserError) -> None:
        self.notice.show_message(error.message, error.hint, kind="bad")

    def _announce_end(self, job: Job) -> None:
        if job.error is not None and not isinstance(job.error, UserError):
            self.desk.report(job.error)
        word, tone = ENDS[job.state]
        text = f"{job.title}: {word}."
        self.status.say(text, tone)
        if job.heavy and not self.isActiveWindow():
            notify(self, text, str(job.error or ""))
