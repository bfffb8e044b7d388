"""Set up a training: base model, snapshot and settings, with the checks before the start beside them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.inventory.trainable import why_unsupported
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training, find_unfinished_training
from orca_desk.steps.train.checks import SnapshotFacts, snapshot_facts
from orca_desk.steps.train.history import UNFINISHED
from orca_desk.steps.train.request import TrainingRequest, save_form, saved_form
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.training.preset_bar import PresetBar
from orca_desk.ui.pages.training.snapshot_content import SnapshotContent
from orca_desk.ui.pages.training.start_checks import StartChecks
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.settings_form import SettingsForm
from orca_desk.ui.widgets.text import button, card, label, safe_tip
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.widgets.when import when

SETTLE_MS = 250  # between an edit and the checks of it
READ_AGAIN_MS = 1500  # between two readings of the same snapshot, while tasks change


class TrainingSetup(QWidget):
    """The form. `requested` has a TrainingRequest and the id of the training that it resumes, or ""."""

    requested = Signal(object, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.facts: SnapshotFacts | None = None
        self._facts_of: tuple[str, Path | None] | None = None
        self._is_ready = False
        self._followed: Path | None = None  # the base whose preset was shown
        self._unfinished: Training | None = None  # with the inputs `_unfinished_of`
        self._unfinished_of: TrainingRequest | None = None
        self._snapshots: list[Snapshot] = []
        self._wanted_snapshot = ""
        row = QVBoxLayout(self)
        row.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        panes = Panes(self._build_choices(), self._build_start(), stretches=(3, 1), narrow=90 * GRID)
        panes.setHandleWidth(2 * GRID)
        row.addWidget(panes)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._check)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(READ_AGAIN_MS)
        self._again.timeout.connect(self._read_facts)
        self._restore()
        self.base.chosen.connect(self._choose)
        self.snapshot.currentIndexChanged.connect(self._choose_by_hand)
        self.snapshot.currentTextChanged.connect(lambda text: self.snapshot.setToolTip(safe_tip(text)))
        self.form.changed.connect(self._edited)
        self.all.toggled.connect(self._show_all)
        self.preset.chosen.connect(self.form.set_value)

    def request(self) -> TrainingRequest | None:
        """Return the form's request, None without a model or a snapshot. Raises UserError for bad input."""
        model, snapshot = self.base.selected(), self.chosen_snapshot()
        if model is None or snapshot is None:
            return None
        return TrainingRequest(base=model.path, snapshot=snapshot.id, settings=self.form.value())

    def chosen_snapshot(self) -> Snapshot | None:
        """Return the selected snapshot."""
        chosen: Snapshot | None = self.snapshot.currentData()
        return chosen

    def _chosen_ids(self) -> list[str]:
        chosen = self.chosen_snapshot()
        return [] if chosen is None else [chosen.id]

    def choose_snapshot(self, identity: str) -> None:
        """Select a snapshot as soon as the list has it."""
        self._wanted_snapshot = identity
        self.show_snapshots(self._snapshots)

    def _choose_by_hand(self) -> None:
        """Follow the user, whatever was wanted before."""
        self._wanted_snapshot = ""
        self._choose()

    def show_snapshots(self, snapshots: list[Snapshot]) -> None:
        """List these snapshots."""
        if snapshots == self._snapshots and self.snapshot.count() and not self._wanted_snapshot:
            return  # the list may be open
        before = self.chosen_snapshot()
        self._snapshots = snapshots
        self.snapshot.blockSignals(True)
        self.snapshot.clear()
        for snapshot in snapshots:
            self.snapshot.addItem(_line(snapshot), snapshot)
        ids = [snapshot.id for snapshot in snapshots]
        choices = (self._wanted_snapshot, before.id if before else "", *ids[:1])
        chosen = next((ids.index(one) for one in choices if one in ids), -1)
        self.snapshot.setCurrentIndex(chosen)
        self.snapshot.blockSignals(False)
        self.snapshot.setToolTip(safe_tip(self.snapshot.currentText()))  # it may be cut
        if self._wanted_snapshot in ids:
            self._wanted_snapshot = ""
        self._choose()

    def read_again(self) -> None:
        """Read the snapshot again soon: tasks, strategies or trainings have changed."""
        if not self._again.isActive():
            self._again.start()

    def start(self) -> None:
        """Start the training, unless the checks forbid it."""
        try:
            request = self.request()
        except UserError as error:
            self.notice.show_error(error)
            self.form.reveal_problem()
            return
        if request is None:
            self.notice.show_message(
                "Select a base model and a snapshot.",
                "Add a model on the Models page, or freeze a snapshot.",
                kind="bad",
            )
            return
        if not self.start_button.isEnabled():
            return
        self.notice.hide()
        self._save()
        known = self._unfinished if request == self._unfinished_of else None
        self.requested.emit(request, known.id if known else "")

    def find_unfinished(self) -> None:
        """Look for an unfinished training with the same inputs: running, or to be resumed."""
        try:
            request = self.request()
        except UserError:
            return
        if request is None:
            return
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: find_unfinished_training(
                library, base=request.base, snapshot=request.snapshot, settings=request.settings.to_dict()
            ),
            lambda found: self._show_unfinished(request, found),
            only_newest="unfinished",
        )

    def _build_choices(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self._build_what())
        column.addWidget(self._build_settings())
        column.addStretch(1)
        leave_wheel_to_form(inside)
        return scrolled(inside)

    def _build_what(self) -> QFrame:
        frame, layout = card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        self.base = ModelPicker(
            self.desk, "safetensors", "gguf", prefer=mini_student().name, why_not=why_unsupported
        )
        self.snapshot = QComboBox()
        self.snapshot.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for box in (self.base, self.snapshot):
            box.setMinimumContentsLength(8)  # the boxes grow with the window
        rows: tuple[tuple[str, QComboBox], ...] = (
            ("&Base model", self.base),
            ("S&napshot", self.snapshot),
        )
        for row, (text, control) in enumerate(rows):
            words = label(text, bold=True)
            words.setBuddy(control)
            control.setAccessibleName(text.replace("&", ""))
            grid.addWidget(words, row, 0)
            grid.addWidget(control, row, 1)
        self.tidying = Tidying(self.desk, self.snapshot, Kind.SNAPSHOT, self._chosen_ids)
        grid.addWidget(self.tidying.more_button(), 1, 2)
        layout.addLayout(grid)
        layout.addSpacing(GRID)
        self.content = SnapshotContent(self.desk)
        layout.addWidget(self.content)
        return frame

    def _build_settings(self) -> QFrame:
        frame, layout = card()
        top = FlowRow(spacing=2 * GRID)
        self.form = SettingsForm(TrainSettings)
        self.preset = PresetBar(self.desk, self.form.value, lambda: self.notice)
        self.all = QCheckBox("Show all settings")
        top.addWidget(self.preset, 1)
        top.addWidget(self.all)
        layout.addLayout(top)
        layout.addSpacing(GRID)
        layout.addWidget(self.form)
        return frame

    def _build_start(self) -> QFrame:
        frame, layout = card()
        frame.setMinimumWidth(grown(36 * GRID))
        layout.addWidget(label("Before you start", size="heading", bold=True))
        self.checks = StartChecks(self.desk)
        self.checks.memory.remedied.connect(self._remedy)
        layout.addWidget(scrolled(self.checks, "Before you start"), 1)
        self.notice = Notice(self.desk)
        layout.addWidget(self.notice)
        self.unfinished_note = label(wrap=True, size="caption", tone="accent")
        layout.addWidget(self.unfinished_note)
        self.show_running = button("Show", self._show_running)
        self.show_running.hide()
        layout.addWidget(self.show_running)
        self.start_button = button("Start training", self.start, primary=True)
        self.start_button.setToolTip("Start training (Ctrl+Enter)")
        layout.addWidget(self.start_button)
        return frame

    def _restore(self) -> None:
        saved = saved_form(self.desk.library)
        self._has_choice = saved is not None and saved.settings is not None
        if saved is not None:
            if saved.base is not None:
                self.base.choose(saved.base)
            self._wanted_snapshot = saved.snapshot
            self.form.set_value(saved.settings or TrainSettings())
            self.all.setChecked(saved.shows_all)
        self.form.show_all(self.all.isChecked())
        self.preset.mark()

    def _save(self) -> None:
        """Save the form for the next start of the app."""
        try:
            request = self.request()
        except UserError:
            return
        if request is not None:
            library, shows_all = self.desk.library, self.all.isChecked()
            self.desk.write(lambda: save_form(library, request, shows_all=shows_all))

    def _edited(self) -> None:
        self._has_choice = True
        self.preset.mark()
        self._settle.start()

    def _show_all(self, on: bool) -> None:
        self.form.show_all(on)
        self._settle.start()

    def _remedy(self, changes: dict[str, Any]) -> None:
        """Show the settings with what makes the training fit."""
        self.all.setChecked(True)
        self.form.set_value(replace(self.form.value(), **changes))

    def _choose(self) -> None:
        """Show the selected snapshot, and read it for the checks."""
        model, snapshot = self.base.selected(), self.chosen_snapshot()
        if model is not None and model.path != self._followed:
            self._followed = model.path
            if self.preset.follow(model.path, has_choice=self._has_choice):
                self._has_choice = False
        if snapshot is None:  # it was deleted; should it come back, it is read again
            self._facts_of = self.facts = None
            return
        self.content.show_snapshot(snapshot)
        self._settle.start()
        pair = (snapshot.id, model.path if model else None)
        if pair != self._facts_of:
            self._facts_of, self.facts = pair, None
            self.checks.show_reading()
            self._read_facts()

    def _read_facts(self) -> None:
        """Read the snapshot in the background. Lengths are measured once."""
        model, snapshot = self.base.selected(), self.chosen_snapshot()
        if snapshot is None:
            return
        lengths = self.facts.lengths if self.facts else None
        self.desk.background.run(
            self,
            lambda: snapshot_facts(self.desk.library, snapshot.id, model, lengths=lengths),
            self._show_facts,
            failed=self._show_failure,
            only_newest="facts",
        )

    def _show_facts(self, facts: SnapshotFacts) -> None:
        if self._facts_of is not None:  # else the snapshot was deleted while it was read: half of it was gone
            self.facts = facts
            self._check()

    def _show_failure(self, error: Exception) -> None:
        if self._facts_of is not None:
            self.notice.show_error(error)

    def _check(self) -> None:
        """Check the form: problems, memory, time, and whether a training would be resumed."""
        model = self.base.selected()
        try:
            settings = self.form.value()
        except UserError as error:
            self.notice.show_error(error)
            self._is_ready = False
            self._show_start()
            return
        self.notice.hide()
        if model is not None:
            self.checks.show_memory(model, settings)
        if self.facts is not None:
            self.checks.show_facts(self.facts, model, settings)
        ready = model is not None and self.chosen_snapshot() is not None
        self._is_ready = ready and not (self.facts is not None and self.checks.is_refused)
        self._show_start()
        self._save()
        self.find_unfinished()

    def _show_unfinished(self, request: TrainingRequest, found: Training | None) -> None:
        self._unfinished, self._unfinished_of = found, request
        if self._is_running:
            text = "{} has the same settings and is running now."
        else:
            text = (
                "{} has the same settings and is unfinished, so it will be resumed. "
                "Change the seed to start a new run."
            )
        self.unfinished_note.setVisible(found is not None)
        self.unfinished_note.setText(text.format(found.id) if found else "")
        self.show_running.setVisible(self._is_running)
        self.start_button.setText(f"Resume {found.id}" if found else "Start training")
        self._show_start()

    @property
    def _is_running(self) -> bool:
        """Whether a training with the same inputs is running: one of this page or, say, the demo's."""
        return self._unfinished is not None and self._unfinished.run.status not in UNFINISHED

    def _show_start(self) -> None:
        self.start_button.setEnabled(self._is_ready and not self._is_running)

    def _show_running(self) -> None:
        if self._unfinished is not None:
            self.desk.open("training", training=self._unfinished.id)


def _line(snapshot: Snapshot) -> str:
    """Return a snapshot in one line of the list."""
    return f"{snapshot.name}  ·  {counted(snapshot.records, 'record')}, {when(snapshot.created_at)}"
