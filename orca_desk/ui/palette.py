"""The command palette (Ctrl+K): finds every action, every page and what the library holds."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget

from orca_desk.library.locations import resolve_path
from orca_desk.library.lookup import Found, FoundKind, look_up
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.desk import Desk
from orca_desk.ui.fuzzy import rank
from orca_desk.ui.page import Page
from orca_desk.ui.palette_entries import all_entries, key_of, load_pages, loaded_pages
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.entry_list import Entry, EntryModel, entry_list
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.shorten import shorten

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
    "experiment": ("flask-conical", "experiment", "experiment"),
    "run": ("activity", "jobs", "run"),
    "chat": ("message-circle", "chat", "chat"),
}
MODEL = "box"  # the icon of models
RECENT = "palette/recent"  # in desk.preferences: what was run last, the latest first
MOST_RECENT = 40
RECENT_FIRST = 5  # of them stand first while nothing is typed
RECENT_POINTS = 25.0  # for the latest; less than what a better match is worth
TEXT_POINTS = -100.0  # of what was found by its text: below all that is found by its name
AFTER_ALL_COMMANDS = -70.0  # points of a name in the library, so that only the whole name stands first
NOTHING, NOTHING_YET = "No matches.", "No matches yet: the commands of some pages are still being loaded."
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
        self._list = partial(all_entries, window, desk, page, enter_page)
        loaded = loaded_pages()
        self._commands = self._list(loaded=loaded)
        self._recent = _recent(desk)
        self._models: dict[str, Entry] = {}  # by path, without links
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
        self.nothing = label(NOTHING if len(loaded) == len(NAMES) else NOTHING_YET, tone="muted")
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
        if len(loaded) < len(NAMES):  # soon after the start
            desk.background.run(self, load_pages, lambda result: self._list_all(), urgent=True)
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
        if not text.strip():
            self._found = []
            return
        library = self._desk.library
        self._desk.background.run(
            self, lambda: look_up(library, text), self._arrived, only_newest="found", failed=self._desk.report
        )

    def _arrived(self, found: list[Found]) -> None:
        if self.search.text().strip():
            self._found = [entry for one in found if (entry := self._entry(one))]
            self._show(keep=True)

    def _show(self, *, keep: bool = False) -> None:
        """Show the matches. With `keep` the selected entry stays selected."""
        self._pointer = QCursor.pos()
        before, place = self._selected(), self.list.currentIndex().row()
        typed = self.search.text()
        if not typed.strip():
            self._found = []
        self.model.show(self._matching(typed) if typed.strip() else self._unfiltered())
        entries = self.model.entries
        self.nothing.setVisible(not entries)
        self.list.setVisible(bool(entries))
        self.show_rows(self.list, SHOWN)
        if entries:
            keys = [key_of(entry) for entry in entries]
            stays = keep and place > 0 and before in keys
            self.list.setCurrentIndex(self.model.index(keys.index(before) if stays and before else 0))
        if self.isVisible():
            self.layout_.activate()
            self.place()

    def _matching(self, typed: str) -> list[Entry]:
        """Return what matches, the best first: commands, models, and what the library has."""
        latest = {key: RECENT_POINTS * (1 - at / MOST_RECENT) for at, key in enumerate(self._recent)}
        scored: list[tuple[float, Entry]] = []
        for one in (*self._commands, *self._models.values()):
            if (points := rank(typed, one.title, one.detail, one.also)) is not None:
                scored.append((points + one.weight + latest.get(key_of(one), 0.0), one))
        by_name = {one.title for _, one in scored if one.image == MODEL}
        for one in self._found:  # the library has matched them already, some by their whole text
            if one.image == MODEL and one.title in by_name:  # and by its note
                continue
            points = rank(typed, one.title)
            bonus = latest.get(key_of(one), 0.0) + AFTER_ALL_COMMANDS
            scored.append((TEXT_POINTS if points is None else points + bonus, one))
        return [one for _, one in sorted(scored, key=lambda pair: -pair[0])]

    def _unfiltered(self) -> list[Entry]:
        """Return every command, those that were used last first."""
        by_key = {key_of(one): one for one in self._commands}
        first = [key for key in self._recent if key in by_key][:RECENT_FIRST]
        return [by_key[key] for key in first] + [one for key, one in by_key.items() if key not in first]

    def _selected(self) -> str | None:
        row = self.list.currentIndex().row()
        return key_of(self.model.entries[row]) if 0 <= row < len(self.model.entries) else None

    def _list_all(self) -> None:
        """List what pages can do whose code was not loaded when the palette opened."""
        self._commands = self._list(loaded=NAMES)
        self.nothing.setText(NOTHING)
        self._show(keep=True)

    def _list_models(self) -> None:
        self._models = {
            os.path.realpath(model.path): Entry(
                title=model.name,
                detail=f"Model  ·  {model.path.name}",
                image=MODEL,
                run=partial(self._desk.open, "models", model=str(model.path)),
            )
            for model in self._desk.models.found
            if isinstance(model, ModelFile)
        }
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
            entry = self.model.entries[index.row()]
            self._remember(entry)
            self.close_overlay()
            if entry.run:
                entry.run()

    def _remember(self, entry: Entry) -> None:
        """Note what is used, to list it first the next time."""
        key = key_of(entry)
        others = [one for one in self._recent if one != key]
        self._desk.preferences.setValue(RECENT, [key, *others][:MOST_RECENT])

    def _entry(self, found: Found) -> Entry | None:
        """Return the line for what was found; None for a model that no longer exists."""
        if found.kind == "model":
            model = self._models.get(str(resolve_path(self._desk.library, found.id)))
            return replace(model, detail=f"{model.detail}  ·  {found.detail}") if model else None
        image, page, key = TARGETS[found.kind]
        about = shorten(outcome_text(found.detail), DETAIL_LENGTH)
        return Entry(
            title=found.title,
            detail=f"{found.kind}  ·  {about}" if about else found.kind,
            image=image,
            run=lambda: self._desk.open(page, **{key: found.id}),
        )


def _recent(desk: Desk) -> list[str]:
    """Return what was run last, the latest first."""
    stored = desk.preferences.value(RECENT) or []
    return [stored] if isinstance(stored, str) else [str(one) for one in stored]
