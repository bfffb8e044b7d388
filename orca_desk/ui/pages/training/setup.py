"""Set up a training: base, snapshot, settings, and beside them what is to be known before the start."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training, find_unfinished_training
from orca_desk.steps.train.checks import Facts, look
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.desk import Desk
from orca_desk.ui.model_list import ModelPicker
from orca_desk.ui.pages.training.checks import Checks
from orca_desk.ui.pages.training.choice import Choice, keep_choice, kept_choice
from orca_desk.ui.pages.training.snapshot_card import SnapshotContent
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import SettingsForm
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.words.trainings import UNFINISHED, snapshot_line

SETTLE_MS = 250  # after an edit, before anything is computed from it
AGAIN_MS = 1500  # between two readings of the same snapshot, while tasks change
OWN = 2  # the entry of the presets' list for settings of one's own


class SetUp(QWidget):
    """The form. `wanted` comes when the user starts it, with a Choice and the training that goes on or ""."""

    wanted = Signal(object, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.facts: Facts | None = None
        self._facts_of: tuple[str, Path | None] | None = None
        self._is_ready = False
        self._unfinished: Training | None = None  # of the choice `_unfinished_of`
        self._unfinished_of: Choice | None = None
        self._snapshots: list[Snapshot] = []
        self._wanted_snapshot = ""
        self._presets: list[TrainSettings | None] = [TrainSettings(), None, None]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._build_choices(), 1)
        row.addWidget(self._build_start())
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._reckon)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._read_facts)
        self._restore()
        self.base.chosen.connect(self._look)
        self.snapshot.currentIndexChanged.connect(self._look)
        self.form.changed.connect(self._edited)
        self.all.toggled.connect(self._show_all)
        self.preset.activated.connect(self._take_preset)

    def choice(self) -> Choice | None:
        """Return what is chosen, or None while a model or a snapshot is missing. Raises UserError."""
        model, snapshot = self.base.model(), self.chosen_snapshot()
        if model is None or snapshot is None:
            return None
        return Choice(base=model.path, snapshot=snapshot.id, settings=self.form.value())

    def chosen_snapshot(self) -> Snapshot | None:
        """Return the chosen snapshot."""
        chosen: Snapshot | None = self.snapshot.currentData()
        return chosen

    def choose_snapshot(self, identity: str) -> None:
        """Choose a snapshot, as soon as it is known."""
        self._wanted_snapshot = identity
        self.show_snapshots(self._snapshots)

    def show_snapshots(self, snapshots: list[Snapshot]) -> None:
        """Offer these snapshots."""
        if snapshots == self._snapshots and self.snapshot.count() and not self._wanted_snapshot:
            return  # the list may be open
        before = self.chosen_snapshot()
        wanted = self._wanted_snapshot or (before.id if before else "")
        self._snapshots = snapshots
        self.snapshot.blockSignals(True)
        self.snapshot.clear()
        for snapshot in snapshots:
            self.snapshot.addItem(snapshot_line(snapshot), snapshot)
        ids = [snapshot.id for snapshot in snapshots]
        self.snapshot.setCurrentIndex(ids.index(wanted) if wanted in ids else 0 if ids else -1)
        self.snapshot.blockSignals(False)
        if wanted in ids:
            self._wanted_snapshot = ""
        self._look()

    def show_demo_settings(self, settings: TrainSettings) -> None:
        """Offer the demo's settings too; they are the first choice for the mini student."""
        self._presets[1] = settings
        self.preset.model().item(1).setEnabled(True)  # type: ignore[attr-defined]
        if not self._has_kept:
            self.form.set_value(settings)
        self._mark_preset()

    def look_again(self) -> None:
        """Read the snapshot again, soon: tasks, strategies or trainings have changed."""
        if not self._again.isActive():
            self._again.start()

    def start(self) -> None:
        """Start what is chosen, unless it would be refused."""
        try:
            choice = self.choice()
        except UserError as error:
            self.notice.show_error(error)
            return
        if choice is None:
            self.notice.show_message(
                "A training needs a base model and a snapshot.",
                "Add a model on the Models page, or freeze a snapshot.",
                kind="bad",
            )
            return
        if not self.begin.isEnabled():
            return
        self.notice.hide()
        self._keep()
        known = self._unfinished if choice == self._unfinished_of else None
        self.wanted.emit(choice, known.id if known else "")

    def look_for_unfinished(self) -> None:
        """Look whether a training of just what is chosen goes on, or is at work already."""
        try:
            choice = self.choice()
        except UserError:
            return
        if choice is None:
            return
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: find_unfinished_training(
                library, base=choice.base, snapshot=choice.snapshot, settings=choice.settings.to_dict()
            ),
            lambda found: self._show_unfinished(choice, found),
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
        self.base = ModelPicker(self.desk, "safetensors", prefer="mini-student")
        self.snapshot = QComboBox()
        self.snapshot.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for box in (self.base, self.snapshot):
            box.setMinimumContentsLength(8)  # they grow with the window
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
        layout.addLayout(grid)
        layout.addSpacing(GRID)
        self.content = SnapshotContent(self.desk)
        layout.addWidget(self.content)
        return frame

    def _build_settings(self) -> QFrame:
        frame, layout = card()
        top = QHBoxLayout()
        top.setSpacing(GRID)
        self.preset = QComboBox()
        self.preset.addItems(["Defaults", "As in the demo: for the mini student", "My own"])
        self.preset.model().item(1).setEnabled(False)  # type: ignore[attr-defined]
        self.preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.preset.setMinimumContentsLength(8)
        self.preset.setAccessibleName("Settings to begin with")
        words = label("&Settings", bold=True)
        words.setBuddy(self.preset)
        self.all = QCheckBox("Show all settings")
        top.addWidget(words)
        top.addWidget(self.preset, 1)
        top.addSpacing(2 * GRID)
        top.addWidget(self.all)
        layout.addLayout(top)
        layout.addSpacing(GRID)
        self.form = SettingsForm(TrainSettings)
        layout.addWidget(self.form)
        return frame

    def _build_start(self) -> QFrame:
        frame, layout = card()
        frame.setFixedWidth(36 * GRID)
        layout.addWidget(label("Before the start", size="heading", bold=True))
        self.checks = Checks(self.desk)
        layout.addWidget(scrolled(self.checks, "Before the start"), 1)
        self.notice = Notice(self.desk)
        layout.addWidget(self.notice)
        self.goes_on = label(wrap=True, size="caption", tone="accent")
        layout.addWidget(self.goes_on)
        self.show_running = button("Show it", self._show_running)
        self.show_running.hide()
        layout.addWidget(self.show_running)
        self.begin = button("Start training", self.start, primary=True, tip="Start training (Ctrl+Enter)")
        layout.addWidget(self.begin)
        return frame

    def _restore(self) -> None:
        kept = kept_choice(self.desk.library)
        self._has_kept = kept is not None and kept.settings is not None
        if kept is not None:
            if kept.base is not None:
                self.base.choose(kept.base)
            self._wanted_snapshot = kept.snapshot
            self.form.set_value(kept.settings or TrainSettings())
            self.all.setChecked(kept.shows_all)
        self.form.show_all(self.all.isChecked())
        self._mark_preset()

    def _keep(self) -> None:
        """Remember what is chosen for the next start of the app."""
        try:
            choice = self.choice()
        except UserError:
            return
        if choice is not None:
            library, shows_all = self.desk.library, self.all.isChecked()
            self.desk.background.run(self, lambda: keep_choice(library, choice, shows_all=shows_all))

    def _edited(self) -> None:
        self._has_kept = True
        self._mark_preset()
        self._settle.start()

    def _show_all(self, on: bool) -> None:
        self.form.show_all(on)
        self._settle.start()

    def _take_preset(self, place: int) -> None:
        preset = self._presets[place]
        if preset is not None:
            self.form.set_value(preset)
            self._mark_preset()

    def _mark_preset(self) -> None:
        """Show which preset the settings are, if they are one."""
        try:
            value = self.form.value()
        except UserError:
            value = None
        known = value is not None and value in self._presets
        self.preset.setCurrentIndex(self._presets.index(value) if known else OWN)

    def _look(self) -> None:
        """Read what is to be known of the chosen snapshot for the chosen base."""
        model, snapshot = self.base.model(), self.chosen_snapshot()
        if snapshot is None:
            return
        self.content.show_snapshot(snapshot)
        self._settle.start()
        asked = (snapshot.id, model.path if model else None)
        if asked != self._facts_of:
            self._facts_of, self.facts = asked, None
            self.checks.show_reading()
            self._read_facts()

    def _read_facts(self) -> None:
        """Read the snapshot in the background; lengths that were measured stay as they are."""
        model, snapshot = self.base.model(), self.chosen_snapshot()
        if snapshot is None:
            return
        lengths = self.facts.lengths if self.facts else None
        self.desk.background.run(
            self,
            lambda: look(self.desk.library, snapshot.id, model, lengths=lengths),
            self._show_facts,
            failed=self._show_failure,
            only_newest="look",
        )

    def _show_facts(self, facts: Facts) -> None:
        self.facts = facts
        self._reckon()

    def _show_failure(self, error: Exception) -> None:
        self.notice.show_error(error)

    def _reckon(self) -> None:
        """Show what the choices mean: concerns, memory, time, and whether a training goes on."""
        model = self.base.model()
        try:
            settings = self.form.value()
        except UserError as error:
            self.notice.show_error(error)
            self._is_ready = False
            self._show_begin()
            return
        self.notice.hide()
        if model is not None:
            self.checks.show_memory(model, settings)
        if self.facts is not None:
            self.checks.show_facts(self.facts, model, settings)
        ready = model is not None and self.chosen_snapshot() is not None
        self._is_ready = ready and not (self.facts is not None and self.checks.is_refused)
        self._show_begin()
        self._keep()
        self.look_for_unfinished()

    def _show_unfinished(self, choice: Choice, found: Training | None) -> None:
        self._unfinished, self._unfinished_of = found, choice
        if self._is_running:
            text = "{} has just these choices and is being trained now."
        else:
            text = "{} has just these choices and is not done: it goes on. Another seed begins anew."
        self.goes_on.setVisible(found is not None)
        self.goes_on.setText(text.format(found.id) if found else "")
        self.show_running.setVisible(self._is_running)
        self.begin.setText(f"Go on with {found.id}" if found else "Start training")
        self._show_begin()

    @property
    def _is_running(self) -> bool:
        """Whether a training of these choices is at work already: one of this page or, say, the demo's."""
        return self._unfinished is not None and self._unfinished.run.status not in UNFINISHED

    def _show_begin(self) -> None:
        self.begin.setEnabled(self._is_ready and not self._is_running)

    def _show_running(self) -> None:
        if self._unfinished is not None:
            self.desk.open("training", training=self._unfinished.id)
