"""Measure strategies: choose the teacher and what to measure, and follow the job."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.runs import newest_request
from orca_desk.steps.pair.matrix import PairingMatrix
from orca_desk.steps.pair.probe import Probed
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.recorder import request_to_resume
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.strategies.choice_button import ChoiceButton
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.pairing import NO_EVIDENCE, probe_summary
from orca_desk.ui.words.teaching import teach_details


class MeasureBar(QWidget):
    """Selects what to measure and measures it. Emits `arrived` per Arrival, and `over` at the end."""

    arrived = Signal(object)
    over = Signal()

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.job: Job | None = None
        self._matrix = PairingMatrix()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID + GRID // 2)
        column.addLayout(self._row())
        self.job_panel = JobPanel(desk)
        self.job_panel.over.connect(self._ended)
        column.addWidget(self.job_panel)

    def show_matrix(self, matrix: PairingMatrix) -> None:
        """Offer the families and strategies of a matrix."""
        self._matrix = matrix
        self.families.set_choices([(family, family) for family in matrix.measurable])
        self.strategies.set_choices([(one.name, one.title) for one in matrix.strategies])
        self._count_answers()

    def measure(self) -> None:
        """Measure the selection, or show what is missing."""
        model = self.picker.selected()
        families, strategies = self.families.chosen_or_all(), self.strategies.chosen_or_all()
        if model is None:
            self.picker.explain_missing(self.notice, self._open_models)
        elif families == [] or strategies == [] or not self._matrix.families:
            self.notice.show_message(
                "Nothing is selected to measure.",
                "Select at least one family and one strategy.",
                kind="warn",
            )
        else:
            self.start(
                replace(
                    ProbeRequest.usual(self.desk.library, model.path),
                    families=families,
                    strategies=strategies,
                    per_family=self.per_family.value(),
                )
            )

    def start(self, request: ProbeRequest) -> None:
        """Measure; the same request resumes where an earlier run stopped."""
        if self.job is not None and not self.job.is_over:
            return
        self.notice.hide()
        library = self.desk.library
        self.job = self.desk.jobs.start(
            "Measure strategies",
            "probe",
            lambda tools: request.probe(
                library, progress=tools.progress, control=tools.control, on_arrival=tools.tell
            ),
            changes={"records", "pairings"},
            again=("strategies", {"start": request.to_json()}),
        )
        self.job.event_arrived.connect(self.arrived)
        self.job_panel.follow(self.job)
        self._count_answers()

    def resume(self, run_id: str) -> None:
        """Resume an interrupted measurement by the request stored with its run."""
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: request_to_resume(library, run_id, "probe"),
            self._resume_stored,
            failed=self.notice.show_error,
        )

    def _resume_stored(self, request: dict[str, Any] | None) -> None:
        if request is not None:
            self.start_stored(request)
            return
        self.notice.show_message(
            "The settings of this run are no longer available.",
            "Choose the same settings and measure: answers you already have will be reused.",
            kind="warn",
        )

    def start_stored(self, stored: Mapping[str, Any]) -> None:
        """Measure by a stored request."""
        if self.job is not None and not self.job.is_over:
            self.notice.show_message(
                "Strategies are already being measured.", "Start this one when that has ended.", kind="warn"
            )
            return
        try:
            self.start(ProbeRequest.from_json(stored))
        except UserError as error:
            self.notice.show_error(error)

    def _row(self) -> QHBoxLayout:
        self.picker = TeacherPicker(self.desk)
        self.picker.setAccessibleName("Teacher to measure with")
        self.picker.setMinimumContentsLength(18)
        self.families = ChoiceButton("families")
        self.strategies = ChoiceButton("strategies")
        self.per_family = number_box(1, 10_000)
        self.per_family.setSuffix(" tasks per family")
        self.per_family.setAccessibleName("Tasks per family")
        self.per_family.setToolTip(
            "Training tasks per family to try every strategy on; more tasks give a clearer result."
        )
        last = self._last_request()
        self.per_family.setValue(last.per_family if last else 20)
        self.answers = label(tone="muted")
        self.button = button("Measure", self.measure, primary=True)
        self.button.setToolTip(
            "The teacher answers the same tasks under every strategy; each family gets the best one"
        )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self.picker, self.families, self.strategies, self.per_family, self.answers):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.button)
        for changed in (self.families.changed, self.strategies.changed, self.per_family.valueChanged):
            changed.connect(self._count_answers)
        return row

    def _count_answers(self) -> None:
        count = self._matrix.probe_size(
            self.families.chosen(), self.strategies.chosen(), self.per_family.value()
        )
        self.answers.setText(counted(count, "answer") if count else "")
        self.button.setEnabled(bool(self._matrix.families) and (self.job is None or self.job.is_over))

    def _open_models(self) -> None:
        self.desk.open("models")

    def _ended(self, job: Job) -> None:
        self._count_answers()
        self.over.emit()
        result: Probed | None = job.result
        if job.error is not None:
            self.notice.show_error(job.error)
        elif result is not None and result.taught.finished:
            self._show_result(result)
        elif result is not None:
            self.notice.show_message(
                "Stopped. Pairings were not changed.",
                "All answers so far are saved. Measure again to resume.",
            )

    def _show_result(self, result: Probed) -> None:
        """Report what was measured: in amber where a family has no evidence, however many were paired."""
        hint = teach_details(result.taught)
        if result.fruitless:
            hint = f"{NO_EVIDENCE} {hint}".rstrip()
        self.notice.show_message(
            probe_summary(len(result.pairings), result.fruitless, result.left_out),
            hint,
            kind="warn" if result.fruitless or result.left_out else "good",
        )

    def _last_request(self) -> ProbeRequest | None:
        stored = newest_request(self.desk.library, "probe")
        try:
            return ProbeRequest.from_json(stored) if stored else None
        except UserError:
            return None
