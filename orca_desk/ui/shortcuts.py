"""The list of keys (Ctrl+/): those of the menus, of every page, and those that are the same everywhere."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from orca_desk.ui.fuzzy import score
from orca_desk.ui.palette import menu_actions, plain
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.entry_list import ROW, Entry, EntryModel, entry_list
from orca_desk.ui.widgets.keys import keys_of
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import button, label

if TYPE_CHECKING:
    from orca_desk.ui.window import Window

WIDTH = 76 * GRID
SHOWN = 14
PAGE_MS = 100  # between two pages that are made: making one takes about as long
Key = tuple[str, tuple[str, ...]]  # what it does, and the keys


class ShortcutList(Overlay):
    """Groups of keys with a search line.

    A page that was not shown yet is made while the list is open, one at a time, since only pages know
    their keys. Keys that are no action stand in a page's class as `keys = ((key, what it does), ...)`.
    """

    def __init__(self, window: "Window") -> None:
        super().__init__(window, window.desk.theme, width=WIDTH, name="Keyboard shortcuts")
        self._window = window
        head = QHBoxLayout()
        head.addWidget(label("Keyboard shortcuts", size="heading", bold=True), 1)
        self.close_button = button("Close", self.close_overlay)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by what it does, or by the key")
        self.search.setAccessibleName("Search the shortcuts")
        self.search.textChanged.connect(self._show)
        self.model = EntryModel()
        self.list = entry_list(self.model, self.theme, "Shortcuts")
        self.list.setFixedHeight(SHOWN * ROW)
        self.nothing = label("No key does that.", tone="muted")
        head.addWidget(self.close_button)
        self.layout_.addLayout(head)
        self.layout_.addWidget(self.search)
        self.layout_.addWidget(self.nothing)
        self.layout_.addWidget(self.list, 1)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._make_a_page)
        self._show()

    def open(self) -> None:
        """Show it, and make the pages that are missing meanwhile."""
        super().open()
        self._timer.start(PAGE_MS)

    def first_focus(self) -> QWidget:
        """Return the search line."""
        return self.search

    def groups(self) -> dict[str, list[Key]]:
        """Return all keys by group: the menus, the pages, everywhere."""
        groups: dict[str, list[Key]] = {}
        pages = {action for page in self._window.pages.values() for action in page.commands}
        for action, menus in menu_actions(self._window):
            if action not in pages and keys_of(action):
                groups.setdefault(menus[0], []).append((plain(action.text()), keys_of(action)))
        for page in self._window.in_order():
            keys = [(plain(one.text()), keys_of(one)) for one in page.commands if keys_of(one)]
            keys += [(text, (key,)) for key, text in getattr(type(page), "keys", ())]
            if keys:
                groups[page.title] = keys
        groups["Everywhere"] = [
            ("Go to the next, or back to the last control", ("Tab", "Shift+Tab")),
            ("Open what is chosen", ("Enter",)),
            ("Leave, close, stop an answer; ask before a job is stopped", ("Esc",)),
            ("Open the menus", ("Alt",)),
        ]
        return groups

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Make no more pages: the window may be closing."""
        self._timer.stop()
        super().hideEvent(event)

    def _make_a_page(self) -> None:
        """Make the next page that was never shown; then show its keys too."""
        missing = [name for name in NAMES if name not in self._window.pages]
        if not missing:
            self._timer.stop()
            return
        self._window.make_page(missing[0])
        self._show()

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
