"""The menus of the window. The menu of the current page follows the page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from orca_desk.ui.commands import with_mnemonic
from orca_desk.ui.desk import Desk
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.page import Page
from orca_desk.ui.register import PAGES
from orca_desk.ui.theme import TEXT_SIZES, Choice

THEMES: dict[Choice, str] = {"system": "Match &system", "light": "&Light", "dark": "&Dark"}


class Menus(QObject):
    """Fills the menu bar of a window."""

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        libraries: LibraryActions,
        *,
        enter_page: Callable[[str], Any],
        fold_sidebar: QAction,
        help_entries: Sequence[tuple[str, Callable[[], Any], str]],
    ) -> None:
        """`enter_page` shows a page, `fold_sidebar` folds the sidebar.

        `help_entries` are texts, functions and keys for the Help menu.
        """
        super().__init__(window)
        self._window, self._desk = window, desk
        self._libraries = libraries
        self._fill_file()
        self._fill_edit()
        self._page_menu = window.menuBar().addMenu("&Page")
        self._fill_view(enter_page, fold_sidebar)
        help_menu = window.menuBar().addMenu("&Help")
        for text, run, key in help_entries:
            self._act(help_menu, text, run, key)

    def show_page(self, page: Page) -> None:
        """Put the commands of the current page into its menu."""
        self._page_menu.clear()
        bar = self._window.menuBar()
        others = [one.text() for one in bar.actions() if one.menu() is not self._page_menu]
        self._page_menu.setTitle(with_mnemonic(page.title, others))
        self._page_menu.addActions(page.commands)
        self._page_menu.setEnabled(bool(page.commands))

    def _fill_file(self) -> None:
        file = self._window.menuBar().addMenu("&File")
        self._act(file, "&Import tasks…", lambda: self._desk.open("tasks", do="import"), "Ctrl+O")
        self._act(file, "New &chat", lambda: self._desk.open("chat", do="new"), "Ctrl+N")
        file.addSeparator()
        self._act(file, "&New library…", self._libraries.new)
        self._act(file, "Open &library…", self._libraries.open)
        recent = file.addMenu("Open &recent")
        self._libraries.fill_recent(recent)
        recent.aboutToShow.connect(lambda: self._libraries.fill_recent(recent))
        self._act(file, "Rena&me library…", self._libraries.rename)
        self._act(file, "Mo&ve library…", self._libraries.move)
        self._act(file, "Show library in &folder", self._libraries.reveal)
        file.addSeparator()
        self._act(file, "&Save as bundle…", self._libraries.save_bundle)
        self._act(file, "Open &bundle…", self._libraries.open_bundle)
        file.addSeparator()
        self._act(file, "&Close", self._window.close, QKeySequence.StandardKey.Quit)

    def _fill_edit(self) -> None:
        edit = self._window.menuBar().addMenu("&Edit")
        undo = self._desk.undo.createUndoAction(self._window, "&Undo")
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo = self._desk.undo.createRedoAction(self._window, "&Redo")
        redo.setShortcut(QKeySequence.StandardKey.Redo)
        edit.addActions([undo, redo])
        edit.addSeparator()
        self._act(edit, "&Find everywhere…", self._find, "Ctrl+Alt+F")

    def _find(self) -> None:
        from orca_desk.ui.find import FindOverlay

        FindOverlay(self._window, self._desk).open()

    def _fill_view(self, enter_page: Callable[[str], Any], fold_sidebar: QAction) -> None:
        view = self._window.menuBar().addMenu("&View")
        number = 0
        for entry in PAGES:
            if entry is None:
                view.addSeparator()
                continue
            number += 1
            name, _, title, _ = entry
            self._act(view, title, partial(enter_page, name), _page_key(name, number))
        view.addSeparator()
        view.addAction(fold_sidebar)
        self._act(view, "Full sc&reen", self._toggle_full_screen, "F11")
        themes = view.addMenu("&Theme")
        self._themes = QActionGroup(self._window)
        for choice, text in THEMES.items():
            action = self._act(themes, text, partial(self._desk.choose_theme, choice))
            action.setCheckable(True)
            action.setData(choice)
            self._themes.addAction(action)
        self._fill_text_size(view.addMenu("Te&xt size"))
        self._as_written = self._act(view, "Answers as &plain text", self._toggle_as_written, "Ctrl+Shift+M")
        self._as_written.setCheckable(True)
        self._desk.theme.changed.connect(self._check_theme)
        self._check_theme()

    def _toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _fill_text_size(self, menu: QMenu) -> None:
        desk = self._desk
        larger = self._act(menu, "&Larger text", partial(self._step_text_size, 1))
        larger.setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])  # "+" with Shift and without
        self._act(menu, "&Smaller text", partial(self._step_text_size, -1), "Ctrl+-")
        self._act(menu, "&Normal text size", lambda: desk.choose_text_size(100), "Ctrl+0")
        menu.addSeparator()
        self._sizes = QActionGroup(self._window)
        for percent in TEXT_SIZES:
            action = self._act(menu, f"{percent}%", partial(desk.choose_text_size, percent))
            action.setCheckable(True)
            action.setData(percent)
            self._sizes.addAction(action)

    def _step_text_size(self, steps: int) -> None:
        self._desk.choose_text_size(self._desk.theme.step_text_size(steps))

    def _toggle_as_written(self) -> None:
        self._desk.choose_as_written(self._as_written.isChecked())

    def _act(
        self, menu: QMenu, text: str, run: Callable[[], Any], key: str | QKeySequence.StandardKey = ""
    ) -> QAction:
        action = QAction(text, self._window)
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda checked=False: run())
        menu.addAction(action)
        return action

    def _check_theme(self) -> None:
        for action in self._themes.actions():
            action.setChecked(action.data() == self._desk.theme.choice)
        for action in self._sizes.actions():
            action.setChecked(action.data() == self._desk.theme.text_size)
        self._as_written.setChecked(self._desk.theme.as_written)


def _page_key(name: str, number: int) -> str:
    """Return the key of a page: Ctrl and its number; Ctrl+0 stands for the usual size of text."""
    if name == "settings":
        return "Ctrl+,"
    return f"Ctrl+{number}" if number <= 9 else "Ctrl+Alt+0" if number == 10 else ""
