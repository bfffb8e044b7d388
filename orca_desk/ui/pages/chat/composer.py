"""Where a message is written: the text, a context before it, and the buttons that send and stop."""

import math
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout

from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.chat.text import TextBox
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button, label, set_tone

LINES, MOST_LINES = 2, 7
CONTEXT_HEIGHT = 13 * GRID
CHARACTERS_A_TOKEN = 4  # about, in most languages with letters; the true number is known after an answer


class Composer(QFrame):
    """Enter sends, Shift+Enter begins a line, Esc stops or leaves an edit."""

    sent = Signal()
    stopped = Signal()
    left = Signal()  # the edit of a former message
    library = Signal()
    file = Signal()
    dropped = Signal(object)  # the path of a file

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._task: Task | None = None
        self._window: int | None = None
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._edit_strip())
        layout.addWidget(self._context_box())
        self.input = _Input("Ask something…")
        self.input.setAccessibleName("Message")
        self.input.dropped.connect(self.dropped)
        self.input.installEventFilter(self)
        self.input.textChanged.connect(self._grow)
        layout.addWidget(self.input)
        layout.addLayout(self._long_strip())
        layout.addLayout(self._buttons())
        self.set_editing("")
        self.set_busy(False)
        desk.theme.changed.connect(self._paint)
        self._paint()
        self._grow()

    def text(self) -> str:
        """Return the message as it is sent: the context, if any, before the question."""
        question, context = self.parts()
        return Task(family="", query=question, context=context).user_text if question else ""

    def task(self) -> Task | None:
        """Return the task that the message is, if it was not changed since."""
        return self._task if self._task and self._task.user_text.strip() == self.text() else None

    def parts(self) -> tuple[str, str]:
        """Return the question and its context."""
        return self.input.text().strip(), self.context.text().strip()

    def set_text(self, text: str) -> None:
        """Put a message into the box, with no context."""
        self._task = None
        self.set_context("")
        self.input.set_text(text)
        self._to_end()

    def set_task(self, task: Task) -> None:
        """Put a task into the boxes."""
        self.set_context(task.context)
        self.input.set_text(task.query)
        self._task = task
        self._to_end()

    def set_context(self, text: str) -> None:
        """Put text before the question; show the box if there is any."""
        self.context.set_text(text)
        self.clip.setChecked(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Offer to stop instead of to send."""
        self.send.setVisible(not busy)
        self.stop.setVisible(busy)

    def set_editing(self, what: str) -> None:
        """Say that a former message is edited; "" for none."""
        self._editing.setText(what)
        self._editing.setVisible(bool(what))
        self._leave.setVisible(bool(what))

    def set_window(self, tokens: int | None) -> None:
        """Tell how many tokens the smallest model can look at, if that is known."""
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
        self._editing = label(size="caption", tone="accent", bold=True)
        self._leave = button("Leave it as it was", self.left.emit)
        row.addWidget(self._editing, 1)
        row.addWidget(self._leave)
        return row

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
        self._open = self._tool("folder-open", "Take the context from a text file…")
        self._open.clicked.connect(self.file)
        self._clear = self._tool("x", "Remove the context")
        self._clear.clicked.connect(lambda: self.set_context(""))
        row.addWidget(self._open)
        row.addWidget(self._clear)
        layout.addLayout(row)
        self.context = _Input("Paste a text to reason over, or drop a text file here.")
        self.context.setAccessibleName("Context")
        self.context.setFixedHeight(CONTEXT_HEIGHT)
        self.context.dropped.connect(self.dropped)
        self.context.textChanged.connect(self._measure)
        layout.addWidget(self.context)
        self._box.hide()
        return self._box

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        self.clip = self._tool("paperclip", "A context before the question (Ctrl+Shift+K)")
        self.clip.setCheckable(True)
        self.clip.toggled.connect(self._show_context)
        self.insert = self._tool("list-checks", "Insert a task from the library (Ctrl+T)")
        self.insert.clicked.connect(self.library)
        row.addWidget(self.clip)
        row.addWidget(self.insert)
        hint = label("Enter sends, Shift+Enter begins a new line, Esc stops", size="caption", tone="muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(hint, 1)
        row.addSpacing(GRID)
        self.send = button("Send", self.sent.emit, primary=True)
        self.stop = button("Stop", self.stopped.emit)
        row.addWidget(self.send)
        row.addWidget(self.stop)
        return row

    def _tool(self, image: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setIconSize(QSize(16, 16))
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
        tokens = math.ceil(size / CHARACTERS_A_TOKEN)
        words = f"{size:,} characters, about {tokens:,} tokens" if size else ""
        share = tokens / self._window if self._window else 0.0
        if size and self._window:
            words += f": about {share:.0%} of what the model can look at ({self._window:,})"
        self.size_line.setText(words)
        set_tone(self.size_line, "warn" if share > 0.9 else "muted")

    def _grow(self) -> None:
        lines = min(max(self.input.document().lineCount(), LINES), MOST_LINES)
        self.input.setFixedHeight(lines * self.input.fontMetrics().lineSpacing() + 3 * GRID)
        size = len(self.input.text())
        self.long_line.setText(f"{size:,} characters, sent whole; too long to be edited")
        for widget in (self.long_line, self.long_remove):
            widget.setVisible(self.input.is_held)

    def _to_end(self) -> None:
        self.input.moveCursor(self.input.textCursor().MoveOperation.End)
        self.input.setFocus()

    def _paint(self) -> None:
        colours = self._desk.theme.colours
        for made in (self.clip, self.insert, self._open, self._clear):
            made.setIcon(icon(str(made.property("image")), colours))
        self.send.setIcon(icon("send", colours, "on_accent"))
        self.stop.setIcon(icon("square", colours, "bad"))


class _Input(TextBox):
    """Plain text; a file that is dropped or pasted is handed on rather than written as an address."""

    dropped = Signal(object)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        """Take files and text."""
        return bool(local_files(source)) or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Hand files on; insert text."""
        files = local_files(source)
        if files:
            self.dropped.emit(files[0])
        else:
            super().insertFromMimeData(source)


def local_files(source: QMimeData) -> list[Path]:
    """Return the files of this machine that are dragged or pasted."""
    return [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
