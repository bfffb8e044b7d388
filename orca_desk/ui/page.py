"""The base of every page: a widget with a name that refreshes when a part of the library changes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import HeaderRow
from orca_desk.ui.widgets.help_button import help_button
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.page_area import WIDEST
from orca_desk.ui.widgets.row_table import RowTable, kept_arrangement
from orca_desk.ui.widgets.text import label

WIDE = 80 * GRID  # px; a narrower page has less space around it


@dataclass(frozen=True)
class Command:
    """A command of a page, as data: the palette and the list of shortcuts know it before the page is made.

    `text` may contain a mnemonic (&), and `run` gets the page. The keys work while the page is visible. A
    command `on_selection` acts on what is selected on the page: from elsewhere the palette only opens the
    page, so that nothing happens to a row that the user does not see.
    """

    text: str
    run: Callable[[Any], Any]
    key: str | tuple[str, ...] = ()
    image: str = ""
    tip: str = ""
    on_selection: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, the first of which is shown in the menu."""
        return (self.key,) if isinstance(self.key, str) else self.key


SEARCH = Command("Search", lambda page: page.search_here(), key="Ctrl+F", image="search")


class Page(QWidget):
    """One page of the window. A subclass builds itself into `self.body` and implements `refresh`.

    The page calls `refresh(changes)` when a part in `watches` has changed, at once while it is visible and
    otherwise when it next becomes so; the first time with all of `watches`. `refresh` must return at once:
    queries go through `self.desk.background`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str] = ""
    widest: ClassVar[int] = WIDEST  # px; pages of panes use more of a very wide screen
    watches: ClassVar[frozenset[str]] = frozenset()
    offers: ClassVar[tuple[Command, ...]] = ()
    sections: ClassVar[Mapping[str, str]] = {}  # what `go({"section": ...})` shows, with words to find it by
    keys: ClassVar[tuple[tuple[str, str], ...]] = ()  # keys that no command has, and what they do
    on_rows: ClassVar[tuple[tuple[str, str], ...]] = ()  # what rows' menus do: a key or "", and words

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName(self.name)
        self.commands = [self._action_of(command) for command in self.offers]
        self._stale: frozenset[str] = self.watches
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*_margins(WIDE))
        layout.setSpacing(GRID + GRID // 2)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self.title, size="title", bold=True))
        if self.about:
            self.about_line = label(self.about, tone="muted", wrap=True)
            words.addWidget(self.about_line)
        self.header = HeaderRow(words)
        layout.addLayout(self._header_and_help())
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.body = QVBoxLayout()
        self.body.setSpacing(GRID + GRID // 2)
        layout.addLayout(self.body, 1)
        desk.changed.connect(self._note)
        desk.theme.changed.connect(self._paint_commands)
        self._paint_commands()

    def refresh(self, changes: frozenset[str]) -> None:
        """Show the present state of the library."""

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a target that another page names, such as {"task": id}."""

    def first_focus(self) -> QWidget:
        """Return the widget that gets the focus when the user opens the page; never a button."""
        return self

    def close_page(self) -> None:
        """End what the page keeps running, such as the worker of a chat, before the window closes."""

    def action(self, text: str) -> QAction:
        """Return the action of one of the commands in `offers`, by its text without a mnemonic."""
        return next(one for one in self.commands if one.text().replace("&", "") == text)

    def search_field(self) -> QLineEdit | None:
        """Return where Ctrl+F puts the cursor; None if there is nothing to search on the page."""
        return None

    def search_here(self) -> None:
        """Put the cursor into the page's search, with what it holds selected."""
        field = self.search_field()
        if field is not None and field.isVisible():
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            field.selectAll()

    def selection_actions(self) -> list[QAction]:
        """Return the actions of the commands that act on what is selected: the menu of a row."""
        return [action for action, one in zip(self.commands, self.offers, strict=True) if one.on_selection]

    def keep(self, key: str, part: QSplitter | RowTable) -> None:
        """Restore the sizes of a splitter or the arrangement of a table, and save later ones under `key`.

        Call it when `part` has all its sections. Tables are the user's, whatever the library.
        """
        if isinstance(part, RowTable):
            self._keep_table(f"tables/{self.name}/{key}", part)
            return
        name = f"{self.name}/{key}"
        state = self.desk.view_state.value(name)
        if state is not None:
            part.restoreState(state)
        view_state: QSettings = self.desk.view_state
        part.splitterMoved.connect(lambda *_: view_state.setValue(name, part.saveState()))

    def _keep_table(self, name: str, table: RowTable) -> None:
        preferences = self.desk.preferences
        table.arrange(kept_arrangement(preferences.value(name)))
        table.arranged.connect(lambda: preferences.setValue(name, json.dumps(table.arrangement())))
        table.copied.connect(self._say_copied)

    def _say_copied(self, count: int, selected: int) -> None:
        rows = counted(count, "row") if count == selected else f"{count:,} of {counted(selected, 'row')}"
        self.desk.say(f"Copied {rows} to the clipboard.")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave less space around the page where there is little."""
        super().resizeEvent(event)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(*_margins(event.size().width()))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Refresh what changed while the page was hidden."""
        super().showEvent(event)
        self._catch_up()

    def _header_and_help(self) -> QHBoxLayout:
        """Return the header, with the button that opens this page's chapter of the handbook at its end."""
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addLayout(self.header, 1)
        row.addWidget(help_button(self.desk, self.name, self.title), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _paint_commands(self) -> None:
        for action, command in zip(self.commands, self.offers, strict=True):
            if command.image:
                action.setIcon(icon(command.image, self.desk.theme.colours))

    def _action_of(self, command: Command) -> QAction:
        action = QAction(command.text, self)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if command.tip:
            action.setToolTip(command.tip)
        action.triggered.connect(lambda checked=False: command.run(self))
        self.addAction(action)
        return action

    def _note(self, parts: frozenset[str]) -> None:
        self._stale |= parts & self.watches
        if self.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        if self._stale:
            stale, self._stale = self._stale, frozenset()
            self.refresh(stale)


def _margins(width: int) -> tuple[int, int, int, int]:
    """Return the space at the left, the top, the right and the bottom of a page of a width."""
    return (3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID) if width >= WIDE else (GRID, GRID, GRID, GRID)
