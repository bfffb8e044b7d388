"""The list of shortcuts (Ctrl+/): of the menus, of every page, and those that work everywhere."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMainWindow, QWidget

from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.fuzzy import score
from orca_desk.ui.page import Page
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.entry_list import ROW, Entry, EntryModel, entry_list
from orca_desk.ui.widgets.keys import keys_of
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import button, label

WIDTH = 76 * GRID
SHOWN = 14
PAGE_MS = 100  # between two pages; making one takes about as long
Shortcut = tuple[str, tuple[str, ...]]  # what it does, and its keys


class ShortcutList(Overlay):
    """Groups of shortcuts with a search line.

    Only a page knows its shortcuts, so the list makes those pages that the user has not opened yet, one at a
    time while it is open. Keys without an action are listed in the page's class: `keys = ((key, text), ...)`.
    """

    def __init__(
        self,
        window: QMainWindow,
        theme: Theme,
        *,
        pages: Callable[[], Sequence[Page]],
        make_next_page: Callable[[], bool],
    ) -> None:
        """`pages` returns the pages made so far; `make_next_page` makes another, or returns False."""
        super().__init__(window, theme, width=WIDTH, name="Keyboard shortcuts")
        self._window, self._pages, self._make_next_page = window, pages, make_next_page
        head = QHBoxLayout()
        head.addWidget(label("Keyboard shortcuts", size="heading", bold=True), 1)
        self.close_button = button("Close", self.close_overlay)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by action or key")
        self.search.setAccessibleName("Search shortcuts")
        self.search.textChanged.connect(self._show)
        self.model = EntryModel()
        self.list = entry_list(self.model, self.theme, "Shortcuts")
        self.list.setFixedHeight(SHOWN * ROW)
        self.nothing = label("No matching shortcut.", tone="muted")
        head.addWidget(self.close_button)
        self.layout_.addLayout(head)
        self.layout_.addWidget(self.search)
        self.layout_.addWidget(self.nothing)
        self.layout_.addWidget(self.list, 1)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._add_page)
        self._show()

    def open(self) -> None:
        """Show the list, and add the shortcuts of pages that were not made yet."""
        super().open()
        self._timer.start(PAGE_MS)

    def first_focus(self) -> QWidget:
        """Return the search line."""
        return self.search

    def groups(self) -> dict[str, list[Shortcut]]:
        """Return all shortcuts by group: the menus, the pages, everywhere."""
        groups: dict[str, list[Shortcut]] = {}
        pages = self._pages()
        of_pages = {action for page in pages for action in page.commands}
        for action, menus in menu_actions(self._window.menuBar()):
            if action not in of_pages and keys_of(action):
                groups.setdefault(menus[0], []).append((plain(action.text()), keys_of(action)))
        for page in pages:
            keys = [(plain(one.text()), keys_of(one)) for one in page.commands if keys_of(one)]
            keys += [(text, (key,)) for key, text in getattr(type(page), "keys", ())]
            if keys:
                groups[page.title] = keys
        groups["Everywhere"] = [
            ("Move to the next or the previous control", ("Tab", "Shift+Tab")),
            ("Open the selection", ("Enter",)),
            ("Close, cancel or stop (asks before stopping a job)", ("Esc",)),
            ("Open the menus", ("Alt",)),
        ]
        return groups

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Stop making pages: the window may be closing."""
        self._timer.stop()
        super().hideEvent(event)

    def _add_page(self) -> None:
        if self._make_next_page():
            self._show()
        else:
            self._timer.stop()

    def _show(self) -> None:
        typed = self.search.text().strip()
        entries: list[Entry] = []
        for group, keys in self.groups().items():
            matching = [
                Entry(title=text, keys=shown)
                for text, shown in keys
                if not typed
                or score(typed, f"{group} {text}") is not None
                or typed.casefold() in " ".join(shown).casefold()
            ]
            if matching:
                entries += [Entry(title=group, is_heading=True), *matching]
        at = self.list.verticalScrollBar().value()
        self.model.show(entries)
        self.list.verticalScrollBar().setValue(at)
        self.nothing.setVisible(not entries)
        self.list.setVisible(bool(entries))
        if self.isVisible():
            self.layout_.activate()
            self.place()
