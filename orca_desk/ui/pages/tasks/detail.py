"""The pane beside the table: the selected task, readable, and what can be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, count_records, list_records
from orca_desk.library.tasks import tasks_at
from orca_desk.method.grading import infer_kind
from orca_desk.method.records import Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.table import SPLITS
from orca_desk.ui.theme import GRID, POINTS, Colours
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.words.shorten import shorten

LONGEST = 20_000  # characters of a text that are shown; the editor shows all


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A task, how many records it has, how many of them were kept or dropped, and the id of the first."""

    task: Task
    records: int
    kept: int
    dropped: int
    record: str | None


def look_up(library: Library, number: int) -> Shown | None:
    """Return what the pane shows of the task at a place, or None when it is gone."""
    task = tasks_at(library, [number])[0]
    if task is None:
        return None
    first = RecordFilter(task_id=task.id, limit=1)
    return Shown(
        task=task,
        records=count_records(library, RecordFilter(task_id=task.id)),
        kept=count_records(library, RecordFilter(task_id=task.id, decision="keep")),
        dropped=count_records(library, RecordFilter(task_id=task.id, decision="drop")),
        record=next((one.record.id for one in list_records(library, first).items), None),
    )


class TaskDetail(QFrame):
    """Shows one task, or how many are selected. `record_wanted` comes with the id of one."""

    record_wanted = Signal(str)

    def __init__(self, desk: Desk, *, one: list[QAction], many: list[QAction]) -> None:
        """`one` and `many` are the page's actions for one selected task and for several."""
        super().__init__()
        self.desk = desk
        self.shown: Shown | None = None
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
        self.text.setAccessibleName("The selected task")
        self.text.setTabChangesFocus(True)
        self.text.setAcceptDrops(False)  # they are the page's
        self.text.document().setDocumentMargin(0)
        self.text.setStyleSheet("QTextBrowser { border: none; background: transparent; padding: 0; }")
        layout.addWidget(self.text, 1)
        self.records = button("Show its records", self._want_records)
        layout.addWidget(self.records, 0, Qt.AlignmentFlag.AlignLeft)
        desk.theme.changed.connect(self._write)
        self.show_none()

    def show_none(self) -> None:
        """Show that nothing is selected."""
        self._show("", "Select a task to read it here.", one=False, many=False)

    def show_many(self, count: int) -> None:
        """Show that several tasks are selected."""
        text = "Changes and deletions apply to all of them; Ctrl+Z takes them back."
        self._show(f"{count:,} tasks selected", text, one=False, many=True)

    def show_task(self, shown: Shown) -> None:
        """Show a task."""
        again = self.shown is not None and self.shown.task.id == shown.task.id
        place = self.text.verticalScrollBar().value() if again else 0
        self.shown = shown
        self._arrange(one=True, many=False)
        self.heading.setText("Task")
        self.heading.show()
        self._write()
        self.text.verticalScrollBar().setValue(place)
        self.records.setVisible(shown.records > 0)

    def _show(self, heading: str, text: str, *, one: bool, many: bool) -> None:
        self.shown = None
        self._arrange(one=one, many=many)
        self.heading.setText(heading)
        self.heading.setVisible(bool(heading))
        self.records.hide()
        self._plain = text
        self._write()

    def _arrange(self, *, one: bool, many: bool) -> None:
        for made in self._one:
            made.setVisible(one)
        for made in self._many:
            made.setVisible(many)

    def _write(self) -> None:
        colours = self.desk.theme.colours
        if self.shown is None:
            self.text.setHtml(f"<p style='color:{colours.css('muted')}'>{escape(self._plain)}</p>")
        else:
            self.text.setHtml(task_html(self.shown, self.pairings, colours))

    def _want_records(self) -> None:
        if self.shown and self.shown.record:
            self.record_wanted.emit(self.shown.record)


def task_html(shown: Shown, pairings: Mapping[str, str], colours: Colours) -> str:
    """Return a task for reading. Its texts are escaped: nothing in them is markup."""
    task = shown.task
    parts = []
    if task.context:
        parts += [_heading("Context", colours), _text(task.context)]
    parts += [_heading("Question", colours), _text(task.query)]
    if task.answer is None:
        parts += [_heading("Reference answer", colours), _note("None: answers cannot be graded.", colours)]
    else:
        kind, how = (
            task.answer_kind or infer_kind(task.answer),
            "as the task says" if task.answer_kind else "by its form",
        )
        parts += [_heading("Reference answer", colours), _text(task.answer)]
        parts.append(_note(f"Graded as {kind}, {how}", colours))
    rows = {"Family": task.family, "Split": SPLITS[task.split], "Strategy": _strategy(task, pairings)}
    if task.tags:
        rows["Tags"] = ", ".join(task.tags)
    rows["Records"] = _records(shown)
    rows["Id"] = task.id[:12]
    parts += [_heading("About", colours), _table(rows, colours)]
    return "".join(parts)


def _strategy(task: Task, pairings: Mapping[str, str]) -> str:
    if task.strategy:
        return f"{task.strategy}, chosen for this task"
    paired = pairings.get(task.family)
    return f"{paired}, by the family's pairing" if paired else "not decided yet"


def _records(shown: Shown) -> str:
    if not shown.records:
        return "none yet"
    reviewed = [
        f"{count:,} {word}" for count, word in ((shown.kept, "kept"), (shown.dropped, "dropped")) if count
    ]
    return ", ".join([f"{shown.records:,}", *(reviewed or ["not reviewed"])])


def _heading(text: str, colours: Colours) -> str:
    style = f"color:{colours.css('muted')}; font-size:{POINTS['caption']}pt; font-weight:600;"
    return f"<p style='{style} margin-top:12px; margin-bottom:2px'>{text}</p>"


def _text(text: str) -> str:
    more = len(text) - LONGEST
    shown = f"{text[:LONGEST]}\n… {more:,} more characters" if more > 0 else text
    style = "white-space:pre-wrap; margin-top:0; margin-bottom:4px; line-height:130%"
    return f"<p style='{style}'>{escape(shown)}</p>"


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
