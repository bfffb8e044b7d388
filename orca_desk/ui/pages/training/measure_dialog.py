"""Measure an untrained student on the training tasks, for snapshots of what is learnable."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.models.pace import TimeRange
from orca_desk.steps.defaults import chosen_batch, chosen_threads
from orca_desk.steps.train.base_request import SAMPLES, BaseRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.training.jobs import measuring_job_size, start_measuring
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.progress import between

ABOUT = (
    "The student answers the training tasks several times before any training, under the system message of "
    "the snapshot. Tasks that it always or never solves can then be left out. The job can be resumed."
)


class MeasureDialog(QDialog):
    """Asks for the student and the number of answers. `started` has the job."""

    started = Signal(object)

    def __init__(self, desk: Desk, instruction: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self._instruction = desk, instruction
        self.setWindowTitle("Measure a student")
        self.resize(72 * GRID, 36 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Measure a student", size="heading", bold=True))
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        self.student = ModelPicker(desk, "safetensors", "gguf", prefer=mini_student().name)
        self.student.setAccessibleName("Student")
        self.samples, self.per_family = number_box(1, 100), number_box(0, 1_000_000)
        self.samples.setValue(SAMPLES)
        self.samples.setToolTip(
            "More answers per task show more reliably whether it is always or never solved."
        )
        self.per_family.setSpecialValueText("all")
        self.per_family.setGroupSeparatorShown(True)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("S&tudent", self.student)
        form.addRow("&Answers per task", self.samples)
        form.addRow("Tasks per &family", self.per_family)
        layout.addLayout(form)
        self.count = label("", size="caption", tone="muted", wrap=True)
        layout.addWidget(self.count)
        layout.addStretch(1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.start_button = button("Measure", self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.start_button))
        for signal in (self.samples.valueChanged, self.per_family.valueChanged, self.student.chosen):
            signal.connect(self._count)
        self._count()

    def request(self) -> BaseRequest | None:
        """Return what is selected; None without a student."""
        model = self.student.selected()
        if model is None:
            return None
        library = self.desk.library
        return BaseRequest(
            model=str(model.path),
            per_family=self.per_family.value(),
            samples=self.samples.value(),
            instruction=self._instruction,
            batch=chosen_batch(library) or 0,
            threads=chosen_threads(library) or 0,
        )

    def accept(self) -> None:
        """Start the measurement as a job, and close."""
        request = self.request()
        if request is None:
            self.notice.show_error(UserError("Select a student.", "Add a model on the Models page."))
            return
        self.started.emit(start_measuring(self.desk, request))
        super().accept()

    def _count(self) -> None:
        """Say how many answers the student is to give."""
        request, library = self.request(), self.desk.library
        self.start_button.setEnabled(request is not None)
        if request is None:
            self.count.setText("There is no student to measure.")
            return
        self.desk.background.run(
            self,
            lambda: measuring_job_size(library, request),
            self._show_count,
            failed=self.notice.show_error,
            only_newest="count",
        )

    def _show_count(self, found: tuple[int, TimeRange]) -> None:
        (tasks, time), samples = found, self.samples.value()
        self.start_button.setEnabled(tasks > 0)
        if not tasks:
            self.count.setText("No training task has a reference answer.")
            return
        self.count.setText(
            f"{counted(tasks, 'training task')} with a reference, "
            f"{counted(tasks * samples, 'answer')} of at most 256 tokens. "
            f"It takes {between(time.low, time.high)}: rough, from the speed of this machine."
        )
