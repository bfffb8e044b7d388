"""The facts of a record beside its texts: verdict, leaks, decision and provenance."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.method.leaks import Leak
from orca_desk.steps.erase.review import ReviewItem
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap, room_for_icon
from orca_desk.ui.pages.records.record_list import Sign, decision_sign, standing_sign, verdict_sign
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import label, set_tone
from orca_desk.ui.words.fitness import standing_text
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.provenance import made_lines, made_summary
from orca_desk.ui.words.shorten import shorten


class VerdictPanel(QFrame):
    """The verdict, the leaks and the user's decision, each with an icon and a word.

    `leak_selected` carries the leak that the user clicked.
    """

    leak_selected = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._item: ReviewItem | None = None
        self.setProperty("kind", "card")
        grid = QGridLayout(self)
        grid.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        self._icon = QLabel()
        self.word = label(bold=True)
        self.reason = label(wrap=True, selectable=True, tone="muted")
        self._decision_icon = QLabel()
        self.decision = label()
        self.task = QToolButton()
        self.task.setText("Open task")
        room_for_icon(self.task)
        verdict = QHBoxLayout()
        verdict.setSpacing(GRID)
        verdict.addWidget(self._icon)
        verdict.addWidget(self.word)
        first = FlowRow()
        first.addLayout(verdict)
        first.addWidget(self.reason, 1)
        decided = QHBoxLayout()
        decided.setSpacing(GRID)
        decided.addWidget(self._decision_icon)
        decided.addWidget(self.decision)
        first.addLayout(decided)
        first.addWidget(self.task)
        grid.addLayout(first, 0, 0, 1, 2)
        self._standing_icon = QLabel()
        self.standing = label(wrap=True, selectable=True)
        self.standing.setAccessibleName("In or out")
        self.standing.setToolTip("Whether the rules in force use this record for training, and why")
        grid.addWidget(self._standing_icon, 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.standing, 1, 1)
        self._leak_buttons: list[QToolButton] = []
        self._leaks = QVBoxLayout()
        self._leaks.setSpacing(0)
        grid.addLayout(self._leaks, 2, 0, 1, 2)
        self.note = label(wrap=True, selectable=True)
        self.note.setAccessibleName("Your note")
        grid.addWidget(self.note, 3, 1)
        desk.theme.changed.connect(self._paint)

    def show_record(self, item: ReviewItem) -> None:
        """Show the verdict, the decision and the leaks."""
        changed = self._item is None or self._item.stored.leaks != item.stored.leaks
        self._item = item
        stored = item.stored
        reason = verdict_reason(stored.verdict.reason) if stored.verdict else "No reference answer."
        if stored.edited is not None:
            reason = f"Your edit: {reason}"
        elif stored.record.provenance.finish_reason == "length":
            reason += " The answer was cut off by the length limit."
        if stored.held_out:
            reason += " Its task is held out, so it is never used for training."
        self.reason.setText(reason)
        self.standing.setText(f"{standing_text(item.standing)}." if item.standing else "")
        self.note.setText(f"Note: {item.note}")
        self.note.setVisible(bool(item.note))
        self.task.setEnabled(item.has_task)
        self.task.setToolTip("" if item.has_task else "The task was deleted.")
        if changed:
            self._list_leaks(stored.leaks)
        self._paint()

    def _list_leaks(self, leaks: tuple[Leak, ...]) -> None:
        while self._leak_buttons:
            self._leak_buttons.pop().deleteLater()
        for leak in leaks[:5]:
            made = QToolButton()
            made.setIcon(icon("flag", self.desk.theme.colours, "warn"))
            made.setText(f"Leak: “{shorten(leak.text, 80)}” {leak.why}")
            room_for_icon(made)
            made.setToolTip("Show in the response")
            made.clicked.connect(lambda checked=False, leak=leak: self.leak_selected.emit(leak))
            self._leak_buttons.append(made)
            self._leaks.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self.task.setIcon(icon("arrow-right", colours, "muted"))
        if self._item is None:
            return
        stored = self._item.stored
        for sign, image, words in (
            (verdict_sign(stored.verdict.correct if stored.verdict else None), self._icon, self.word),
            (decision_sign(stored.decision), self._decision_icon, self.decision),
        ):
            _show_sign(self.desk, sign, image, words)
        if self._item.standing is not None:
            name, role, _ = standing_sign(self._item.standing)
            self._standing_icon.setPixmap(pixmap(name, colours, role))


class ProvenanceStrip(QFrame):
    """How the teacher made a record: one line, and all details when expanded."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        self.toggle = QToolButton()
        self.toggle.setText("Provenance")
        self.toggle.setCheckable(True)
        room_for_icon(self.toggle)
        self.toggle.toggled.connect(self._expand)
        self.summary = ElidedLabel(tone="muted", size="caption")
        row.addWidget(self.toggle)
        row.addWidget(self.summary, 1)
        column.addLayout(row)
        self.details = QWidget()
        self._columns = columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, self.details)
        columns.setContentsMargins(GRID + 4, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        self._halves = [label(tone="muted", size="caption", selectable=True, wrap=True) for _ in range(2)]
        for half in self._halves:
            columns.addWidget(half, 1, Qt.AlignmentFlag.AlignTop)
        self.details.hide()
        column.addWidget(self.details)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_record(self, item: ReviewItem) -> None:
        """Show how a record was made."""
        record = item.stored.record
        made = record.provenance
        model = item.teacher.name if item.teacher else None
        time = _local_time(made.created_at)
        self.summary.show_text(made_summary(record, model=model, time=time))
        lines = made_lines(record, model=model, time=time, run=item.stored.run)
        words = [f"{name}: {value}" for name, value in lines]
        for half, part in zip(self._halves, (words[:4], words[4:]), strict=True):
            half.setText("\n".join(part))

    def stack(self, is_beside: bool) -> None:
        """Show all details below each other, beside the record's texts; or one line, below them."""
        direction = QBoxLayout.Direction
        self._columns.setDirection(direction.TopToBottom if is_beside else direction.LeftToRight)
        self._columns.setSpacing(0 if is_beside else 3 * GRID)
        self.toggle.setChecked(is_beside)

    def _expand(self, expanded: bool) -> None:
        self.details.setVisible(expanded)
        self._paint()

    def _paint(self) -> None:
        image = "chevron-down" if self.toggle.isChecked() else "chevron-right"
        self.toggle.setIcon(icon(image, self.desk.theme.colours, "muted"))


def _show_sign(desk: Desk, sign: Sign, image: QLabel, words: QLabel) -> None:
    name, role, word = sign
    image.setPixmap(pixmap(name, desk.theme.colours, role))
    words.setText(word.capitalize())
    set_tone(words, role)


def _local_time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
