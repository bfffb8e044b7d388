"""Find (Ctrl+Alt+F): one search over tasks, records, answers of evaluations and chats, listed by kind."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMainWindow, QWidget

from orca_desk.library.finding import Findings, Hit, find
from orca_desk.library.searching import SearchKind
from orca_desk.method.search_query import FIELDS, QueryError
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.entry_list import Entry, EntryModel, entry_list
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.finding import (
    EXAMPLE,
    field_help,
    found_title,
    indexing_note,
    lacking_note,
    verdict_word,
)
from orca_desk.ui.words.shorten import shorten

SEARCH_DELAY_MS = 150
LIMIT = 50  # hits listed of each kind
SHOWN = 14  # rows visible at once
WIDTH = 100 * GRID
TEXT = 110  # characters of a hit
# The icon of each kind, its page, and what the page is asked to show
TARGETS: dict[SearchKind, tuple[str, str, str]] = {
    "tasks": ("list-checks", "tasks", "task"),
    "records": ("columns-2", "records", "record"),
    "answers": ("target", "evaluate", "evaluation"),
    "chats": ("message-circle", "chat", "chat"),
}


class FindOverlay(Overlay):
    """A search line over what was found. Enter or a click opens the selected hit on its page; Esc closes."""

    def __init__(self, window: QMainWindow, desk: Desk, text: str = "") -> None:
        super().__init__(window, desk.theme, width=WIDTH, name="Find")
        self._desk = desk
        self.search = QLineEdit()
        self.search.setPlaceholderText(EXAMPLE)
        self.search.setAccessibleName("Find in tasks, records, answers and chats")
        self.search.setToolTip(field_help())
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.note = label("", tone="muted")
        self.note.setWordWrap(True)
        self.note.setAccessibleName("Search results")
        self.model = EntryModel()
        self.list = entry_list(self.model, self.theme, "What was found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda index: self._open(index.row()))
        self.indexing = label("", size="caption", tone="muted")
        hint = label("↑ ↓ select   ·   Enter opens   ·   Esc closes", size="caption", tone="muted")
        for widget in (self.search, self.note, self.list, self.indexing, hint):
            self.layout_.addWidget(widget, 1 if widget is self.list else 0)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self._find)
        self.search.textChanged.connect(self._typed)
        self.search.setText(text)
        self._typed()

    def first_focus(self) -> QWidget:
        """Return the search line."""
        return self.search

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Use the list's keys while the search line has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: SHOWN,
                Qt.Key.Key_PageUp: -SHOWN,
            }
            key = Qt.Key(event.key())
            if key in steps:
                self._step(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._open(self.list.currentIndex().row())
                return True
        return super().eventFilter(watched, event)

    def _typed(self) -> None:
        if self.search.text().strip():
            self._timer.start()
        else:
            self._timer.stop()
            self._show([], f"Words, “exact words” and fields: {', '.join(FIELDS)}. A minus excludes.")

    def _find(self) -> None:
        text = self.search.text()
        self._desk.background.run(
            self,
            partial(find, self._desk.library, text, limit=LIMIT),
            partial(self._found, text),
            failed=self._refused,
            only_newest="find",
        )

    def _refused(self, error: Exception) -> None:
        if isinstance(error, QueryError):
            self._show([], f"{error.message} {error.hint}")
        else:
            self._desk.report(error)

    def _found(self, text: str, findings: Findings) -> None:
        if text != self.search.text():
            return
        entries: list[Entry] = []
        for group in findings.groups:
            if group.hits:
                entries.append(Entry(title=found_title(group), is_heading=True))
                entries += map(self._entry, group.hits)
        lacking = [lacking_note(group) for group in findings.groups if group.lacking]
        note = "  ".join(lacking if entries else ["Nothing was found.", *lacking])
        self._show(entries, note)
        self.indexing.setText(indexing_note(findings.indexed))
        self.indexing.setVisible(bool(self.indexing.text()))

    def _entry(self, hit: Hit) -> Entry:
        image, page, key = TARGETS[hit.kind]
        title = shorten(" ".join(hit.title.split()), TEXT) or hit.id[:12]
        about = [hit.run, hit.family, verdict_word(hit), shorten(" ".join(hit.text.split()), TEXT)]
        return Entry(
            title=title,
            detail="  ·  ".join(filter(None, about)),
            image=image,
            run=partial(self._desk.open, page, **{key: hit.run if hit.kind == "answers" else hit.id}),
        )

    def _show(self, entries: list[Entry], note: str) -> None:
        self.model.show(entries)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.list.setVisible(bool(entries))
        self.indexing.setVisible(bool(self.indexing.text()))
        self.show_rows(self.list, SHOWN)
        first = next((row for row, entry in enumerate(entries) if not entry.is_heading), None)
        if first is not None:
            self.list.setCurrentIndex(self.model.index(first))
        if self.isVisible():
            self.layout_.activate()
            self.place()

    def _step(self, by: int) -> None:
        """Select another hit, over the headings; one step beyond an end comes out at the other end."""
        rows = [row for row, entry in enumerate(self.model.entries) if not entry.is_heading]
        if rows:
            here = self.list.currentIndex().row()
            place = rows.index(here) if here in rows else 0
            place = (place + by) % len(rows) if abs(by) == 1 else min(max(place + by, 0), len(rows) - 1)
            self.list.setCurrentIndex(self.model.index(rows[place]))

    def _open(self, row: int) -> None:
        if 0 <= row < len(self.model.entries):
            run = self.model.entries[row].run
            if run is not None:
                self.close_overlay()
                run()
