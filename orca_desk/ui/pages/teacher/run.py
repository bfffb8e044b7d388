"""A run of the teacher as it goes: how many are kept, rejected and failed and why, and the newest records."""

import re
from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedLayout, QTableView, QVBoxLayout, QWidget

from orca_desk.processes.progress import Update
from orca_desk.steps.teaching import Arrival, rejection
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.teacher.arrivals import ANSWER, QUESTION, ArrivalsModel, Row, rows_of
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import duration
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.text import label, set_tone

NUMBER = re.compile(r"\d+")
SHOW_MS = 300  # between two updates of the table


class TeacherRun(QWidget):
    """Counts what arrives, and shows it at most a few times a second. `opened` comes with a record's id."""

    opened = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.kept = self.tokens = 0
        self.rejected: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._waiting: list[Row] = []
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState(
                desk.theme,
                image="graduation-cap",
                title="No run yet",
                text=(
                    "Start, and each answer appears here as it comes: graded, checked for leaks of its"
                    " instruction, and kept at once. A run that is cut off goes on where it stopped."
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
        """Begin a new run; `titles` are the strategies', by name."""
        self.kept = self.tokens = 0
        self.rejected.clear()
        self.failed.clear()
        self._waiting.clear()
        self.model.titles = dict(titles)
        self.model.clear()
        self._speed.setText("–")
        self._left.setText("–")
        self._stack.setCurrentIndex(1)
        self._timer.start()
        self.flush()

    def receive(self, arrival: Arrival) -> None:
        """Take what has arrived; it is shown with the next update."""
        for new in arrival.records:
            if reason := rejection(new):
                self.rejected[reason] += 1
            else:
                self.kept += 1
            self.tokens += new.record.provenance.completion_tokens
        self.failed.update(reason for _, reason in arrival.failed)
        self._waiting += rows_of(arrival)

    def show_update(self, update: Update) -> None:
        """Show the speed and the time left."""
        if update.message:
            self._speed.setText(update.message)
        if update.seconds_left is not None:
            self._left.setText(duration(update.seconds_left))

    def end(self) -> None:
        """The run is over: show the last of it."""
        self._timer.stop()
        self.flush()
        self._left.setText("–")

    def flush(self) -> None:
        """Show what has come since the last update."""
        rows, self._waiting = self._waiting, []
        top = self.table.verticalScrollBar().value() == 0
        self.model.add(rows)
        if top:
            self.table.scrollToTop()
        rejected, failed = self.rejected.total(), self.failed.total()
        for value, count, tone in (
            (self._kept, self.kept, "good"),
            (self._rejected, rejected, "warn"),
            (self._failed, failed, "bad"),
        ):
            value.setText(f"{count:,}")
            if (value.property("tone") or "") != (tone if count else ""):
                set_tone(value, tone if count else "")  # type: ignore[arg-type]
        words = []
        for name, counts in (("Rejected", self.rejected), ("Failed", self.failed)):
            if counts:
                why = [f"{reason.rstrip('.')} ({count:,})" for reason, count in alike(counts)]
                words.append(f"{name}: {', '.join(why)}.")
        self.reasons.setText(" ".join(words))
        self.reasons.setVisible(bool(words))

    def _numbers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        made = []
        for text in (
            "fit for training",
            "rejected",
            "failed",
            "speed",
            "time left",
        ):
            frame = QFrame()
            frame.setProperty("kind", "card")
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
            inside.setSpacing(0)
            value = label("0", size="heading", bold=True)
            inside.addWidget(value)
            inside.addWidget(label(text, size="caption", tone="muted"))
            row.addWidget(frame, 1)
            made.append(value)
        self._kept, self._rejected, self._failed, self._speed, self._left = made
        return row

    def _table(self) -> QTableView:
        self.table = row_table(self.model, "Records as they arrive, the newest first")
        self.table.setAlternatingRowColors(True)
        header = self.table.horizontalHeader()
        for column, width in enumerate((15, 9, 13, 18, 18, 8)):
            header.resizeSection(column, width * GRID)
        for column in (QUESTION, ANSWER):
            header.setSectionResizeMode(column, header.ResizeMode.Stretch)
        self.table.doubleClicked.connect(self._open)
        self.table.activated.connect(self._open)
        return self.table

    def _open(self, index: QModelIndex) -> None:
        if index.isValid() and (record := self.model.row(index).record):
            self.opened.emit(record)


def alike(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Count reasons that differ only in their numbers as one, told by its first; the most frequent first."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reason, count in reasons.items():
        kind = NUMBER.sub("0", reason)
        counts[first.setdefault(kind, reason)] += count
    return counts.most_common()
