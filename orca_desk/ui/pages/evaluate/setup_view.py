"""Set up an evaluation: its models, its held-out families and how the models answer."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling
from orca_desk.steps.defaults import default_sampling
from orca_desk.steps.evaluate.candidates import training_candidates, unpaired_heldout
from orca_desk.steps.evaluate.forgetting import probe_time
from orca_desk.steps.evaluate.plan import Candidate, Plan, last_plan
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.evaluate.candidate_list import CandidateList
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.family_choice import FamilyChoice
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.forgetting import ABOUT as FORGETTING
from orca_desk.ui.words.forgetting import general_questions_text, general_time_text
from orca_desk.ui.words.library import SAMPLES_UNCHECKED
from orca_desk.ui.words.pairing import without_strategy
from orca_desk.ui.words.tidying import run_title


class EvaluationSetup(QWidget):
    """The form. `requested` has the Plan that the user starts."""

    requested = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._trainings: Sequence[Training] = ()
        self._filled = False
        self._unpaired: tuple[str, ...] = ()
        self._later: str | None = None  # the training to fill in once the models are read
        self.candidates = CandidateList(desk)
        self.families = FamilyChoice()
        self.sampling: SettingsForm[Sampling] = SettingsForm(
            Sampling, default_sampling(desk.library), skip=("stop",)
        )
        self.notice = Notice(desk)
        self._lay_out()
        self.candidates.changed.connect(self._estimate)
        self.families.changed.connect(self._estimate)
        desk.models.changed.connect(self._models_read)

    def show_library(
        self,
        trainings: Sequence[Training],
        families: Mapping[str, int],
        *,
        left_out: Sequence[str] = (),
    ) -> None:
        """Offer the finished trainings and the held-out families that have answers.

        Those `left_out`, of sample tasks beside own ones, are not checked.
        """
        self._trainings = trainings
        before = self.training.currentData()
        self.training.clear()
        for one in trainings:
            self.training.addItem(f"{run_title(one.run)}  ·  {one.base.name}", one.id)
        self.training.setCurrentIndex(max(0, self.training.findData(before)))
        self.quick.setVisible(bool(trainings))
        self.untrained.setVisible(not trainings)
        self.candidates.set_trainings(trainings)
        self.families.show_families(families, left_out=left_out)
        self.samples_out.setVisible(any(name in families for name in left_out))
        if not self._filled:
            self._filled = True
            self._fill_at_first()
        self._estimate()

    def fill_from_training(self, training_id: str) -> None:
        """Fill in the base, the tuned student and the teacher of a training."""
        if not self.desk.models.is_read:
            self._later = training_id
            self.desk.models.read()
            return
        index = self.training.findData(training_id)
        self.training.setCurrentIndex(index if index >= 0 else self.training.currentIndex())
        library, models = self.desk.library, self.desk.models.of("gguf")
        self._filled = True
        self.desk.background.run(
            self,
            lambda: training_candidates(library, training_id, models),
            self._fill,
            failed=self.notice.show_error,
            only_newest="fill",
        )

    def run(self) -> None:
        """Start the evaluation, or show why it cannot start."""
        try:
            plan = self.plan()
        except UserError as error:
            self.notice.show_error(error)
            return
        self.notice.hide()
        self.requested.emit(plan)

    def plan(self) -> Plan:
        """Return the plan that the form describes. Raises UserError naming whatever cannot be used."""
        candidates = self.candidates.chosen()
        if not candidates:
            raise UserError("No model is selected.", "Add one, or use those of a training.")
        families = self.families.chosen()
        if not families:
            raise UserError("No family is selected.", "Select at least one family of held-out tasks.")
        return Plan(
            candidates=candidates,
            families=families,
            per_family=self.limit.value() or None,
            sampling=self.sampling.value(),
            forgetting=self.forgetting.isChecked(),
        )

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self._models_card())
        column.addWidget(self._tasks_card())
        column.addWidget(self._sampling_card())
        column.addStretch(1)
        foot = QHBoxLayout()
        self.estimate = label(tone="muted", wrap=True)
        self.start = button("Evaluate", self.run, primary=True, tip="Ctrl+Enter")
        foot.addWidget(self.estimate, 1)
        foot.addWidget(self.start)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        outer.addWidget(self.notice)
        outer.addWidget(scrolled(inside), 1)
        outer.addLayout(foot)

    def _models_card(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(label("Models", size="heading", bold=True))
        self.quick = QWidget()
        row = FlowRow()
        self.quick.setLayout(row)
        words = label("Base, student and teacher of")
        self.training = QComboBox()
        self.training.setMinimumContentsLength(24)
        self.training.setAccessibleName("Training")
        words.setBuddy(self.training)
        self.use = button("Compare these three", self._use_training)
        row.addWidget(words)
        row.addWidget(self.training)
        row.addWidget(self.use)
        layout.addWidget(self.quick)
        self.untrained = QWidget()
        line = QHBoxLayout(self.untrained)
        line.setContentsMargins(0, 0, 0, 0)
        text = "No student has been trained yet. Once one is, compare it here with its base and its teacher."
        line.addWidget(label(text, tone="muted", wrap=True), 1)
        self.train = button("Train a student", lambda: self.desk.open("training"))
        line.addWidget(self.train)
        layout.addWidget(self.untrained)
        for either in (self.quick, self.untrained):
            either.hide()  # until the trainings are read
        layout.addWidget(self.candidates)
        foot = QHBoxLayout()
        self.add = button("Add a model", self.candidates.add)
        foot.addWidget(self.add)
        foot.addStretch(1)
        layout.addLayout(foot)
        return frame

    def _tasks_card(self) -> QWidget:
        frame, layout = card()
        head = QHBoxLayout()
        head.addWidget(label("Held-out tasks", size="heading", bold=True), 1)
        head.addWidget(button("All", lambda: self.families.check_all(True)))
        head.addWidget(button("None", lambda: self.families.check_all(False)))
        layout.addLayout(head)
        about = "No student is trained on these tasks, and their answers are known. Space selects a family."
        layout.addWidget(label(about, tone="muted", wrap=True))
        layout.addWidget(self.families)
        self.samples_out = label(SAMPLES_UNCHECKED, tone="muted", size="caption", wrap=True)
        self.samples_out.hide()
        layout.addWidget(self.samples_out)
        row = QHBoxLayout()
        words = label("Maximum tasks per family")
        self.limit = number_box(0, 1_000_000)
        self.limit.setSpecialValueText("all")
        self.limit.setAccessibleName("Maximum tasks per family")
        self.limit.setMinimumWidth(14 * GRID)
        words.setBuddy(self.limit)
        self.limit.valueChanged.connect(self._estimate)
        self.forgetting = QCheckBox("Also measure what tuned students &lost")
        self.forgetting.setChecked(True)
        self.forgetting.setToolTip(FORGETTING)
        self.forgetting.toggled.connect(self._estimate)
        row.addWidget(words)
        row.addWidget(self.limit)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self.forgetting)
        self.unpaired = label(tone="warn", wrap=True)
        self.pair = button("Pair them…", self._pair)
        for widget in (self.unpaired, self.pair):
            widget.hide()
        layout.addWidget(self.unpaired)
        layout.addWidget(self.pair, 0, Qt.AlignmentFlag.AlignLeft)
        return frame

    def _sampling_card(self) -> QWidget:
        frame, layout = card()
        head = QHBoxLayout()
        head.addWidget(label("Answer settings", size="heading", bold=True), 1)
        self.more = button("All settings")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_all)
        head.addWidget(self.more)
        layout.addLayout(head)
        layout.addWidget(self.sampling)
        return frame

    def _show_all(self, shown: bool) -> None:
        self.sampling.show_all(shown)
        self.more.setText("Fewer settings" if shown else "All settings")

    def _fill_at_first(self) -> None:
        """Fill in the last plan, or the newest training, or else one model."""
        library = self.desk.library
        self.desk.background.run(self, lambda: last_plan(library), self._fill_plan, only_newest="fill")

    def _fill_plan(self, plan: Plan | None) -> None:
        if self._later is not None:
            return
        if plan is not None:
            self.candidates.set_candidates(plan.candidates)
            self.sampling.set_value(plan.sampling)
            self.limit.setValue(plan.per_family or 0)
            self.forgetting.setChecked(plan.forgetting)
        elif self._trainings:
            self.fill_from_training(self._trainings[0].id)
        else:
            self.candidates.add()

    def _fill(self, candidates: Sequence[Candidate]) -> None:
        self.candidates.set_candidates(candidates)
        if not any(candidate.name == "teacher" for candidate in candidates):
            self.notice.show_message(
                "The teacher of this training was not found on this machine.",
                "Add its folder on the Models page, or add another model to compare with.",
                action="Models",
                run=lambda: self.desk.open("models"),
            )

    def _use_training(self) -> None:
        chosen = self.training.currentData()
        if chosen is not None:
            self.fill_from_training(chosen)

    def _models_read(self) -> None:
        if self._later is not None:
            training, self._later = self._later, None
            self.fill_from_training(training)

    def _estimate(self) -> None:
        tasks, models = self.families.count_tasks(self.limit.value() or None), len(self.candidates.rows)
        answers = counted(tasks * models, "answer")
        words = f"{counted(tasks, 'task')} × {counted(models, 'model')}: {answers} to generate"
        students = self.candidates.students() if self.forgetting.isChecked() else []
        if students:
            words += f", and {general_questions_text(len(students))}"
        self.estimate.setText(words)
        known = [one for one in students if one is not None]
        self.desk.background.run(
            self,
            lambda: probe_time(known) if known else None,  # the first estimate measures this machine
            lambda time: self.estimate.setText(words + general_time_text(time)),
            only_newest="time",
        )
        self._look_for_unpaired()

    def _look_for_unpaired(self) -> None:
        """Warn of families without the strategy that a model of this form would need."""
        library = self.desk.library
        strategic = self.candidates.has_strategy()
        families, limit = tuple(self.families.chosen()), self.limit.value() or None
        self.desk.background.run(
            self,
            lambda: unpaired_heldout(library, families, limit) if strategic else (),
            self._show_unpaired,
            only_newest="unpaired",
        )

    def _show_unpaired(self, families: tuple[str, ...]) -> None:
        self._unpaired = families
        self.unpaired.setText(without_strategy(families) if families else "")
        self.unpaired.setVisible(bool(families))
        self.pair.setVisible(bool(families))

    def _pair(self) -> None:
        if self._unpaired:
            self.desk.open("strategies", family=self._unpaired[0])
