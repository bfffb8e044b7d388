"""A run of the teacher while it works: its counts with the reasons, and the newest records."""

import re
from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QStackedLayout, QVBoxLayout, QWidget

from orca_desk.method.fitness import UNFIT
from orca_desk.processes.progress import Update
from orca_desk.steps.teaching import Arrival, TeachCounts
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.teacher.arrivals import ANSWER, QUESTION, ArrivalRow, ArrivalsModel, rows_of
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.row_table import RowTable, row_table
from orca_desk.ui.widgets.text import Tone, label, set_tone
from orca_desk.ui.widgets.two_lines import HEIGHT
from orca_desk.ui.words.progress import duration

NUMBER = re.compile(r"\d+")
SHOW_MS = 300  # between two updates of the table
NOTHING = TeachCounts(usable=0, rejected={}, failed={}, tokens=0)


class TeacherRun(QWidget):
    """Shows the counts and records of a run, updated a few times per second.

    `opened` is emitted with a record's id.
    """

    opened = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.counts = NOTHING
        self._new: list[ArrivalRow] = []
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState(
                desk.theme,
                image="graduation-cap",
                title="No run yet",
                text=(
                    "Start, and each answer appears here as it arrives: graded, checked for leaks of its"
                    " instruction, and saved at once. An interrupted run resumes where it stopped."
                ),
            )
        )
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        column.setSpacing(GRID + GRID // 2)
        column.addLayout(self._numbers())
        self.reasons = label(tone="muted", wrap=True, selectable=True)
        column.addWidget(self.reasons)
        self.model = ArrivalsModel(desk.theme)
        column.addWidget(self._table(), 1)
        self._stack.addWidget(filled)
        self._timer = QTimer(self)
        self._timer.setInterval(SHOW_MS)
        self._timer.timeout.connect(self.flush)

    def begin(self, titles: Mapping[str, str]) -> None:
        """Begin a new run; `titles` are those of the strategies, by name."""
        self.counts = NOTHING
        self._new.clear()
        self.model.titles = dict(titles)
        self.model.clear()
        self.speed.setText("–")
        self.time_left.setText("–")
        self._stack.setCurrentIndex(1)
        self._timer.start()
        self.flush()

    def receive(self, arrival: Arrival) -> None:
        """Take an arrival; the next update shows it."""
        self.counts = arrival.counts
        self._new += rows_of(arrival)

    def show_update(self, update: Update) -> None:
        """Show the speed and the time left."""
        if update.message:
            self.speed.setText(update.message)
        if update.seconds_left is not None:
            self.time_left.setText(duration(update.seconds_left))

    def end(self) -> None:
        """Show the last of a run that is over."""
        self._timer.stop()
        self.flush()
        self.time_left.setText("–")

    def flush(self) -> None:
        """Show what has arrived since the last update."""
        rows, self._new = self._new, []
        at_top = self.table.verticalScrollBar().value() == 0
        self.model.add(rows)
        if at_top:
            self.table.scrollToTop()
        counts = self.counts
        _show_count(self.usable, counts.usable - counts.ungraded, "good")
        _show_count(self.ungraded, counts.ungraded, "warn")
        _show_count(self.rejected, sum(counts.rejected.values()), "warn")
        _show_count(self.failed, sum(counts.failed.values()), "bad")
        rejected = {UNFIT[reason]: count for reason, count in counts.rejected.items()}
        words = [
            _reasons(name, why) for name, why in (("Rejected", rejected), ("Failed", counts.failed)) if why
        ]
        self.reasons.setText(" ".join(words))
        self.reasons.setVisible(bool(words))

    def _numbers(self) -> FlowRow:
        row = FlowRow()
        names = ("correct and usable", "not graded", "rejected", "failed", "speed", "time left")
        self.usable, self.ungraded, self.rejected, self.failed, self.speed, self.time_left = (
            _number(row, name) for name in names
        )
        return row

    def _table(self) -> RowTable:
        name = "Records as they arrive, the newest first"
        self.table = row_table(self.model, name, main=(QUESTION, ANSWER), sorts=False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(True)  # question and answer take two lines each
        self.table.verticalHeader().setDefaultSectionSize(grown(HEIGHT))
        self.table.set_widths([width * GRID for width in (15, 17, 0, 0, 7)])
        self.table.doubleClicked.connect(self._open)
        self.table.activated.connect(self._open)
        return self.table

    def _open(self, index: QModelIndex) -> None:
        if index.isValid() and (record := self.model.row(index).record):
            self.opened.emit(record)


def alike(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Add up reasons that differ only in their numbers, under the first of them; the most frequent first."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reason, count in reasons.items():
        pattern = NUMBER.sub("0", reason)
        counts[first.setdefault(pattern, reason)] += count
    return counts.most_common()


def _reasons(name: str, counts: Mapping[str, int]) -> str:
    why = [f"{reason.rstrip('.')} ({count:,})" for reason, count in alike(counts)]
    return f"{name}: {', '.join(why)}."


def _number(row: FlowRow, name: str) -> QLabel:
    """Add a card with a large number above its name; return the number."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
    inside.setSpacing(0)
    value = label("0", size="heading", bold=True)
    inside.addWidget(value)
    inside.addWidget(label(name, size="caption", tone="muted"))
    row.addWidget(frame, 1)
    return value


def _show_count(value: QLabel, count: int, tone: Tone) -> None:
    value.setText(f"{count:,}")
    wanted: Tone = tone if count else ""
    if (value.property("tone") or "") != wanted:
        set_tone(value, wanted)
