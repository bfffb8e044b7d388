"""The pane beside the table, which shows the selected task and its actions."""

from collections.abc import Callable, Mapping
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.history import TaskHistory
from orca_desk.method.grading import infer_kind
from orca_desk.method.records import Task
from orca_desk.method.turns import said_before
from orca_desk.steps.collect.task_facts import TaskFacts
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, Colours, font
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.task_history import event_text, event_time, history_notes
from orca_desk.ui.words.tasks import ANSWER_TYPES, SPLITS

TURNS = 6  # of a conversation; the editor shows all
EVENTS = 30  # of a history; the command shows all
MAX_SHOWN = 20_000  # characters per text; the editor shows all of it


class TaskDetail(QFrame):
    """Shows one task, or how many are selected.

    `record_requested` carries the id of the first record of the task.
    """

    record_requested = Signal(str)

    def __init__(self, desk: Desk, *, one: list[QAction], many: list[QAction]) -> None:
        """`one` and `many` are the actions for a single selected task and for several."""
        super().__init__()
        self.desk = desk
        self.shown: TaskFacts | None = None
        self.history: TaskHistory | None = None
        self.pairings: Mapping[str, str] = {}
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID + 4, GRID, GRID)
        layout.setSpacing(GRID)
        top = QHBoxLayout()
        self.heading = label(size="heading", bold=True)
        top.addWidget(self.heading, 1)
        self._one = [_tool(action) for action in one]
        self._many = [_tool(action) for action in many]
        for made in (*self._one, *self._many):
            top.addWidget(made)
        layout.addLayout(top)
        self.text = Browser()
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName("Selected task")
        self.text.setTabChangesFocus(True)
        self.text.setAcceptDrops(False)  # the page handles drops
        self.text.document().setDocumentMargin(0)
        self.text.setProperty("kind", "flat")
        layout.addWidget(self.text, 1)
        self.records = button("Show records", self._request_record)
        layout.addWidget(self.records, 0, Qt.AlignmentFlag.AlignLeft)
        desk.theme.changed.connect(self._write)
        self.show_none()

    def show_none(self) -> None:
        """Say that no task is selected."""
        self._show("", "Select a task to read it here.", one=False, many=False)

    def show_many(self, count: int) -> None:
        """Show the number of selected tasks."""
        text = "Edits and deletions apply to all of them. Press Ctrl+Z to undo."
        self._show(f"{count:,} tasks selected", text, one=False, many=True)

    def show_task(self, shown: TaskFacts) -> None:
        """Show a task."""
        same = self.shown is not None and self.shown.task.id == shown.task.id
        scrolled = self.text.verticalScrollBar().value() if same else 0
        self.shown = shown
        self._show_actions(one=True, many=False)
        self.heading.setText("Task")
        self.heading.show()
        self._write()
        self.text.verticalScrollBar().setValue(scrolled)
        self.records.setVisible(shown.records > 0)

    def show_history(self, history: TaskHistory) -> None:
        """Show the history of the task below it."""
        if self.shown is not None and self.shown.task.id == history.task:
            scrolled = self.text.verticalScrollBar().value()
            self.history = history
            self._write()
            self.text.verticalScrollBar().setValue(scrolled)

    def _show(self, heading: str, text: str, *, one: bool, many: bool) -> None:
        self.shown = None
        self._show_actions(one=one, many=many)
        self.heading.setText(heading)
        self.heading.setVisible(bool(heading))
        self.records.hide()
        self._plain = text
        self._write()

    def _show_actions(self, *, one: bool, many: bool) -> None:
        for made in self._one:
            made.setVisible(one)
        for made in self._many:
            made.setVisible(many)

    def _write(self) -> None:
        colours = self.desk.theme.colours
        if self.shown is None:
            plain = f"<p style='color:{colours.css('muted')}'>{escape(self._plain)}</p>"
            self.text.set_page(lambda write: plain)
        else:
            shown, history = self.shown, self.history

            def make(write: Callable[[str], str]) -> str:
                html = task_html(shown, self.pairings, colours, write)
                if history is not None and history.task == shown.task.id:
                    html += history_html(history, colours)
                return html

            self.text.set_page(make)

    def _request_record(self) -> None:
        if self.shown and self.shown.first_record:
            self.record_requested.emit(self.shown.first_record)


