"""The Inspector: exactly what the student is trained on, for one record and for many."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.inventory.templates import override_of
from orca_desk.inventory.trainable import why_unsupported
from orca_desk.library.records import RecordFilter
from orca_desk.library.snapshots import Snapshot, list_snapshots
from orca_desk.method.records import TrainingRecord
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.erase.inspect import (
    Inspection,
    Inspector,
    Totals,
    inspect_records,
    inspect_snapshot,
)
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.records.token_view import MAX_DRAWN, TokenView
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label, set_tone

MAX_LENGTH = 1_000_000  # tokens; more than any model reads

LEGEND: tuple[tuple[str, Role], ...] = (
    ("trained", "student"),
    ("masked", "muted"),
    ("control token", "accent"),
    ("beyond the limit", "bad"),
)
LEGEND_STYLES: dict[Role, tuple[Role, str]] = {  # colour of the text, and its line
    "student": ("text", "underline"),
    "muted": ("muted", "none"),
    "accent": ("accent", "none"),
    "bad": ("bad", "line-through"),
}


InspectedWith = tuple[Path, str | None]  # a student, and the user's chat template for it


class InspectorView(QWidget):
    """Shows a training record as the tokens of the trainer for a student, and the totals of many records."""

    def __init__(
        self, desk: Desk, *, record_filter: Callable[[], RecordFilter], instruction: Callable[[], str]
    ) -> None:
        """`record_filter` and `instruction` return the page's filter and message for the student."""
        super().__init__()
        self.desk = desk
        self._record_filter, self._instruction = record_filter, instruction
        self._training: TrainingRecord | None = None
        self._inspector: tuple[InspectedWith, Inspector] | None = None
        self._job: Job | None = None
        self.student = ModelPicker(
            desk, "safetensors", "gguf", prefer=mini_student().name, why_not=why_unsupported
        )
        self.student.setAccessibleName("Student")
        self.limit = number_box(2, MAX_LENGTH)
        self.tokens = TokenView(desk)
        self.count = label(bold=True)
        self.pointed = label(tone="muted", size="caption")
        self.problem = Notice(desk)
        self.source = QComboBox()
        self.totals = label(wrap=True, selectable=True)
        self.totals_button = button("Count tokens", self.count_totals)
        self.panel = JobPanel(desk)
        self._lay_out()
        self.student.chosen.connect(self._read)
        self.limit.valueChanged.connect(self._read)
        self.tokens.pointed.connect(self._show_pointed)
        desk.models.changed.connect(self._show_no_student)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_record(self, training: TrainingRecord | None) -> None:
        """Show a record, or none."""
        if training is not None and training == self._training and self.count.text():
            return
        self._training = training
        if training is None:
            self.tokens.show_inspection(None)
            self.count.setText("")
        else:
            self._read()

    def read_snapshots(self) -> None:
        """Read the snapshots to choose from."""
        library = self.desk.library
        self.desk.background.run(self, lambda: list_snapshots(library), self._offer, only_newest="snapshots")

    def count_totals(self) -> None:
        """Count the tokens of the selected snapshot or of the kept records, as a job."""
        student = self.student.selected()
        if student is None or self._job is not None:
            return
        library, snapshot = self.desk.library, self.source.currentData()
        kept, instruction = replace(self._record_filter(), decision="keep"), self._instruction()
        limit = self._limit(student)

        def work(tools: Tools) -> Totals:
            progress, control = tools.progress, tools.control
            if snapshot:
                return inspect_snapshot(
                    library, student.path, snapshot, limit=limit, progress=progress, control=control
                )
            return inspect_records(
                library, student.path, kept, instruction, limit=limit, progress=progress, control=control
            )

        self._job = job = self.desk.jobs.start("Count tokens", "inspect", work, heavy=False)
        self.totals_button.setEnabled(False)
        self.problem.hide()
        self.panel.follow(job)
        job.ended.connect(self._show_totals)

    def _lay_out(self) -> None:
        self.limit.setValue(TrainSettings().max_length)
        self.limit.setSuffix(" tokens")
        self.limit.setAccessibleName("Maximum length")
        self.limit.setToolTip("The maximum length in training. Longer records are refused, dropped or cut.")
        self.limit.setKeyboardTracking(False)
        row = FlowRow()
        for words, control in (("&Student", self.student), ("&Maximum", self.limit)):
            name = label(words)
            name.setBuddy(control)
            row.addWidget(name)
            row.addWidget(control)
        row.addStretch(1)
        frame = QFrame()
        frame.setProperty("kind", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.count)
        head = FlowRow()
        self._legend = [(label(text, size="caption"), role) for text, role in LEGEND]
        for sign, _ in self._legend:
            head.addWidget(sign)
        head.addStretch(1)
        column.addLayout(head)
        self.tokens.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(self.tokens, 1)
        self.pointed.setMinimumHeight(self.pointed.fontMetrics().height())
        column.addWidget(self.pointed)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID)
        whole.addLayout(row)
        whole.addWidget(self.problem)
        whole.addWidget(frame, 1)
        whole.addWidget(self._totals_card())
        self._show_pointed("")

    def _totals_card(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("kind", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        column.setSpacing(GRID)
        row = FlowRow()
        name = label("&Totals of")
        name.setBuddy(self.source)
        self.source.addItem("Kept records that match the filters", None)
        self.source.setAccessibleName("Totals of")
        self.source.setMinimumContentsLength(24)
        self.source.setToolTip("Records whose trained tokens are counted")
        row.addWidget(name)
        row.addWidget(self.source)
        row.addWidget(self.totals_button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.totals)
        column.addWidget(self.panel)
        self.totals.setText("Counts the trained tokens of a snapshot, or of all kept records.")
        set_tone(self.totals, "muted")
        return frame

    def _limit(self, student: ModelFile) -> int:
        return min(self.limit.value(), student.context or MAX_LENGTH)

    def _read(self, *_: object) -> None:
        student, training = self.student.selected(), self._training
        if student is None or training is None:
            return
        limit, known, library = self._limit(student), self._inspector, self.desk.library

        def work() -> tuple[InspectedWith, Inspector, Inspection]:
            wanted = (student.path, override_of(library, student.path))
            inspector = known[1] if known and known[0] == wanted else Inspector(*wanted)
            return wanted, inspector, inspector.inspect(training, limit=limit)

        self.desk.background.run(self, work, self._show, failed=self._show_error, only_newest="read")

    def _show(self, read: tuple[InspectedWith, Inspector, Inspection]) -> None:
        used, inspector, inspection = read
        self._inspector = (used, inspector)
        self.problem.hide()
        self.tokens.show_inspection(inspection)
        parts = [f"{inspection.trained:,} trained, {inspection.masked:,} masked tokens"]
        if inspection.too_long:
            parts.append(
                f"{len(inspection.tokens) - inspection.limit:,} beyond the limit of {inspection.limit:,}"
            )
        if len(inspection.tokens) > MAX_DRAWN:
            parts.append(f"first {MAX_DRAWN:,} shown")
        self.count.setText("; ".join(parts))

    def _show_error(self, error: Exception) -> None:
        self.tokens.show_inspection(None)
        self.count.setText("")
        self.problem.show_error(error)

    def _show_totals(self) -> None:
        job, self._job = self._job, None
        self.totals_button.setEnabled(True)
        if job is None or job.result is None:
            if job is not None and isinstance(job.error, UserError):
                self.problem.show_error(job.error)
            return
        totals: Totals = job.result
        self.totals.setText(totals_words(totals))
        set_tone(self.totals, "warn" if totals.too_long else "")

    def _offer(self, snapshots: list[Snapshot]) -> None:
        chosen = self.source.currentData()
        while self.source.count() > 1:
            self.source.removeItem(1)
        for one in snapshots:
            self.source.addItem(f"Snapshot {one.name} ({counted(one.records, 'record')})", one.id)
        self.source.setCurrentIndex(max(0, self.source.findData(chosen) if chosen else 0))

    def _show_no_student(self) -> None:
        if self.desk.models.is_read and self.student.selected() is None:
            self.problem.show_message(
                "No student model found on this machine.",
                "Add a model folder with safetensors files on the Models page.",
                kind="warn",
                action="Open Models",
                run=self._open_models,
            )

    def _open_models(self) -> None:
        self.desk.open("models")

    def _show_pointed(self, words: str) -> None:
        self.pointed.setText(words or "Point to a token to see its ID.")

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        for sign, role in self._legend:
            background = "transparent" if role == "muted" else colours.tint(role, 0.12).name()
            colour, line = LEGEND_STYLES[role]
            sign.setStyleSheet(
                f"QLabel {{ color: {colours.css(colour)}; background: {background}; text-decoration: {line};"
                " border-radius: 4px; padding: 2px 6px; }"
            )
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)


def totals_words(totals: Totals) -> str:
    """Return the counted tokens of many records in sentences."""
    tokens = totals.trained + totals.masked
    share = f" ({totals.trained / tokens:.0%})" if tokens else ""
    sentences = [
        f"{counted(totals.records, 'record')}: {counted(tokens, 'token')}, {totals.trained:,} trained{share},"
        f" {totals.masked:,} masked.",
        f"The longest record has {counted(totals.longest, 'token')}.",
    ]
    if totals.too_long:
        sentences.append(
            f"Too long: {counted(totals.too_long, 'record')},"
            f" with {counted(totals.cut, 'token')} beyond the limit."
        )
    else:
        sentences.append("No record is too long.")
    return " ".join(sentences if totals.finished else ["Stopped. So far:", *sentences])
