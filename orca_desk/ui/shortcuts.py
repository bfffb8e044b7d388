"""The list of shortcuts (Ctrl+/): of the menus, of every page, and those that work everywhere."""

from collections.abc import Collection

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMainWindow, QWidget

from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.fuzzy import score
from orca_desk.ui.register import NAMES, page_class
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.entry_list import Entry, EntryModel, entry_list
from orca_desk.ui.widgets.keys import keys_of, native
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import button, label

WIDTH = 76 * GRID
SHOWN = 14
Shortcut = tuple[str, tuple[str, ...]]  # what it does, and its keys


class ShortcutList(Overlay):
    """Groups of shortcuts with a search line: of the menus, and what each page's class declares."""

    def __init__(self, window: QMainWindow, theme: Theme, *, page_actions: Collection[QAction]) -> None:
        """`page_actions` are those of the current page, which are in the menus too."""
        super().__init__(window, theme, width=WIDTH, name="Keyboard shortcuts")
        self._window, self._page_actions = window, page_actions
        head = QHBoxLayout()
        head.addWidget(label("Keyboard shortcuts", size="heading", bold=True), 1)
        self.close_button = button("Close", self.close_overlay)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by action or key")
        self.search.setAccessibleName("Search shortcuts")
        self.search.textChanged.connect(self._show)
        self.model = EntryModel()
        self.list = entry_list(self.model, self.theme, "Shortcuts")
        self.nothing = label("No matching shortcut.", tone="muted")
        head.addWidget(self.close_button)
        self.layout_.addLayout(head)
        self.layout_.addWidget(self.search)
        self.layout_.addWidget(self.nothing)
        self.layout_.addWidget(self.list, 1)
        self._show()

    def first_focus(self) -> QWidget:
        """Return the search line."""
        return self.search

    def groups(self) -> dict[str, list[Shortcut]]:
        """Return all shortcuts by group: the menus, the pages, everywhere."""
        groups: dict[str, list[Shortcut]] = {}
        for action, menus in menu_actions(self._window.menuBar()):
            if action not in self._page_actions and keys_of(action):
                groups.setdefault(menus[0], []).append((plain(action.text()), keys_of(action)))
        for name in NAMES:
            kind = page_class(name)
            keys = [
                (plain(one.text), tuple(native(key) for key in one.keys))
                for one in kind.offers
                if any(one.keys)
            ]
            keys += [(text, (key,)) for key, text in (*kind.keys, *kind.on_rows) if key]
            if keys:
                groups[kind.title] = keys
        groups["Everywhere"] = [
            ("Move to the next or the previous control", ("Tab", "Shift+Tab")),
            ("Open the selection", ("Enter",)),
            ("Close, cancel or stop (asks before stopping a job)", ("Esc",)),
            ("Open the menus", ("Alt",)),
        ]
        return groups

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
        self.show_rows(self.list, SHOWN)
        self.list.verticalScrollBar().setValue(at)
        self.nothing.setVisible(not entries)
        self.list.setVisible(bool(entries))
        if self.isVisible():
            self.layout_.activate()
            self.place()