def task_html(
    shown: TaskFacts, pairings: Mapping[str, str], colours: Colours, write: Callable[[str], str] = escape
) -> str:
    """Return the task as HTML. Its texts are escaped by `write`, so nothing in them acts as markup."""
    task = shown.task
    parts = []
    if task.turns:
        shown_turns = task.turns[-TURNS:]
        parts += [_heading("Earlier turns", colours), _text(said_before(shown_turns), write)]
        if left := len(task.turns) - len(shown_turns):
            parts.append(_note(f"{counted(left, 'turn')} before these: the editor shows all.", colours))
    if task.context:
        parts += [_heading("Context", colours), _text(task.context, write)]
    parts += [_heading("Question", colours), _text(task.query, write)]
    if task.answer is None:
        parts += [_heading("Reference answer", colours), _note("None, so answers cannot be graded.", colours)]
    else:
        kind = ANSWER_TYPES[task.answer_kind or infer_kind(task.answer)]
        origin = "set on the task" if task.answer_kind else "detected"
        parts += [_heading("Reference answer", colours), _text(task.answer, write)]
        parts.append(_note(f"Graded as {kind} ({origin})", colours))
    rows = {"Family": task.family, "Split": SPLITS[task.split], "Strategy": _strategy(task, pairings)}
    if task.tags:
        rows["Tags"] = ", ".join(task.tags)
    rows["Records"] = _records(shown)
    rows["ID"] = task.id[:12]
    parts += [_heading("About", colours), _table(rows, colours)]
    return "".join(parts)


def history_html(history: TaskHistory, colours: Colours) -> str:
    """Return the newest events of a task's history as HTML, escaped."""
    shown = history.events[-EVENTS:]
    rows = "".join(
        f"<tr><td style='color:{colours.css('muted')}; padding-right:16px; white-space:nowrap'>"
        f"{event_time(event)}</td><td>{escape(event_text(event))}</td></tr>"
        for event in reversed(shown)
    )
    earlier = len(history.events) - len(shown)
    notes = [f"{counted(earlier, 'earlier event')}: orca-desk tasks history {history.task[:12]}"] * (
        earlier > 0
    )
    notes += history_notes(history)
    table = f"<table cellspacing='0' cellpadding='2'>{rows}</table>" if rows else ""
    return _heading("History", colours) + table + "".join(_note(note, colours) for note in notes)


def _strategy(task: Task, pairings: Mapping[str, str]) -> str:
    if task.strategy:
        return f"{task.strategy}, set on this task"
    paired = pairings.get(task.family)
    return f"{paired}, paired with the family" if paired else "none paired yet"


def _records(shown: TaskFacts) -> str:
    if not shown.records:
        return "none yet"
    reviewed = [
        f"{count:,} {word}" for count, word in ((shown.kept, "kept"), (shown.dropped, "dropped")) if count
    ]
    return ", ".join([f"{shown.records:,}", *(reviewed or ["not reviewed"])])


def _heading(text: str, colours: Colours) -> str:
    style = f"color:{colours.css('muted')}; font-size:{font('caption').pointSizeF()}pt; font-weight:600;"
    return f"<p style='{style} margin-top:12px; margin-bottom:2px'>{text}</p>"


def _text(text: str, write: Callable[[str], str]) -> str:
    more = len(text) - MAX_SHOWN
    shown = f"{text[:MAX_SHOWN]}\n… {more:,} more characters not shown" if more > 0 else text
    style = "white-space:pre-wrap; margin-top:0; margin-bottom:4px; line-height:130%"
    return f"<p style='{style}'>{write(shown)}</p>"


def _note(text: str, colours: Colours) -> str:
    return f"<p style='color:{colours.css('muted')}; margin-top:0'>{escape(text)}</p>"


def _table(rows: Mapping[str, str], colours: Colours) -> str:
    cells = "".join(
        f"<tr><td style='color:{colours.css('muted')}; padding-right:16px'>{name}</td>"
        f"<td>{escape(shorten(value))}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table cellspacing='0' cellpadding='2'>{cells}</table>"


def _tool(action: QAction) -> QWidget:
    made = QToolButton()
    made.setDefaultAction(action)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    name = action.text().replace("&", "")
    key = action.shortcut().toString()
    made.setAccessibleName(name)
    made.setToolTip(safe_tip(f"{name} ({key})" if key else name))
    return made
