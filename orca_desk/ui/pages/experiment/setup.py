"""The form of an experiment: snapshot, student, arms, seeds, messages, tasks; and how long it takes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.trainable import why_unsupported
from orca_desk.library.snapshots import Snapshot
from orca_desk.steps.experiment.estimate import ExperimentEstimate, estimate_experiment
from orca_desk.steps.experiment.plan import ExperimentPlan, MessageKind, default_plan
from orca_desk.steps.experiment.wording import ARM_MEANINGS, ARM_NAMES, MESSAGE_NAMES
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.experiment.check_list import CheckList
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.family_choice import FamilyChoice
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.words.experiments import estimate_sentence

SETTLE_MS = 300  # without an edit, until the time is estimated
MANY = 1_000_000
MESSAGE_MEANINGS = {
    MessageKind.NONE: "The student has to choose a strategy by itself.",
    MessageKind.CAUTIOUS: "The generic message of the Orca 2 paper, which names no strategy.",
    MessageKind.STRATEGY: "The instruction of the strategy that the task's family is paired with.",
    MessageKind.WRONG: "The instruction of another strategy, the same one for a task each time.",
    MessageKind.OWN: "The message that the snapshot was frozen with.",
}


class ExperimentSetup(QWidget):
    """The form. `requested` has the plan that the user starts."""

    requested = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._plan: ExperimentPlan | None = None  # what the form was filled from: it holds the settings
        self._wanted = ""  # the snapshot to choose as soon as the list has it
        self._snapshots: Mapping[str, Snapshot] = {}
        self._heldout: Mapping[str, int] = {}
        self.notice = Notice(desk)
        self.snapshot = QComboBox()
        self.snapshot.setAccessibleName("Snapshot")
        self.snapshot.setMinimumContentsLength(16)
        self.snapshot.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.base = ModelPicker(desk, "safetensors", "gguf", why_not=why_unsupported)
        self.base.setMinimumContentsLength(16)
        for box in (self.snapshot, self.base):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.base.setAccessibleName("Student")
        self.arms = CheckList(ARM_NAMES, ARM_MEANINGS)
        self.messages = CheckList(MESSAGE_NAMES, MESSAGE_MEANINGS)
        self.seeds = QLineEdit()
        self.families = FamilyChoice()
        self.limit, self.records = number_box(0, MANY), number_box(0, MANY)
        self.settings: SettingsForm[TrainSettings] = SettingsForm(TrainSettings, skip=("seed",))
        self._lay_out()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._estimate)
        self.snapshot.activated.connect(self._snapshot_chosen)
        self.base.activated.connect(self._base_chosen)
        for changed in (
            self.arms.changed,
            self.messages.changed,
            self.seeds.textChanged,
            self.families.changed,
            self.limit.valueChanged,
            self.records.valueChanged,
            self.settings.changed,
        ):
            changed.connect(self._settle.start)

    def show_library(self, snapshots: Sequence[Snapshot], heldout: Mapping[str, int]) -> None:
        """Offer the snapshots; `heldout` counts the held-out tasks of each family."""
        before = self._wanted or self.snapshot.currentData()
        self._snapshots, self._heldout = {one.id: one for one in snapshots}, heldout
        self.snapshot.clear()
        for one in snapshots:
            self.snapshot.addItem(f"{one.name}  ·  {counted(one.records, 'record')}", one.id)
        self.snapshot.setCurrentIndex(max(0, self.snapshot.findData(before)))
        self._wanted = ""
        if self._plan is None or self._plan.snapshot != self.snapshot.currentData():
            self._snapshot_chosen()
        else:
            self._show_families()
            self._settle.start()

    def choose_snapshot(self, snapshot_id: str) -> None:
        """Choose a snapshot, once the list has it."""
        self._wanted = snapshot_id
        index = self.snapshot.findData(snapshot_id)
        if index >= 0:
            self._wanted = ""
            self.snapshot.setCurrentIndex(index)
            self._snapshot_chosen()

    def plan(self) -> ExperimentPlan:
        """Return the plan that the form describes. Raises UserError for what cannot be used."""
        if self._plan is None or self.base.path is None:
            raise UserError("No student is chosen.", "Choose the model to train, or one already trained.")
        families = self.families.chosen()
        if not families:
            raise UserError("No family is selected.", "Select at least one family.")
        return replace(
            self._plan,
            base=self.base.path.resolve(),
            arms=self.arms.chosen(),
            seeds=_seeds_of(self.seeds.text()),
            messages=self.messages.chosen(),
            families=None if len(families) == self.families.count() else families,
            per_family=self.limit.value() or None,
            records=self.records.value() or None,
            settings=replace(self.settings.value(), seed=0),
        )

    def run(self) -> None:
        """Start the experiment, or show why it cannot start."""
        try:
            plan = self.plan()
        except UserError as error:
            self.notice.show_error(error)
            return
        self.notice.hide()
        self.requested.emit(plan)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(2 * GRID)
        for part in (self._build_what(), self._build_arms(), self._build_tasks(), self._build_settings()):
            column.addWidget(part)
        column.addStretch(1)
        leave_wheel_to_form(inside)
        self.estimate = label(tone="muted", wrap=True)
        self.estimate.setAccessibleName("What the experiment does, and how long it takes")
        self.start = button("Run the experiment", self.run, primary=True, tip="Ctrl+Enter")
        foot = QHBoxLayout()
        foot.setSpacing(2 * GRID)
        foot.addWidget(self.estimate, 1)
        foot.addWidget(self.start)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        outer.setSpacing(GRID)
        outer.addWidget(self.notice)
        outer.addWidget(scrolled(inside), 1)
        outer.addLayout(foot)

    def _build_what(self) -> QFrame:
        frame, layout = card()
        self.seeds.setToolTip(
            "Numbers, with commas. Each arm is trained once with each: they show how much is chance."
        )
        self.records.setSpecialValueText("all")
        self.records.setToolTip("Records that each arm is trained on: fewer are quicker")
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("S&napshot", self.snapshot)
        form.addRow("St&udent", self.base)
        form.addRow("&Seeds", self.seeds)
        form.addRow("At &most, records", self.records)
        layout.addLayout(form)
        return frame

    def _build_settings(self) -> QFrame:
        frame, layout = card()
        head = FlowRow()
        head.addWidget(label("Training settings of every arm", size="heading", bold=True), 1)
        self.more = button("All settings")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_all)
        head.addWidget(self.more)
        layout.addLayout(head)
        about = "They start as in this student's last training."
        layout.addWidget(label(about, tone="muted", wrap=True))
        layout.addWidget(self.settings)
        return frame

    def _show_all(self, shown: bool) -> None:
        self.settings.show_all(shown)
        self.more.setText("Fewer settings" if shown else "All settings")

    def _build_arms(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("Arms: how the records are changed", size="heading", bold=True))
        layout.addWidget(self.arms)
        layout.addSpacing(GRID)
        told = "System messages: what every student is told"
        layout.addWidget(label(told, size="heading", bold=True, wrap=True))
        layout.addWidget(self.messages)
        return frame

    def _build_tasks(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("Families", size="heading", bold=True))
        about = "Records of these families are trained on, and their held-out tasks, counted here, are asked."
        layout.addWidget(label(about, tone="muted", wrap=True))
        layout.addWidget(self.families)
        row = QHBoxLayout()
        words = label("Maximum tasks per family")
        self.limit.setSpecialValueText("all")
        self.limit.setAccessibleName("Maximum tasks per family")
        words.setBuddy(self.limit)
        row.addWidget(words)
        row.addWidget(self.limit)
        row.addStretch(1)
        layout.addLayout(row)
        return frame

    def _snapshot_chosen(self) -> None:
        self._fill(None)

    def _base_chosen(self) -> None:
        """Take the settings of the chosen student's last training."""
        self._fill(self.base.path)

    def _fill(self, base: Path | None) -> None:
        """Fill the form with the usual plan of a snapshot, for `base` or the student trained last."""
        chosen = self.snapshot.currentData()
        if chosen is None:
            return
        library, fallback = self.desk.library, self.base.path

        def read() -> ExperimentPlan:
            try:
                return default_plan(library, chosen, base)
            except UserError:
                if fallback is None:
                    raise
                return default_plan(library, chosen, fallback)

        self.desk.background.run(self, read, self._show_plan, failed=self._show_problem, only_newest="plan")

    def _show_plan(self, plan: ExperimentPlan) -> None:
        first = self._plan is None or self._plan.snapshot != plan.snapshot
        self._plan = plan
        if self.base.path is None or self.base.path.resolve() != plan.base:
            self.base.choose(plan.base)
        if first:
            self.arms.choose(plan.arms)
            self.messages.choose(plan.messages)
            self.seeds.setText(", ".join(map(str, plan.seeds)))
        self.settings.set_value(plan.settings)
        self._show_families()
        self._settle.start()

    def _show_families(self) -> None:
        snapshot = self._snapshots.get(self.snapshot.currentData())
        if snapshot is not None:
            known = self._heldout
            self.families.show_families({name: known.get(name, 0) for name in sorted(snapshot.families)})

    def _estimate(self) -> None:
        """Estimate the time in the background, or say what is missing."""
        try:
            plan = self.plan()
        except UserError as error:
            self._show_problem(error)
            return
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: estimate_experiment(library, plan),
            self._show_estimate,
            failed=self._show_problem,
            only_newest="estimate",
        )

    def _show_estimate(self, found: ExperimentEstimate) -> None:
        self.estimate.setText(estimate_sentence(found))
        set_tone(self.estimate, "muted")

    def _show_problem(self, error: Exception) -> None:
        self.estimate.setText(str(error))
        set_tone(self.estimate, "warn")


def _seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds that the user typed. Raises UserError for anything else."""
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    if not all(part.isdecimal() for part in parts):
        raise UserError(
            f"The seeds {text!r} are not whole numbers.", "Enter whole numbers separated by commas: 0, 1, 2."
        )
    return tuple(map(int, parts))
