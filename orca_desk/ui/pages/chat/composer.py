"""Where the user writes a message: the question, a context before it, and buttons to send and stop."""

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QToolButton, QVBoxLayout

from orca_desk.counting import counted
from orca_desk.method.records import Task
from orca_desk.method.turns import Turns, said_before
from orca_desk.steps.chat.draft import Draft, read_context_file
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.text_box import TextBox
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.local_files import local_files
from orca_desk.ui.widgets.text import button, label, safe_tip, set_tone
from orca_desk.ui.words.shorten import shorten

LINES, MOST_LINES = 2, 7
CONTEXT_HEIGHT = 13 * GRID
LONGEST_TIP = 600  # characters of earlier turns
CHARACTERS_PER_TOKEN = 4  # roughly, in most languages with letters


class Composer(QFrame):
    """Holds the draft of a message. Enter sends, Shift+Enter begins a line.

    `editing` is the number of the turn that the draft replaces, or None for a new message.
    """

    sent = Signal()
    stopped = Signal()
    task_wanted = Signal()

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page, self._desk = page, page.desk
        self.editing: int | None = None
        self._source: Task | None = None
        self._turns: Turns = ()
        self._window: int | None = None
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._edit_strip())
        layout.addLayout(self._turns_strip())
        layout.addWidget(self._context_box())
        self.input = _Input("Ask something…", self.read_file)
        self.input.setAccessibleName("Message")
        self.input.installEventFilter(self)
        self.input.textChanged.connect(self._grow)
        layout.addWidget(self.input)
        layout.addLayout(self._long_strip())
        layout.addLayout(self._buttons())
        self.end_edit()
        self._set_turns(())
        self.set_busy(False)
        self._desk.theme.changed.connect(self._paint)
        self._paint()
        self._grow()

    def draft(self) -> Draft:
        """Return what the boxes hold."""
        return Draft(
            question=self.input.text(), context=self.context.text(), source=self._source, turns=self._turns
        )

    def set_draft(self, draft: Draft) -> None:
        """Fill the boxes and let the user continue there."""
        self.set_context(draft.context)
        self.input.set_text(draft.question)
        self._source = draft.source
        self._set_turns(draft.turns)
        self.input.moveCursor(self.input.textCursor().MoveOperation.End)
        self.input.setFocus()

    def clear(self) -> None:
        """Empty the boxes."""
        self.set_draft(Draft(question=""))

    def begin_edit(self, number: int, draft: Draft, *, is_last: bool) -> None:
        """Edit turn `number`: sending will replace it and all later turns."""
        self.set_draft(draft)
        self.editing = number
        words = f"Editing message {number + 1}."
        if not is_last:
            words += " Sending will replace every message after it; press Ctrl+Z to undo."
        self._edit_line.setText(words)
        self._edit_line.show()
        self._cancel_edit.show()

    def end_edit(self, *, clear: bool = False) -> None:
        """Make the draft a new message again; `clear` discards the text if it was an edit."""
        if clear and self.editing is not None:
            self.clear()
        self.editing = None
        self._edit_line.hide()
        self._cancel_edit.hide()

    def choose_file(self) -> None:
        """Ask for a text file as the context."""
        dialog = QFileDialog(self._page, "Choose a text file as context")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda text: self.read_file(Path(text)))
        dialog.open()

    def read_file(self, path: Path) -> None:
        """Make a file's text the context, or show on the page why it cannot be read."""

        def show(text: str) -> None:
            self._page.notice.hide()
            self.set_context(text)

        self._desk.background.run(
            self, lambda: read_context_file(path), show, failed=self._page.notice.show_error
        )

    def set_context(self, text: str) -> None:
        """Set the context; show its box if there is any."""
        self.context.set_text(text)
        self.clip.setChecked(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Show the button that stops instead of the one that sends."""
        self.send.setVisible(not busy)
        self.stop.setVisible(busy)

    def set_context_window(self, tokens: int | None) -> None:
        """Compare the context with the smallest context window of all models, if that is known."""
        self._window = tokens
        self._measure()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Send on Enter."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                if self.send.isVisible():
                    self.sent.emit()
                return True
        return super().eventFilter(watched, event)

    def _edit_strip(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._edit_line = label(size="caption", tone="accent", bold=True)
        self._cancel_edit = button("Cancel edit", lambda: self.end_edit(clear=True))
        row.addWidget(self._edit_line, 1)
        row.addWidget(self._cancel_edit)
        return row

    def _turns_strip(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.turns_line = label(size="caption", tone="muted")
        self.turns_remove = button(
            "Ask without them", lambda: self._set_turns(()), tip="Leave out the task's earlier turns"
        )
        row.addWidget(self.turns_line, 1)
        row.addWidget(self.turns_remove)
        return row

    def _set_turns(self, turns: Turns) -> None:
        """Set the turns that are asked before the question; say so where there are any."""
        self._turns = turns
        self.turns_line.setText(f"Asked after {counted(len(turns), 'earlier turn')}" if turns else "")
        self.turns_line.setToolTip(safe_tip(shorten(said_before(turns), LONGEST_TIP)))
        for widget in (self.turns_line, self.turns_remove):
            widget.setVisible(bool(turns))

    def _long_strip(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.long_line = label(size="caption", tone="muted")
        self.long_remove = button("Remove the long text", self.input.remove)
        row.addWidget(self.long_line, 1)
        row.addWidget(self.long_remove)
        return row

    def _context_box(self) -> QFrame:
        self._box = QFrame()
        layout = QVBoxLayout(self._box)
        layout.setContentsMargins(0, 0, 0, GRID // 2)
        layout.setSpacing(GRID // 2)
        row = QHBoxLayout()
        title = label("Context", bold=True, size="caption")
        self.size_line = label(size="caption", tone="muted")
        row.addWidget(title)
        row.addWidget(self.size_line, 1)
        self._open = self._tool("folder-open", "Load the context from a text file…")
        self._open.clicked.connect(self.choose_file)
        self._clear = self._tool("x", "Remove the context")
        self._clear.clicked.connect(lambda: self.set_context(""))
        row.addWidget(self._open)
        row.addWidget(self._clear)
        layout.addLayout(row)
        self.context = _Input("Paste a text to reason over, or drop a text file here.", self.read_file)
        self.context.setAccessibleName("Context")
        self.context.setFixedHeight(grown(CONTEXT_HEIGHT))
        self.context.textChanged.connect(self._measure)
        layout.addWidget(self.context)
        self._box.hide()
        return self._box

    def _buttons(self) -> FlowRow:
        row = FlowRow(spacing=GRID // 2)
        self.clip = self._tool("paperclip", "Add a context before the question (Ctrl+Shift+K)")
        self.clip.setCheckable(True)
        self.clip.toggled.connect(self._show_context)
        self.insert = self._tool("list-checks", "Insert a task from the library (Ctrl+T)")
        self.insert.clicked.connect(self.task_wanted)
        row.addWidget(self.clip)
        row.addWidget(self.insert)
        hint = ElidedLabel(
            "Enter sends, Shift+Enter starts a new line, Esc stops", size="caption", tone="muted"
        )
        hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(hint, 1)
        self.send = button("Send", self.sent.emit, primary=True)
        self.stop = button("Stop", self.stopped.emit)
        row.addWidget(self.send)
        row.addWidget(self.stop)
        return row

    def _tool(self, image: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setIconSize(icon_size(16))
        made.setToolTip(tip)
        made.setAccessibleName(tip)
        made.setProperty("image", image)
        return made

    def _show_context(self, shown: bool) -> None:
        self._box.setVisible(shown)
        if shown and self.isVisible():
            self.context.setFocus()

    def _measure(self) -> None:
        size = len(self.context.text().strip())
        tokens = math.ceil(size / CHARACTERS_PER_TOKEN)
        words = f"{counted(size, 'character')}, about {counted(tokens, 'token')}" if size else ""
        share = tokens / self._window if self._window else 0.0
        if size and self._window:
            words += f": about {share:.0%} of the context window ({self._window:,} tokens)"
        self.size_line.setText(words)
        set_tone(self.size_line, "warn" if share > 0.9 else "muted")

    def _grow(self) -> None:
        lines = min(max(self.input.document().lineCount(), LINES), MOST_LINES)
        self.input.setFixedHeight(lines * self.input.fontMetrics().lineSpacing() + 3 * GRID)
        size = len(self.input.text())
        self.long_line.setText(f"{size:,} characters. Too long to edit here; sent in full.")
        for widget in (self.long_line, self.long_remove):
            widget.setVisible(self.input.is_held)

    def _paint(self) -> None:
        colours = self._desk.theme.colours
        for made in (self.clip, self.insert, self._open, self._clear):
            made.setIcon(icon(str(made.property("image")), colours))
        self.send.setIcon(icon("send", colours, "on_accent"))
        self.stop.setIcon(icon("square", colours, "bad"))


class _Input(TextBox):
    """A plain text box; `on_file` gets a file that the user drops or pastes, in place of its address."""

    def __init__(self, hint: str, on_file: Callable[[Path], None]) -> None:
        super().__init__(hint)
        self._on_file = on_file

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        """Accept files and text."""
        return bool(local_files(source)) or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Pass a file on; insert text."""
        files = local_files(source)
        if files:
            self._on_file(files[0])
        else:
            super().insertFromMimeData(source)
