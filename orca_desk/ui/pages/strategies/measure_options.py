"""How to measure: how many tasks and samples, by what answers are graded, and what it may cost."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QVBoxLayout, QWidget

from orca_desk.method.evidence import Basis
from orca_desk.steps.pair.graders import ByAgreement
from orca_desk.steps.pair.probe_tasks import MOST_TASKS
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.strategies.judge_dialog import JudgeDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.settings_form import indent, number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.pairing import ABOUT_BASES

GRADED: dict[Basis, str] = {
    Basis.REFERENCE: "By references",
    Basis.AGREEMENT: "By agreement",
    Basis.JUDGE: "By a judge",
}
LIMITS: dict[str, tuple[str, int, str]] = {  # field of the request: its name, its first value, its suffix
    "answers": ("Limit answers", 500, " answers"),
    "tokens": ("Limit tokens", 100_000, " tokens"),
    "minutes": ("Limit minutes", 30, " minutes"),
}
NO_LIMIT = "No limit"
SAMPLES_TO_AGREE = 5
TEMPERATURE = 0.7  # of several answers to one task: at 0 they would all be the same


class MeasureOptions(QWidget):
    """A row of choices, with a second one for the judge. `changed` fires on each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._prompt = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._row())
        column.addWidget(self._judge_row())
        for signal in (
            self.per_family.valueChanged,
            self.samples.valueChanged,
            self.temperature.valueChanged,
            self.basis.currentIndexChanged,
            self.limit.currentIndexChanged,
            self.amount.valueChanged,
            self.judge.chosen,
        ):
            signal.connect(self._edited)
        self._edited()

    @property
    def graded_by(self) -> Basis:
        """The chosen basis."""
        return Basis(self.basis.currentData())

    @property
    def judge_path(self) -> Path | None:
        """The judge's file; None unless one is chosen and wanted."""
        model = self.judge.selected() if self.graded_by == Basis.JUDGE else None
        return model.path if model else None

    def show_request(self, request: ProbeRequest) -> None:
        """Show what an earlier request asked for."""
        self.per_family.setValue(request.per_family)
        self.samples.setValue(request.samples)
        self.temperature.setValue(request.sampling.temperature or TEMPERATURE)
        self.basis.setCurrentIndex(self.basis.findData(Basis(request.by)))
        self._prompt = request.judge_prompt
        if request.judge:
            self.judge.choose(Path(request.judge))
            self.desk.models.look_for(Path(request.judge))  # it may be outside the folders of models
        for name in LIMITS:
            if (amount := getattr(request, name)) is not None:
                self.limit.setCurrentIndex(self.limit.findData(name))
                self.amount.setValue(max(1, round(amount)))

    def apply_to(self, request: ProbeRequest) -> ProbeRequest:
        """Return the request with what is chosen here."""
        limit, amount = self.limit.currentData(), self.amount.value()
        return replace(
            request,
            per_family=self.per_family.value(),
            samples=self.samples.value(),
            sampling=replace(request.sampling, temperature=self._temperature()),
            by=self.graded_by.value,
            judge=str(self.judge_path or ""),
            judge_prompt=self._prompt if self.graded_by == Basis.JUDGE else "",
            answers=amount if limit == "answers" else None,
            tokens=amount if limit == "tokens" else None,
            minutes=float(amount) if limit == "minutes" else None,
        )

    def _temperature(self) -> float:
        """Return the temperature: 0 for one answer per task, the likeliest."""
        return round(self.temperature.value(), 2) if self.samples.value() > 1 else 0.0

    def edit_prompt(self) -> None:
        """Open the judge's prompt with its preview."""
        dialog = JudgeDialog(self.desk, self.judge_path, self._prompt, self)
        dialog.chosen.connect(self._take_prompt)
        dialog.open()

    def _row(self) -> FlowRow:
        self.per_family = number_box(1, 10_000)
        self.per_family.setValue(MOST_TASKS)
        self.per_family.setSuffix(" tasks per family")
        self.per_family.setAccessibleName("Tasks per family")
        self.per_family.setToolTip(
            "Maximum training tasks per family. Strategies that are clearly worse stop early, so most"
            " families need fewer answers; more tasks settle closer races."
        )
        self.samples = number_box(1, 100)
        self.samples.setSuffix(" per task")
        self.samples.setAccessibleName("Answers per task and strategy")
        self.samples.setToolTip(
            "Answers per task under each strategy; agreement needs 3 or more. Otherwise another task tells"
            " more than another answer to the same one."
        )
        self.temperature = QDoubleSpinBox()
        indent(self.temperature)
        self.temperature.setRange(0.05, 5.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(TEMPERATURE)
        self.temperature.setPrefix("temperature ")
        self.temperature.setAccessibleName("Temperature")
        self.temperature.setToolTip("How much the answers to one task vary")
        self.basis = QComboBox()
        self.basis.setAccessibleName("How answers are graded")
        for one, text in GRADED.items():
            self.basis.addItem(text, one)
        self.basis.currentIndexChanged.connect(self._choose_basis)
        self.limit = QComboBox()
        self.limit.setAccessibleName("Limit of the measurement")
        self.limit.setToolTip(
            "The measurement ends when this limit is reached; families still open get no choice."
        )
        self.limit.addItem(NO_LIMIT, "")
        for name, (text, _, _) in LIMITS.items():
            self.limit.addItem(text, name)
        self.limit.activated.connect(self._reset_amount)
        self.amount = number_box(1, 1_000_000_000)
        self.amount.setAccessibleName("Limit")
        for box, width in (
            (self.per_family, 19),
            (self.samples, 13),
            (self.temperature, 19),
            (self.amount, 17),
        ):
            box.setFixedWidth(width * GRID)  # their largest numbers would take twice the room
        row = FlowRow()
        for widget in (
            self.per_family,
            self.samples,
            self.temperature,
            self.basis,
            self.limit,
            self.amount,
        ):
            row.addWidget(widget)
        return row

    def _judge_row(self) -> QWidget:
        self.judge_row = QWidget()
        self.judge = ModelPicker(self.desk, "gguf")
        self.judge.setAccessibleName("Judge")
        self.judge.setToolTip("The model that says which answers are correct; a larger one is better")
        self.prompt = button("Prompt…", self.edit_prompt, tip="Read and edit what the judge is asked")
        self.judge_note = label(tone="muted", size="caption")
        row = FlowRow()
        self.judge_row.setLayout(row)
        words = label("Judge", tone="muted")
        words.setBuddy(self.judge)
        for widget in (words, self.judge, self.prompt, self.judge_note):
            row.addWidget(widget)
        return self.judge_row

    def _reset_amount(self) -> None:
        if name := self.limit.currentData():
            self.amount.setValue(LIMITS[name][1])

    def _take_prompt(self, prompt: str) -> None:
        self._prompt = prompt
        self._edited()

    def _choose_basis(self) -> None:
        """Ask for as many answers per task as agreement needs to be told from luck."""
        if self.graded_by == Basis.AGREEMENT and self.samples.value() < ByAgreement.least_samples:
            self.samples.setValue(SAMPLES_TO_AGREE)

    def _edited(self) -> None:
        self.basis.setToolTip(ABOUT_BASES[self.graded_by])
        self.temperature.setVisible(self.samples.value() > 1)
        self.judge_row.setVisible(self.graded_by == Basis.JUDGE)
        self.judge_note.setText("own prompt" if self._prompt else "")
        name = self.limit.currentData()
        self.amount.setVisible(bool(name))
        if name:
            self.amount.setSuffix(LIMITS[name][2])
        self.changed.emit()
