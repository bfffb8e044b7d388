"""The base of every page: a widget with a name that refreshes when a part of the library changes."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSplitter, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import label


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

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setObjectName(self.name)
        self.commands: list[QAction] = []
        self._images: dict[QAction, str] = {}
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
        layout.addLayout(self.header)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.body = QVBoxLayout()
        self.body.setSpacing(GRID + GRID // 2)
        layout.addLayout(self.body, 1)
        desk.changed.connect(self._note)
        desk.theme.changed.connect(self._paint_commands)

    def refresh(self, changes: frozenset[str]) -> None:
        """Show the present state of the library."""

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a target that another page names, such as {"task": id}."""

    def first_focus(self) -> QWidget:
        """Return the widget that gets the focus when the user opens the page; never a button."""
        return self

    def close_page(self) -> None:
        """End what the page keeps running, such as the worker of a chat, before the window closes."""

    def command(
        self,
        text: str,
        run: Callable[[], Any],
        *,
        key: str | QKeySequence.StandardKey = "",
        image: str = "",
        tip: str = "",
    ) -> QAction:
        """Add an action to the page's menu and to the command palette, with an optional key.

        `text` may contain a mnemonic (&). The key works while the page is visible.
        """
        action = QAction(text, self)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if image:
            self._images[action] = image
            self._paint_commands()
        if tip:
            action.setToolTip(tip)
        action.triggered.connect(lambda checked=False: run())
        self.addAction(action)
        self.commands.append(action)
        return action

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

    def _paint_commands(self) -> None:
        for action, image in self._images.items():
            action.setIcon(icon(image, self.desk.theme.colours))

    def _note(self, parts: frozenset[str]) -> None:
        self._stale |= parts & self.watches
        if self.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        if self._stale:
            stale, self._stale = self._stale, frozenset()
            self.refresh(stale)
