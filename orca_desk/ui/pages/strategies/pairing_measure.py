"""Measure strategies: choose the teacher and what to measure, and follow the job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.pairings import StoredPairing
from orca_desk.library.runs import newest_request
from orca_desk.method.evidence import Basis
from orca_desk.steps.pair.estimate import ProbeEstimate, estimate
from orca_desk.steps.pair.matrix import PairingMatrix
from orca_desk.steps.pair.probed import Probed
from orca_desk.steps.pair.replacing import pairings_at_stake
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.pair.standing import Budget, ProbeStanding
from orca_desk.steps.recorder import request_to_resume
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.strategies.choice_button import ChoiceButton
from orca_desk.ui.pages.strategies.measure_options import MeasureOptions
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.pairing import (
    BASES,
    NO_EVIDENCE,
    STILL_OPEN,
    at_stake_text,
    estimate_text,
    judge_check_text,
    probe_summary,
    replaced_text,
    spent_text,
    standing_text,
)
from orca_desk.ui.words.teaching import teach_details


class MeasureBar(QWidget):
    """Selects what to measure and measures it.

    Emits `began` with the basis, `arrived` with each ProbeStanding, and `over` at the end.
    """

    began = Signal(object)
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
        column.addWidget(self.options)
        self.standing = label(tone="muted", wrap=True)
        self.standing.setAccessibleName("Progress of the measurement")
        self.standing.hide()
        self.job_panel = JobPanel(desk)
        self.job_panel.over.connect(self._ended)
        column.addWidget(self.job_panel)
        column.addWidget(self.standing)

    def show_matrix(self, matrix: PairingMatrix) -> None:
        """Offer the families and strategies of a matrix."""
        self._matrix = matrix
        self._offer_families()
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
        elif self.options.graded_by == Basis.JUDGE and self.options.judge_path is None:
            self.notice.show_message(
                "No judge is selected.", "Select a model, or grade in another way.", kind="warn"
            )
        else:
            self.start(self._request(model.path, families, strategies))

    def measure_more(self, family: str, tasks: int) -> None:
        """Measure one family again, with so many more tasks than its newest measurement by this basis had."""
        evidence = [one for (name, _), one in self._matrix.evidence.items() if name == family]
        model = self.picker.selected()
        if model is None:
            self.picker.explain_missing(self.notice, self._open_models)
            return
        self.options.basis.setCurrentIndex(self.options.basis.findData(self._matrix.basis))
        request = self._request(model.path, [family], sorted({one.strategy for one in evidence}))
        self.start(replace(request, per_family=max(one.tasks for one in evidence) + tasks))

    def _request(self, model: Path, families: list[str] | None, strategies: list[str] | None) -> ProbeRequest:
        usual = ProbeRequest.usual(self.desk.library, model)
        return self.options.apply_to(replace(usual, families=families, strategies=strategies))

    def start(self, request: ProbeRequest) -> None:
        """Measure; ask first if that may replace pairings that rest on firmer grounds."""
        if request.replace:
            self._begin(request)
            return
        library, basis = self.desk.library, Basis(request.by)
        self.desk.background.run(
            self,
            lambda: pairings_at_stake(library, request.families, basis),
            lambda stake: self._ask(request, stake) if stake else self._begin(request),
            failed=self.notice.show_error,
            only_newest="stake",
        )

    def _ask(self, request: ProbeRequest, stake: Sequence[StoredPairing]) -> None:
        """Ask whether a measurement may replace pairings."""
        titles = {one.name: one.title for one in self._matrix.strategies}
        box = MessageBox(
            self,
            f"This measurement {BASES[Basis(request.by)]} may replace"
            f" {counted(len(stake), 'pairing that rests', 'pairings that rest')} on firmer grounds.",
            f"{at_stake_text(stake, titles)} To keep {'it' if len(stake) == 1 else 'them'}, cancel and leave"
            f" {'that family' if len(stake) == 1 else 'those families'} out.",
        )
        box.offer("Measure and replace", lambda: self._begin(replace(request, replace=True)))
        box.leave()
        box.open()

    def _begin(self, request: ProbeRequest) -> None:
        """Start the job; the same request resumes where an earlier run stopped."""
        if self.job is not None and not self.job.is_over:
            return
        self.notice.hide()
        library = self.desk.library
        self.job = self.desk.jobs.start(
            "Measure strategies",
            "probe",
            lambda tools: request.probe(
                library, progress=tools.progress, control=tools.control, on_standing=tools.tell
            ),
            changes={"records", "pairings"},
            again=("strategies", {"start": replace(request, replace=False).to_json()}),
        )
        self.job.event_arrived.connect(self._receive)
        self.job_panel.follow(self.job)
        self.began.emit(Basis(request.by))
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
                "Strategies are already being measured.",
                "Start this one when that has finished.",
                kind="warn",
            )
            return
        try:
            self.start(ProbeRequest.from_json(stored))
        except UserError as error:
            self.notice.show_error(error)

    def _row(self) -> FlowRow:
        self.picker = TeacherPicker(self.desk)
        self.picker.setAccessibleName("Teacher to measure with")
        self.picker.setMinimumContentsLength(18)
        self.families = ChoiceButton("families")
        self.strategies = ChoiceButton("strategies")
        self.options = MeasureOptions(self.desk)
        if last := self._last_request():
            self.options.show_request(last)
        self.button = button("Measure", self.measure, primary=True)
        self.button.setToolTip(
            "The teacher answers the same tasks under every strategy, more of them where the ranking is open;"
            " each family gets the cheapest strategy that is not worse than the best"
        )
        row = FlowRow()
        self.answers = label(tone="muted", wrap=True)
        self.answers.setAccessibleName("What the measurement costs")
        self.answers.setToolTip("Strategies that are clearly worse stop early, so it may take fewer answers")
        for widget in (self.picker, self.families, self.strategies):
            row.addWidget(widget)
        row.addWidget(self.answers, 1)
        row.addWidget(self.button)
        for changed in (self.families.changed, self.strategies.changed, self.picker.chosen):
            changed.connect(self._count_answers)
        self.options.changed.connect(self._edited)
        return row

    def _edited(self) -> None:
        self._offer_families()
        self._count_answers()

    def _offer_families(self) -> None:
        """Offer the families that have tasks for the chosen way of grading."""
        offered = self._matrix.measurable(self.options.graded_by)
        counts = self._matrix.train
        self.families.set_choices(
            [(one, f"{one}  ·  {counts[one]:,}" if one in counts else one) for one in offered],
            left_out=self._matrix.left_out,
        )

    def _count_answers(self) -> None:
        """Say what the measurement costs: at once how many answers at most, then the estimate."""
        count = self._matrix.probe_size(
            self.families.chosen(),
            self.strategies.chosen(),
            self.options.per_family.value(),
            samples=self.options.samples.value(),
            basis=self.options.graded_by,
        )
        self.answers.setText(f"at most {counted(count, 'answer')}" if count else "")
        is_free = self.job is None or self.job.is_over
        self.button.setEnabled(bool(self._matrix.families) and is_free)
        self.options.setVisible(is_free)
        model = self.picker.selected()
        if model is None or not count:
            return
        library = self.desk.library
        request = replace(
            self.options.apply_to(ProbeRequest(model=str(model.path))),
            families=self.families.chosen_or_all(),
            strategies=self.strategies.chosen_or_all(),
        )
        self.desk.background.run(
            self,
            lambda: estimate(library, request),
            self._show_estimate,
            failed=self._estimate_failed,
            only_newest="estimate",
        )

    def _estimate_failed(self, error: Exception) -> None:
        if not isinstance(error, UserError):  # what the user can mend is said when measuring
            self.desk.report(error)

    def _show_estimate(self, found: ProbeEstimate) -> None:
        self.answers.setText(estimate_text(found))

    def _receive(self, standing: object) -> None:
        if isinstance(standing, ProbeStanding):
            self.standing.setText(standing_text(standing))
            self.standing.show()
            self.arrived.emit(standing)

    def _open_models(self) -> None:
        self.desk.open("models")

    def _ended(self, job: Job) -> None:
        self.standing.hide()
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
        """Report what was measured: in amber where a family has no choice, however many were paired."""
        hint = f"{spent_text(result.spent, Budget())} {teach_details(result.taught)}".rstrip()
        if result.judge_check:
            hint = f"{judge_check_text(result.judge_check)} {hint}"
        if result.replaced:
            hint = f"{replaced_text(result.replaced)} {hint}"
        fruitless = result.fruitless
        still_open = sorted(result.undecided.keys() - set(fruitless))
        if fruitless or result.without_verdict:
            hint = f"{NO_EVIDENCE} {hint}"
        elif still_open:
            hint = f"{STILL_OPEN} {hint}"
        self.notice.show_message(
            probe_summary(
                len(result.pairings), fruitless, result.left_out, still_open, result.without_verdict
            ),
            hint,
            kind="warn"
            if result.undecided or result.without_verdict or result.left_out or result.replaced
            else "good",
        )

    def _last_request(self) -> ProbeRequest | None:
        stored = newest_request(self.desk.library, "probe")
        try:
            return ProbeRequest.from_json(stored) if stored else None
        except UserError:
            return None
