"""The settings of a run of the teacher: model, tasks, strategy, sampling, engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import Strategy
from orca_desk.models.fits import teaching_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.remedies import quantising_remedy, teaching_remedy
from orca_desk.steps.instruct.estimate import TeachingTime
from orca_desk.steps.instruct.preview import Workload
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.teacher.narrow_form import NAMES, NarrowForm
from orca_desk.ui.pages.teacher.smaller_copy import make_smaller_copy
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.fit_bar import FitBar
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import button, card, label, safe_tip
from orca_desk.ui.widgets.wheel import leave_wheel_to_form
from orca_desk.ui.words.pairing import without_strategy
from orca_desk.ui.words.teaching import teaching_time_text

FIELD = 30  # px, the height of a field
FEWEST_VOTERS = 3  # answers to a task of which one can be spared


class TeacherForm(QScrollArea):
    """Edits the settings of a run. `changed` is emitted at each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._unpaired: tuple[str, ...] = ()
        self._left_out: tuple[str, ...] = ()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self.setWidget(inside)
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, GRID, 0)
        layout.setSpacing(GRID + GRID // 2)
        for part in (self._model_card(), self._tasks_card(), self._answers_card()):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setMinimumWidth(40 * GRID)
        desk.models.changed.connect(self._show_fit)
        leave_wheel_to_form(inside)

    def value(self) -> GenerateRequest:
        """Return the settings. Raises UserError for one that cannot be used."""
        return GenerateRequest(
            model=str(self.picker.path or ""),
            family=self.family.currentData(),
            own=not self.samples_too.isChecked(),
            tag=self.tag.currentData(),
            text=self.text.text().strip(),
            limit=self.limit.value(),
            strategy=self.strategy.currentData(),
            samples=self.samples.value(),
            stop_early=self.stop_early.isChecked() and self.stop_early.isEnabled(),
            sampling=self.sampling.value(),
            batch=self.batch.value(),
            context=self.context.value(),
            threads=self.threads.value(),
        )

    def set_value(self, request: GenerateRequest) -> None:
        """Show other settings, including a family, tag or strategy that no longer exists."""
        if request.model:
            self.picker.choose(Path(request.model))
        for box, name in (
            (self.family, request.family),
            (self.tag, request.tag),
            (self.strategy, request.strategy),
        ):
            _choose(box, name)
        self.samples_too.setChecked(not request.own)
        self.text.setText(request.text)
        self.limit.setValue(request.limit)
        self.samples.setValue(request.samples)
        self.stop_early.setChecked(request.stop_early)
        self.sampling.set_value(request.sampling)
        self.batch.setValue(request.batch)
        self.context.setValue(request.context)
        self.threads.setValue(request.threads)
        self._show_fit()

    def set_choices(
        self,
        families: Mapping[str, int],
        tags: Mapping[str, int],
        strategies: Sequence[Strategy],
        *,
        left_out: Sequence[str] = (),
    ) -> None:
        """Offer families and tags, with their numbers of tasks, and strategies; the selection stays.

        `left_out` are the families of sample tasks that all families does not mean by default.
        """
        self._left_out = tuple(left_out)
        self._show_left_out()
        _fill(
            self.family, "All families", [(name, f"{name}  ·  {count:,}") for name, count in families.items()]
        )
        _fill(self.tag, "Any tag", [(name, f"{name}  ·  {count:,}") for name, count in tags.items()])
        _fill(
            self.strategy,
            "The family's strategy",
            [(one.name, one.title) for one in strategies],
        )

    def show_workload(self, workload: Workload) -> None:
        """Show how many tasks are selected, and how many of their answers already exist."""
        if not workload.tasks:
            self.count.setText("No tasks selected")
            self.known.setText("Import tasks, or widen the filters.")
        else:
            self.count.setText(_tasks_and_answers(workload))
            if workload.known is None:
                self.known.setText("Tasks that already have an answer are skipped.")
            else:
                self.known.setText(
                    f"{workload.known:,} already answered with these settings, {workload.missing:,} to go"
                )
        self._unpaired = workload.unpaired
        self.unpaired.setVisible(bool(workload.unpaired))
        self.pair.setVisible(bool(workload.unpaired))
        self.unpaired.setText(without_strategy(workload.unpaired) if workload.unpaired else "")

    def _show_left_out(self, *_: object) -> None:
        """Offer the sample tasks where all families are chosen and leave them out."""
        self.samples_too.setText(f"Sam&ple tasks too ({counted(len(self._left_out), 'family')})")
        self.samples_too.setVisible(bool(self._left_out) and self.family.currentData() is None)

    def show_time(self, time: TeachingTime | None) -> None:
        """Show how long the run will take; nothing if that is not known."""
        self.time.setVisible(time is not None)
        self.time.setText(teaching_time_text(time) if time else "")

    def _model_card(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(label("Teacher", bold=True))
        self.picker = TeacherPicker(self.desk)
        self.picker.setMinimumContentsLength(16)
        self.picker.setAccessibleName("Teacher model")
        self.fit = FitBar(self.desk.theme)
        self.fit.remedied.connect(self._remedy)
        layout.addWidget(self.picker)
        layout.addWidget(self.fit)
        self.picker.chosen.connect(self._model_chosen)
        return frame

    def _tasks_card(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(label("Training tasks", bold=True))
        self.family, self.tag, self.text = _box(), _box(), QLineEdit()
        self.limit = number_box(0, 10_000_000)
        self.text.setPlaceholderText("Search text")
        self.text.setClearButtonEnabled(True)
        self.limit.setSpecialValueText("all")
        form = _form(layout)
        _row(form, "Fami&ly", self.family)
        self.samples_too = QCheckBox("Sam&ple tasks too")
        self.samples_too.setToolTip("All families means your own; those of sample tasks alone are left out.")
        self.samples_too.toggled.connect(self._emit_changed)
        self.samples_too.hide()
        layout.addWidget(self.samples_too)
        _row(form, "Ta&g", self.tag)
        _row(form, "Te&xt", self.text)
        _row(form, "At &most", self.limit)
        self.count = label(bold=True, wrap=True)
        self.known = label(tone="muted", size="caption", wrap=True)
        self.unpaired = label(tone="warn", wrap=True)
        self.pair = button("Pair them…", self._pair)
        self.unpaired.hide()
        self.pair.hide()
        self.time = label(tone="muted", size="caption", wrap=True)
        self.time.setAccessibleName("Time that the run takes")
        for widget in (self.count, self.known, self.time, self.unpaired):
            layout.addWidget(widget)
        layout.addWidget(self.pair, 0, Qt.AlignmentFlag.AlignLeft)
        self.family.currentIndexChanged.connect(self._emit_changed)
        self.family.currentIndexChanged.connect(self._show_left_out)
        self.tag.currentIndexChanged.connect(self._emit_changed)
        self.text.textChanged.connect(self._emit_changed)
        self.limit.valueChanged.connect(self._emit_changed)
        return frame

    def _answers_card(self) -> QWidget:
        frame, layout = card()
        layout.addWidget(label("Answers", bold=True))
        self.strategy, self.samples = _box(), number_box(1, 1000)
        self.samples.setToolTip("More than one answer per task needs a temperature above 0")
        form = _form(layout)
        _row(form, "St&rategy", self.strategy)
        _row(form, "A&nswers per task", self.samples)
        self.stop_early = QCheckBox("Stop once the &vote is decided")
        self.stop_early.setToolTip(
            "A task without a reference gets no more answers once those that it has decide which final "
            "answer wins. The rules on the Records page say whether such answers must agree."
        )
        self.stop_early.setEnabled(False)
        self.samples.valueChanged.connect(lambda count: self.stop_early.setEnabled(count >= FEWEST_VOTERS))
        self.stop_early.toggled.connect(self._emit_changed)
        layout.addWidget(self.stop_early)
        self.sampling: NarrowForm[Sampling] = NarrowForm(Sampling, skip=("stop",))
        layout.addWidget(self.sampling)
        self.advanced = QCheckBox("&Advanced settings")
        layout.addWidget(self.advanced)
        self.engine = QWidget()
        engine = _form(None)
        self.engine.setLayout(engine)
        self.batch, self.context, self.threads = (
            number_box(0, 255),
            number_box(0, 1_000_000),
            number_box(0, 256),
        )
        for box, words, tip in (
            (self.batch, "Parallel ans&wers", "Answers generated at the same time"),
            (
                self.context,
                "&Context",
                "Maximum tokens of a question and its answer together",
            ),
            (self.threads, "Threa&ds", "CPU cores to use"),
        ):
            box.setSpecialValueText("automatic")
            box.setToolTip(tip)
            _row(engine, words, box)
            box.valueChanged.connect(self._engine_changed)
        layout.addWidget(self.engine)
        self.engine.hide()
        self.advanced.toggled.connect(self.engine.setVisible)
        self.advanced.toggled.connect(self.sampling.show_all)
        self.strategy.currentIndexChanged.connect(self._emit_changed)
        self.samples.valueChanged.connect(self._emit_changed)
        self.sampling.changed.connect(self._emit_changed)
        return frame

    def _model_chosen(self) -> None:
        self._show_fit()
        self._emit_changed()

    def _engine_changed(self) -> None:
        self._show_fit()
        self._emit_changed()

    def _show_fit(self) -> None:
        model = self.picker.selected()
        if model is None:
            self.fit.show_fit(None)
            return
        batch, context = self.batch.value() or None, self.context.value() or None
        self.fit.show_fit(
            teaching_fit(model, batch=batch, context=context),
            teaching_remedy(model, batch=batch, context=context)
            or quantising_remedy(model, batch=batch, context=context),
        )

    def _remedy(self, changes: dict[str, Any]) -> None:
        """Show the settings of the engine with what makes the teacher fit, or make a smaller copy of it."""
        model = self.picker.selected()
        if model is not None and "quantisation" in changes:
            make_smaller_copy(self.desk, model, changes["quantisation"], self.picker.adopt)
            return
        self.advanced.setChecked(True)
        for name, box in (("batch", self.batch), ("context", self.context)):
            box.setValue(changes.get(name, box.value()))

    def quantise(self, path: Path, kind: str) -> None:
        """Make a smaller copy of a model, when that waited as the app was closed."""

        def make(model: ModelFile) -> None:
            make_smaller_copy(self.desk, model, kind, self.picker.adopt)

        self.desk.background.run(self, lambda: identify(path), make, failed=self.desk.report)

    def _pair(self) -> None:
        self.desk.open("strategies", family=self._unpaired[0])

    def _emit_changed(self) -> None:
        self.changed.emit()


def _tasks_and_answers(workload: Workload) -> str:
    tasks = counted(workload.tasks, "task")
    return tasks if workload.answers == workload.tasks else f"{tasks}, {counted(workload.answers, 'answer')}"


def _box() -> QComboBox:
    made = QComboBox()
    made.setMinimumContentsLength(8)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return made


def _form(layout: QVBoxLayout | None) -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(2 * GRID)
    form.setVerticalSpacing(GRID // 2)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    if layout is not None:
        layout.addLayout(form)
    return form


def _row(form: QFormLayout, text: str, field: QWidget) -> None:
    words = label(text)
    words.setMinimumWidth(NAMES)
    words.setMinimumHeight(FIELD)  # in the middle of its field
    field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    field.setMinimumWidth(8 * GRID)
    if isinstance(field, QComboBox):
        field.currentTextChanged.connect(lambda text: field.setToolTip(safe_tip(text)))  # it may be cut
    words.setBuddy(field)
    field.setAccessibleName(text.replace("&", ""))
    form.addRow(words, field)


def _fill(box: QComboBox, all_text: str, choices: Sequence[tuple[str, str]]) -> None:
    before = box.currentData()
    box.blockSignals(True)
    box.clear()
    box.addItem(all_text, None)
    for name, title in choices:
        box.addItem(title, name)
    box.blockSignals(False)
    _choose(box, before)


def _choose(box: QComboBox, name: str | None) -> None:
    index = box.findData(name) if name is not None else 0
    if name is not None and index < 0:
        box.addItem(name, name)
        index = box.count() - 1
    box.setCurrentIndex(index)
    box.setToolTip(safe_tip(box.currentText()))  # it may be cut
