"""The window: pages in the order of the method on the left, what is running and the offline sign below."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.ui.closing import Closing
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.notify import notify
from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES, PAGES, make_page
from orca_desk.ui.resuming import GoingOn
from orca_desk.ui.sidebar import Sidebar
from orca_desk.ui.status_bar import StatusBar
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.yielding import serving

SMALLEST = 1100, 700  # px: what the widest and the highest page need


class _Pages(QStackedWidget):
    """The pages, of which one is shown."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Say no: else Qt lays out the texts of all pages, hidden ones too, whenever one is shown."""
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
        self._status = StatusBar(desk)
        self._lay_out()
        self._fill_menus()
        desk.wanted.connect(self._open)
        desk.noticed.connect(self._status.say)
        desk.refused.connect(self._show_refusal)
        desk.jobs.ended.connect(self._tell_end)
        self._restore()
        self.going_on = GoingOn(desk, self.notice)
        if (problem := desk.library.problem) is None:
            self.going_on.look()
        else:  # nothing can go on there, for nothing can be kept
            self.notice.show_message(problem.message, problem.hint, kind="warn")
        self._closing = Closing(desk, self.going_on, self)
        # Queued: first all others hear that the last job has ended
        self._closing.agreed.connect(self.close, Qt.ConnectionType.QueuedConnection)
        self._closing.waits.connect(self._status.show_closing)
        self._status.stay.clicked.connect(self._closing.stay)

    def show_page(self, name: str) -> Page:
        """Show a page, making it if it was not shown before; return it."""
        with serving():
            page = self.make_page(name)
            self._stack.setCurrentWidget(page)
        self._sidebar.check(name)
        self._fill_page_menu(page)
        self.desk.places.setValue("window/page", name)
        self.setWindowTitle(f"{page.title} – Orca Desk")
        return page

    def enter_page(self, name: str) -> Page:
        """Show a page and give it the keys; return it."""
        page = self.show_page(name)
        first = page.first_focus()
        (first if first.isVisibleTo(page) else page).setFocus()
        return page

    def make_page(self, name: str) -> Page:
        """Return a page without showing it, making it if it is not there."""
        if name not in self.pages:
            self.pages[name] = page = make_page(name, self.desk)
            self._stack.addWidget(page)
        return self.pages[name]

    def in_order(self) -> list[Page]:
        """Return the pages that were made, in the order of the sidebar."""
        return [self.pages[name] for name in NAMES if name in self.pages]

    @property
    def page(self) -> Page | None:
        """The page that is shown."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, Page) else None

    def all_actions(self) -> list[QAction]:
        """Return every action in the menus, those of the page too: for the palette and the list of keys."""
        found: list[QAction] = []
        for top in self.menuBar().actions():
            found += _leaves(top.menu())
        return found

    def raise_up(self) -> None:
        """Come to the front, as a second start on the same library asks."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def event(self, event: QEvent) -> bool:
        """Let threads wait while everything in the window that has changed is painted."""
        if event.type() == QEvent.Type.UpdateRequest:
            with serving():
                return super().event(event)
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what to do while jobs run; keep the window's state."""
        if not self._closing.may_close():
            event.ignore()
            return
        self.desk.places.setValue("window/geometry", self.saveGeometry())
        self.desk.places.sync()
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
        outer.addWidget(self._status)
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
        for choice, text in (
            ("system", "As the &system"),
            ("light", "&Light"),
            ("dark", "&Dark"),
        ):
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
        self._page_menu.setTitle(f"&{page.title}" if page.title[0] not in "FEVH" else page.title)
        self._page_menu.addActions(page.commands)
        self._page_menu.setEnabled(bool(page.commands))

    def _check_theme(self) -> None:
        for action in self._themes.actions():
            action.setChecked(action.data() == self.desk.theme.choice)

    def choose_theme(self, choice: Any) -> None:
        """Show another theme and keep it for the next start."""
        self.desk.theme.choose(choice)
        self.desk.places.setValue("window/theme", choice)

    def _restore(self) -> None:
        geometry = self.desk.places.value("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1280, 820)
        name = str(self.desk.places.value("window/page", "home"))
        self.enter_page(name if name in NAMES else "home")

    def _open(self, name: str, target: dict[str, Any]) -> None:
        is_shown = self.page is not None and self.page.name == name
        page = self.show_page(name) if is_shown else self.enter_page(name)
        if target:
            page.go(target)

    def show_palette(self) -> None:
        """Open the command palette."""
        from orca_desk.ui.palette import Palette

        Palette(self).open()

    def show_shortcuts(self) -> None:
        """Open the list of keys."""
        from orca_desk.ui.shortcuts import ShortcutList

        ShortcutList(self).open()

    def show_tour(self) -> None:
        """Begin the tour."""
        from orca_desk.ui.tour import Tour

        Tour(self).begin()

    def _self_test(self) -> None:
        from orca_desk.ui.self_test import SelfTest

        SelfTest(self).open()

    def _show_refusal(self, error: UserError) -> None:
        self.notice.show_message(error.message, error.hint, kind="bad")

    def _tell_end(self, job: Job) -> None:
        if job.error is not None and not isinstance(job.error, UserError):
            self.desk.report(job.error)
        words = {"done": "is done", "stopped": "was stopped", "failed": "failed"}
        text = f"{job.title} {words[job.state]}."
        self._status.say(text, "good" if job.state == "done" else "bad" if job.state == "failed" else "")
        if job.heavy and not self.isActiveWindow():
            notify(self, text, str(job.error or ""))


def _leaves(menu: QMenu | None) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions() if menu else []:
        if action.menu():
            found += _leaves(action.menu())
        elif not action.isSeparator():
            found.append(action)
    return found
