"""The window: pages in the order of the method on the left, what is running and the offline sign below."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QProgressBar,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.jobs.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.going_on import GoingOn
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.notify import notify
from orca_desk.ui.page import Page
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import describe
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import label, set_tone

# name, class in orca_desk.ui.pages.NAME, title in the sidebar, icon; None is a gap
PAGES: tuple[tuple[str, str, str, str] | None, ...] = (
    ("home", "HomePage", "Home", "house"),
    ("tasks", "TasksPage", "Tasks", "list-checks"),
    ("strategies", "StrategiesPage", "Strategies", "route"),
    ("teacher", "TeacherPage", "Teacher", "graduation-cap"),
    ("records", "RecordsPage", "Records", "columns-2"),
    ("training", "TrainingPage", "Training", "chart-line"),
    ("evaluate", "EvaluatePage", "Evaluate", "target"),
    ("chat", "ChatPage", "Chat", "message-circle"),
    None,
    ("models", "ModelsPage", "Models", "box"),
    ("jobs", "JobsPage", "Jobs", "activity"),
    ("settings", "SettingsPage", "Settings", "settings"),
)
MESSAGE_MS = 8000


class Window(QMainWindow):
    """The one window of a library."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.pages: dict[str, Page] = {}
        self._close_agreed = False
        self.setWindowTitle(self.tr("Orca Desk"))
        self.setMinimumSize(960, 620)
        self._stack = QStackedWidget()
        self._notice = Notice(desk)
        self._sidebar = _Sidebar(desk, self.show_page)
        self._status = _StatusBar(desk)
        self._lay_out()
        self._fill_menus()
        desk.wanted.connect(self._open)
        desk.noticed.connect(self._status.say)
        desk.refused.connect(self._show_refusal)
        desk.jobs.ended.connect(self._tell_end)
        self._restore()
        self.going_on = GoingOn(desk, self._notice)
        self.going_on.look()

    def show_page(self, name: str) -> Page:
        """Show a page, making it if it was not shown before; return it."""
        page = self.make_page(name)
        self._stack.setCurrentWidget(page)
        self._sidebar.check(name)
        self._fill_page_menu(page)
        self.desk.places.setValue("window/page", name)
        self.setWindowTitle(f"{page.title} – Orca Desk")
        return page

    def make_page(self, name: str) -> Page:
        """Return a page without showing it, making it if it is not there."""
        if name not in self.pages:
            self.pages[name] = page = _make_page(name, self.desk)
            self._stack.addWidget(page)
        return self.pages[name]

    @staticmethod
    def names() -> list[str]:
        """Return the names of all pages, in their order."""
        return [entry[0] for entry in PAGES if entry]

    def in_order(self) -> list[Page]:
        """Return the pages that were made, in the order of the sidebar."""
        return [self.pages[name] for name in self.names() if name in self.pages]

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

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what to do while jobs run; keep the window's state."""
        if self.desk.jobs.unfinished and not self._close_agreed:
            event.ignore()
            self._ask_to_close()
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
        notice_space.addWidget(self._notice)
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
        file = bar.addMenu(self.tr("&File"))
        self._act(file, self.tr("&Import tasks…"), lambda: self.desk.open("tasks", do="import"), "Ctrl+O")
        self._act(file, self.tr("New &chat"), lambda: self.desk.open("chat", do="new"), "Ctrl+N")
        file.addSeparator()
        self._act(file, self.tr("&Close"), self.close, QKeySequence.StandardKey.Quit)
        edit = bar.addMenu(self.tr("&Edit"))
        undo = self.desk.undo.createUndoAction(self, self.tr("&Undo"))
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo = self.desk.undo.createRedoAction(self, self.tr("&Redo"))
        redo.setShortcut(QKeySequence.StandardKey.Redo)
        edit.addActions([undo, redo])
        self._page_menu = bar.addMenu(self.tr("&Page"))
        view = bar.addMenu(self.tr("&View"))
        number = 0
        for entry in PAGES:
            if entry is None:
                view.addSeparator()
                continue
            number += 1
            name, _, title, _ = entry
            key = "Ctrl+," if name == "settings" else f"Ctrl+{number % 10}" if number <= 10 else ""
            self._act(view, title, partial(self.show_page, name), key)
        view.addSeparator()
        themes = view.addMenu(self.tr("&Theme"))
        self._themes = QActionGroup(self)
        for choice, text in (
            ("system", self.tr("As the &system")),
            ("light", self.tr("&Light")),
            ("dark", self.tr("&Dark")),
        ):
            action = self._act(themes, text, partial(self.choose_theme, choice))
            action.setCheckable(True)
            action.setData(choice)
            self._themes.addAction(action)
        self.desk.theme.changed.connect(self._check_theme)
        self._check_theme()
        help_menu = bar.addMenu(self.tr("&Help"))
        self._act(help_menu, self.tr("&Command palette…"), self.show_palette, "Ctrl+K")
        self._act(help_menu, self.tr("&Keyboard shortcuts"), self.show_shortcuts, "Ctrl+/")
        self._act(help_menu, self.tr("&Tour"), self.show_tour)
        self._act(help_menu, self.tr("&Self-test…"), self._self_test)
        self._act(help_menu, self.tr("&About Orca Desk"), lambda: self.desk.open("settings", show="about"))

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
        page = self.show_page(name if any(entry and entry[0] == name for entry in PAGES) else "home")
        page.setFocus()  # else the first button of the sidebar would have it, ring and all

    def _open(self, name: str, target: dict[str, Any]) -> None:
        page = self.show_page(name)
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
        self._notice.show_message(error.message, error.hint, kind="bad")

    def _tell_end(self, job: Job) -> None:
        if job.error is not None and not isinstance(job.error, UserError):
            self.desk.report(job.error)
        words = {"done": self.tr("is done"), "stopped": self.tr("was stopped"), "failed": self.tr("failed")}
        text = f"{job.title} {words[job.state]}."
        self._status.say(text, "good" if job.state == "done" else "bad" if job.state == "failed" else "")
        if job.heavy and not self.isActiveWindow():
            notify(self, text, str(job.error or ""))

    def _ask_to_close(self) -> None:
        jobs = self.desk.jobs.unfinished
        running = self.tr("A job is still running: {}.") if len(jobs) == 1 else self.tr("Jobs still run: {}.")
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(running.format(", ".join(job.title for job in jobs)))
        box.setInformativeText(self.tr("What is done is kept. The next start offers to go on from there."))
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        later = box.addButton(self.tr("Close when done"), QMessageBox.ButtonRole.ActionRole)
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)

        def answered() -> None:
            if box.clickedButton() is stop:
                self.going_on.note_closing()
                for job in self.desk.jobs.unfinished:
                    job.stop()
                self._close_when_idle(self.tr("Closes as soon as the job has stopped."))
            elif box.clickedButton() is later:
                self._close_when_idle(self.tr("Closes when the job is done."))

        box.finished.connect(answered)
        box.open()

    def _close_when_idle(self, text: str) -> None:
        self._status.say(text)

        def look() -> None:
            if not self.desk.jobs.unfinished:
                timer.stop()
                self._close_agreed = True
                self.close()

        timer = QTimer(self)
        timer.timeout.connect(look)
        timer.start(100)


