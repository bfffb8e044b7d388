"""What the compared students lost against their base: general questions, divergence and answer length."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.method.forgetting import Forgetting
from orca_desk.method.statistics import Comparison
from orca_desk.steps.evaluate.losses import KIND, StudentLoss, measure_loss, student_losses
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.evaluate.tables import FINDING_ICONS, RIGHT, ComparisonTable, result_view
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.evaluations import p_value
from orca_desk.ui.words.forgetting import (
    ABOUT,
    DIVERGENCE_TIP,
    NOT_MEASURED,
    TITLE,
    kind_title,
    notes,
    warnings,
)

SUMMARY = ALL, DIVERGENCE, LENGTH = "General questions", "Divergence", "Answer length"


class ForgettingTable(ComparisonTable):
    """Rows: all questions, divergence, length, and each kind of question if wanted. A column per student."""

    least = 27 * GRID

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.corner = "Measure"
        self._found: list[Forgetting] = []
        self._kinds: list[str] = []

    def show_losses(self, losses: Sequence[StudentLoss], *, by_kind: bool) -> None:
        """Show what was measured."""
        self.beginResetModel()
        measured = [(one.name, one.report.found) for one in losses if one.report and one.report.found]
        self.columns = [name for name, _ in measured]
        self._found = [found for _, found in measured]
        kinds = dict.fromkeys(kind for found in self._found for kind in found.kinds)
        self._kinds = list(kinds) if by_kind else []
        self.names = [*SUMMARY, *map(kind_title, self._kinds)] if measured else []
        self.endResetModel()

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a measure, and below it what it is compared with."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        found, name = self._found[column], self.names[row]
        if name == DIVERGENCE:
            return self._measure(role, _divergence(found), "divergence" in found.large, DIVERGENCE_TIP)
        if name == LENGTH:
            is_large = "longer" in found.large or "shorter" in found.large
            return self._measure(role, _length(found), is_large, "Of the answers to the general questions")
        one = found.overall if name == ALL else found.kinds.get(self._kinds[row - len(SUMMARY)])
        return None if one is None else self._difference(role, one)

    def _measure(self, role: int, text: str, is_large: bool, tip: str) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.DecorationRole and is_large:
            return icon("triangle-alert", self.desk.theme.colours, "warn")
        return tip if role == Qt.ItemDataRole.ToolTipRole else None

    def _difference(self, role: int, one: Comparison) -> Any:
        image, tone = FINDING_ICONS[one.finding]
        if role == Qt.ItemDataRole.DecorationRole:
            shown: Role = tone
            return icon(image, self.desk.theme.colours, shown)
        if role == Qt.ItemDataRole.DisplayRole:
            before, after = (one.both + one.only_second) / one.n, (one.both + one.only_first) / one.n
            points = f"{100 * one.difference:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
            return f"{points}\n{before:.0%} before, {after:.0%} after, {p_value(one.p)}, n {one.n:,}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Gained: {one.only_first:,}. Lost: {one.only_second:,}. In percentage points, paired."
        return None


class ForgettingCard(QWidget):
    """The table with its warnings, and a button that measures what is missing. `measured` follows that."""

    measured = Signal()

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.losses: tuple[StudentLoss, ...] = ()
        self._ids: tuple[str, ...] = ()
        self._jobs: list[Job] = []
        self.table = ForgettingTable(desk)
        self.warnings, self.notes = label(tone="warn", wrap=True), label(tone="muted", wrap=True)
        self.missing = label(tone="muted", wrap=True)
        self.measure = button(
            "Measure it", self.start, tip="Has the student and its base answer the general questions"
        )
        frame, layout = card()
        head = QHBoxLayout()
        head.addWidget(label(TITLE, size="heading", bold=True), 1)
        self.by_kind = QCheckBox("By &kind of question")
        self.by_kind.toggled.connect(lambda _: self._show(self.losses))
        head.addWidget(self.by_kind)
        layout.addLayout(head)
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        layout.addWidget(self.warnings)
        self.view = result_view(self.table, desk.theme, TITLE)
        layout.addWidget(self.view)
        layout.addWidget(self.notes)
        row = QHBoxLayout()
        row.addWidget(self.missing, 1)
        row.addWidget(self.measure)
        layout.addLayout(row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.hide()

    def show_evaluations(self, evaluation_ids: Sequence[str]) -> None:
        """Show what the students of some evaluations lost; nothing where none is of a student."""
        self._ids = tuple(evaluation_ids)
        library, ids = self.desk.library, self._ids
        self.desk.background.run(
            self,
            lambda: student_losses(library, ids),
            self._show,
            failed=self.notice.show_error,
            only_newest="losses",
        )

    def start(self) -> None:
        """Measure what is missing, one student after the other."""
        self.measure.setEnabled(False)
        for one in self.losses:
            if one.report is None or one.report.found is None:
                self.measure_one(one.id, one.name)

    def measure_one(self, evaluation_id: str, name: str = "") -> None:
        """Measure what the student of an evaluation lost."""
        library = self.desk.library

        def work(tools: Tools) -> object:
            return measure_loss(library, evaluation_id, progress=tools.progress, control=tools.control)

        job = self.desk.jobs.start(
            f"Measure what {name or evaluation_id} lost",
            KIND,
            work,
            changes={"evaluations"},
            again=("evaluate", {"forgetting": evaluation_id}),
        )
        self._jobs.append(job)
        job.ended.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        if job.error is not None:
            self.notice.show_error(job.error)
        self.show_evaluations(self._ids)
        self.measured.emit()

    def _show(self, losses: tuple[StudentLoss, ...]) -> None:
        self.losses = losses
        self.setVisible(bool(losses))
        self.table.show_losses(losses, by_kind=self.by_kind.isChecked())
        for widget in (self.view, self.by_kind):
            widget.setVisible(bool(self.table.names))
        found = [(one.name, one.report.found) for one in losses if one.report and one.report.found]
        _fill(self.warnings, [f"{name}: {line}" for name, one in found for line in warnings(one)])
        _fill(self.notes, [f"{name}: {line}" for name, one in found for line in notes(one)])
        missing = [one for one in losses if one.report is None or one.report.found is None]
        _fill(self.missing, [_missing(one) for one in missing])
        self.measure.setVisible(bool(missing))
        self.measure.setEnabled(all(job.is_over for job in self._jobs))


def _missing(one: StudentLoss) -> str:
    reason = one.report.reason if one.report else ""
    return f"{one.name}: {NOT_MEASURED} {reason}".strip()


def _fill(shown: Any, lines: Sequence[str]) -> None:
    shown.setText("\n".join(lines))
    shown.setVisible(bool(lines))


def _divergence(found: Forgetting) -> str:
    one = found.divergence
    nats = f"{one.nats.value:.2f} nats ({one.nats.low:.2f} to {one.nats.high:.2f})"
    return f"{nats}\nlikeliest token differs at {one.changed:.0%} of {one.tokens:,}"


def _length(found: Forgetting) -> str:
    one = found.ratio
    return (
        f"× {one.value:.2f} ({one.low:.2f} to {one.high:.2f})\n"
        f"{found.base_tokens:.0f} tokens before, {found.student_tokens:.0f} after"
    )
