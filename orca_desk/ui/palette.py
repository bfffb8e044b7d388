"""The command palette (Ctrl+K): finds every action, every page and what the library holds."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction, QCursor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget

from orca_desk.library.lookup import Found, FoundKind, look_up
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.desk import Desk
from orca_desk.ui.fuzzy import score
from orca_desk.ui.page import Command, Page
from orca_desk.ui.register import PAGES, page_class
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.entry_list import ROW, Entry, EntryModel, entry_list
from orca_desk.ui.widgets.keys import keys_of, native
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.shorten import shorten

SEARCH_FROM = 3  # letters from which the library is searched too
SHOWN = 12  # rows visible at once
WIDTH = 84 * GRID
DETAIL_LENGTH = 90  # characters of a run's outcome
# The icon of what was found in the library, and the page and the target that show it.
TARGETS: dict[FoundKind, tuple[str, str, str]] = {
    "task": ("list-checks", "tasks", "task"),
    "family": ("layers", "tasks", "family"),
    "snapshot": ("snowflake", "training", "snapshot"),
    "record": ("columns-2", "records", "record"),
    "strategy": ("route", "strategies", "strategy"),
    "training": ("chart-line", "training", "training"),
    "evaluation": ("target", "evaluate", "evaluation"),
    "run": ("activity", "jobs", "run"),
    "chat": ("message-circle", "chat", "chat"),
}
STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: SHOWN, Qt.Key.Key_PageUp: -SHOWN}


class Palette(Overlay):
    """A search line over a list. Enter or a click runs the selected entry; Esc closes."""

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        *,
        page: Page | None,
        enter_page: Callable[[str], Page],
    ) -> None:
        """List what can be done: on the current `page`, in the menus of `window`, and on the other pages.

        `enter_page` opens a page.
        """
        super().__init__(window, desk.theme, width=WIDTH, name="Command palette")
        self._desk = desk
        self._commands = [
            *_commands(window, page.commands if page else (), enter_page),
            *_elsewhere(page, enter_page),
        ]
        self._models: list[Entry] = []
        self._found: list[Entry] = []
        self._pointer = QCursor.pos()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands, pages, settings, models, tasks…")
        self.search.setAccessibleName("Search commands, pages, tasks, records, trainings…")
        self.search.textChanged.connect(self._typed)
        self.search.installEventFilter(self)
        self.model = EntryModel()
        self.list = entry_list(self.model, self.theme, "Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(self._run)
        self.list.viewport().installEventFilter(self)
        self.nothing = label("No matches.", tone="muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        hint = label("↑ ↓ select   ·   Enter runs   ·   Esc closes", size="caption", tone="muted")
        self.layout_.addWidget(self.search)
        self.layout_.addWidget(self.nothing)
        self.layout_.addWidget(self.list, 1)
        self.layout_.addWidget(hint)
        desk.models.changed.connect(self._list_models)
        if desk.models.is_read:
            self._list_models()
        else:
            desk.models.read()
        self._show()

    def first_focus(self) -> QWidget:
        """Return the search line."""
        return self.search

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Use the list's keys while the search line has the focus; select the row under a moving pointer.

        A row that appears under a resting pointer is not selected.
        """
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in STEPS:
                self._step(STEPS[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentIndex())
                return True
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            index = self.list.indexAt(event.position().toPoint())
            if index.isValid() and event.globalPosition().toPoint() != self._pointer:
                self.list.setCurrentIndex(index)
        return super().eventFilter(watched, event)

    def _typed(self, text: str) -> None:
        self._show()
        if len(text.strip()) < SEARCH_FROM:
            self._found = []
            return
        library = self._desk.library
        self._desk.background.run(
            self, lambda: look_up(library, text), self._arrived, only_newest="found", failed=self._desk.report
        )

    def _arrived(self, found: list[Found]) -> None:
        if len(self.search.text().strip()) >= SEARCH_FROM:
            self._found = [self._entry(one) for one in found]
            self._show(keep=True)

    def _show(self, *, keep: bool = False) -> None:
        """Show the matches. With `keep` the selected row stays: more rows were only added below."""
        self._pointer = QCursor.pos()
        before = self.list.currentIndex().row() if keep else 0
        typed = self.search.text()
        if len(typed.strip()) < SEARCH_FROM:
            self._found = []
        models = self._models if typed.strip() else []
        scored = [(_score(typed, one), one) for one in (*self._commands, *models)]
        matching = sorted((pair for pair in scored if pair[0] is not None), key=lambda pair: -(pair[0] or 0))
        entries = [one for _, one in (matching if typed.strip() else scored)]
        self.model.show([*entries, *self._found])
        there = bool(self.model.entries)
        self.nothing.setVisible(not there)
        self.list.setVisible(there)
        self.list.setFixedHeight(
            self.rows_that_fit(min(len(self.model.entries), SHOWN), grown(ROW)) * grown(ROW) + 8
        )
        if there:
            self.list.setCurrentIndex(self.model.index(min(max(before, 0), len(self.model.entries) - 1)))
        if self.isVisible():
            self.layout_.activate()
            self.place()

    def _list_models(self) -> None:
        self._models = [
            Entry(
                title=model.name,
                detail=f"Model  ·  {model.path.name}",
                image="box",
                run=partial(self._desk.open, "models", model=str(model.path)),
            )
            for model in self._desk.models.found
            if isinstance(model, ModelFile)
        ]
        self._show(keep=True)

    def _step(self, by: int) -> None:
        self._pointer = QCursor.pos()
        count = len(self.model.entries)
        if count:
            row = self.list.currentIndex().row() + by
            row = row % count if abs(by) == 1 else min(max(row, 0), count - 1)
            self.list.setCurrentIndex(self.model.index(row))

    def _run(self, index: QModelIndex) -> None:
        if index.isValid():
            run = self.model.entries[index.row()].run
            self.close_overlay()
            if run:
                run()

    def _entry(self, found: Found) -> Entry:
        image, page, key = TARGETS[found.kind]
        about = shorten(outcome_text(found.detail), DETAIL_LENGTH)
        return Entry(
            title=found.title,
            detail=f"{found.kind}  ·  {about}" if about else found.kind,
            image=image,
            run=lambda: self._desk.open(page, **{key: found.id}),
        )


def _commands(
    window: QMainWindow, page_actions: Collection[QAction], enter_page: Callable[[str], Page]
) -> Iterator[Entry]:
    """Yield the actions of the current page, then the pages, then every other enabled action."""
    titles = {entry[2] for entry in PAGES if entry}
    of_page: list[Entry] = []
    others: list[Entry] = []
    keys: dict[str, tuple[str, ...]] = {}
    for action, menus in menu_actions(window.menuBar()):
        text, is_of_page = plain(action.text()), action in page_actions
        if text in titles and not is_of_page:
            keys[text] = keys_of(action)
        elif action.isEnabled() and action.isVisible() and keys_of(action) != (native("Ctrl+K"),):
            (of_page if is_of_page else others).append(_entry(action, text, menus))
    yield from of_page
    for page in PAGES:
        if page:
            name, _, title, image = page
            yield Entry(
                title=f"Go to {title}",
                detail="Page",
                keys=keys.get(title, ()),
                image=image,
                run=partial(enter_page, name),
            )
    yield from others


def _elsewhere(current: Page | None, enter_page: Callable[[str], Page]) -> Iterator[Entry]:
    """Yield what the other pages can do, and the sections of all pages, such as the settings."""
    for entry in PAGES:
        if entry is None:
            continue
        name, _, title, image = entry
        kind = page_class(name)
        for command in kind.offers if current is None or name != current.name else ():
            if "Esc" in command.keys:  # it ends something that cannot be seen from here
                continue
            yield Entry(
                title=plain(command.text),
                detail=f"{title}  ·  opens the page" if command.on_selection else title,
                keys=tuple(native(key) for key in command.keys if key)[:2],
                image="command",
                run=partial(_run_there, enter_page, name, command),
            )
        for section, words in kind.sections.items():
            yield Entry(
                title=section,
                detail=f"{title}  ·  {words}" if words else title,
                image=image,
                run=partial(_show_section, enter_page, name, section),
            )


def _run_there(enter_page: Callable[[str], Page], name: str, command: Command) -> None:
    """Open a page and run one of its commands. One that acts on a selection is left to the user there."""
    page = enter_page(name)
    if not command.on_selection:  # the page first reads what the command works on
        page.desk.background.when_answered(page, partial(_run_on, page, plain(command.text)))


def _run_on(page: Page, command: str) -> None:
    """Run a command of the page that the user has just opened, unless another is visible by now."""
    action = page.action(command)
    if page.isHidden():
        return
    if action.isEnabled():
        action.trigger()
    else:
        page.desk.say(f"“{command}” has nothing to work on at the moment.", "warn")


def _show_section(enter_page: Callable[[str], Page], name: str, section: str) -> None:
    enter_page(name).go({"section": section})


def _score(typed: str, entry: Entry) -> float | None:
    """Match loosely in the title, and whole words only in the name of the menu."""
    points = score(typed, entry.title)
    return score(typed, f"{entry.title} {entry.detail}", loose=False) if points is None else points


def _entry(action: QAction, text: str, menus: tuple[str, ...]) -> Entry:
    detail = " › ".join(menus)
    run: Callable[[], Any] = action.trigger
    image = "check" if action.isChecked() else "command"
    return Entry(title=text, detail=detail, keys=keys_of(action), image=image, run=run)