class _Sidebar(QFrame):
    """The pages' buttons: exclusive, with icons, walked through with the arrow keys."""

    def __init__(self, desk: Desk, show: Callable[[str], Any]) -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "sidebar")
        self.setFixedWidth(22 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, 2 * GRID, GRID, GRID)
        layout.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {}
        for entry in PAGES:
            if entry is None:
                layout.addStretch(1)
                continue
            name, _, title, image = entry
            made = QToolButton()
            made.setText(title)
            made.setObjectName(f"nav-{name}")
            made.setAccessibleName(title)
            made.setCheckable(True)
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setIconSize(QSize(18, 18))
            made.setSizePolicy(made.sizePolicy().Policy.Expanding, made.sizePolicy().Policy.Fixed)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.clicked.connect(lambda checked=False, name=name: show(name))
            self._group.addButton(made)
            self._buttons[name], self._icons[name] = made, image
            layout.addWidget(made)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def check(self, name: str) -> None:
        """Mark the page that is shown."""
        self._buttons[name].setChecked(True)
        self._paint()

    def _paint(self) -> None:
        for name, made in self._buttons.items():
            role = "accent" if made.isChecked() else "muted"
            made.setIcon(icon(self._icons[name], self.desk.theme.colours, role))


class _StatusBar(QFrame):
    """What is running, the last message, and that the app is offline."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 6, 2 * GRID, 6)
        row.setSpacing(GRID + 4)
        self._job = QToolButton()
        self._job.setToolTip(self.tr("Show the jobs"))
        self._job.clicked.connect(lambda: desk.open("jobs"))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(20 * GRID)
        self._bar.setAccessibleName(self.tr("Progress of the running job"))
        self._detail = label(tone="muted", size="caption")
        self._message = label(size="caption")
        self._sign = QLabel()
        self._offline = label(self.tr("Offline: nothing leaves this machine"), size="caption", tone="muted")
        self._offline.setToolTip(
            self.tr("Orca Desk opens no connection unless you ask for a download. No telemetry.")
        )
        for widget in (self._job, self._bar, self._detail, self._message):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._sign)
        row.addWidget(self._offline)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._message.setText(""))
        self._followed: Job | None = None
        desk.jobs.changed.connect(self._follow)
        desk.theme.changed.connect(self._paint)
        self._paint()
        self._follow()

    def say(self, text: str, tone: str = "") -> None:
        """Show a sentence for some seconds."""
        self._message.setText(text)
        set_tone(self._message, tone)  # type: ignore[arg-type]
        self._timer.start(MESSAGE_MS)

    def _follow(self) -> None:
        jobs = self.desk.jobs.unfinished
        job = jobs[0] if jobs else None
        if job is not None and job is not self._followed:
            job.updated.connect(lambda update: self._show(job, update))
        self._followed = job
        for widget in (self._job, self._bar, self._detail):
            widget.setVisible(job is not None)
        if job is None:
            return
        more = f" (+{len(jobs) - 1})" if len(jobs) > 1 else ""
        self._job.setText(f"{job.title}{more}")
        self._show(job, job.last or Update(stage=""))

    def _show(self, job: Job, update: Update) -> None:
        if job is self._followed:
            is_open = update.total is None and job.state != "waiting"
            self._bar.setRange(0, 0 if is_open else 1000)
            self._bar.setValue(round(1000 * update.done / update.total) if update.total else 0)
            self._detail.setText(describe(update))

    def _paint(self) -> None:
        self._sign.setPixmap(pixmap("wifi-off", self.desk.theme.colours, "muted", 16))


def _make_page(name: str, desk: Desk) -> Page:
    entry = next(entry for entry in PAGES if entry and entry[0] == name)
    made: Page = getattr(importlib.import_module(f"orca_desk.ui.pages.{name}"), entry[1])(desk)
    return made


def _leaves(menu: QMenu | None) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions() if menu else []:
        if action.menu():
            found += _leaves(action.menu())
        elif not action.isSeparator():
            found.append(action)
    return found
