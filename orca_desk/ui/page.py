"""The base of every page: a widget with a name that refreshes when a part of the library changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSplitter, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.help_button import help_button
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import label


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


class Page(QWidget):
    """One page of the window. A subclass builds itself into `self.body` and implements `refresh`.

    The page calls `refresh(changes)` when a part in `watches` has changed, at once while it is visible and
    otherwise when it next becomes so; the first time with all of `watches`. `refresh` must return at once:
    queries go through `self.desk.background`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str] = ""
    watches: ClassVar[frozenset[str]] = frozenset()
    offers: ClassVar[tuple[Command, ...]] = ()
    sections: ClassVar[Mapping[str, str]] = {}  # what `go({"section": ...})` shows, with words to find it by
    keys: ClassVar[tuple[tuple[str, str], ...]] = ()  # keys that no command has, and what they do

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName(self.name)
        self.commands = [self._action_of(command) for command in self.offers]
        self._stale: frozenset[str] = self.watches
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        self.header = QHBoxLayout()
        self.header.setSpacing(GRID)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self.title, size="title", bold=True))
        if self.about:
            self.about_line = label(self.about, tone="muted", wrap=True)
            words.addWidget(self.about_line)
        self.header.addLayout(words, 1)
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

    def keep(self, key: str, part: QSplitter | QHeaderView) -> None:
        """Restore the sizes of a splitter or a header, and save later ones under `key`.

        Call it when `part` has all its sections.
        """
        name = f"{self.name}/{key}"
        state = self.desk.view_state.value(name)
        if state is not None:
            part.restoreState(state)
        moved = part.splitterMoved if isinstance(part, QSplitter) else part.sectionResized
        view_state: QSettings = self.desk.view_state
        moved.connect(lambda *_: view_state.setValue(name, part.saveState()))

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
