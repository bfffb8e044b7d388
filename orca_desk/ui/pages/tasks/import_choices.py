"""What the user chooses for an import: the columns of the fields, and how tasks or answers are taken in."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from orca_desk.formats.columns import FIELDS
from orca_desk.steps.collect.answers_request import AnswersRequest
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.pages.tasks.source_choices import PER_ROW, SourceChoices, grid_of, narrow, place
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.shorten import shorten

# The user can map every field but the id
MAPPED = tuple(field for field in FIELDS if field != "id")
TITLES = {
    "query": "Question",
    "context": "Context",
    "answer": "Answer",
    "choices": "Choices",
    "family": "Family",
    "split": "Split",
    "tags": "Tags",
    "answer_kind": "Answer type",
    "strategy": "Strategy",
}
OWN_STRATEGY = "A strategy of their own"


class ColumnChoices(QWidget):
    """A box for each field, with the file's columns. `chosen` is what the user set.

    `titles` names the fields, by default those of a task.
    """

    changed = Signal()

    def __init__(self, titles: Mapping[str, str] | None = None) -> None:
        super().__init__()
        titles = titles or {field: TITLES[field] for field in MAPPED}
        self.chosen: dict[str, str] = {}
        self.boxes: dict[str, QComboBox] = {}
        grid = grid_of(self)
        for number, field in enumerate(titles):
            box = QComboBox()
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setAccessibleName(f"Column for {titles[field]}")
            box.activated.connect(lambda _, field=field, box=box: self.choose(field, box.currentData()))
            self.boxes[field] = box
            row, column = divmod(number, PER_ROW)
            place(grid, titles[field], box, row, column)

    def choose(self, field: str, column: str) -> None:
        """Read a field of the rows from `column` ("" for none)."""
        self.chosen[field] = column
        self.changed.emit()

    def show_columns(self, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
        """Offer the file's columns, and select those that are read."""
        for field, box in self.boxes.items():
            _fill(box, columns, mapping.get(field, ""))


class ImportChoices(SourceChoices):
    """How a source is read and taken in as tasks."""

    def __init__(self, source: TaskSource, families: Sequence[str]) -> None:
        super().__init__(source, families)
        self.hold = QCheckBox("Hold out")
        self.hold.setToolTip("Overrides what the file says. All variants of a question stay in one split.")
        self.percent = number_box(0, 100)
        self.percent.setValue(20)
        self.percent.setSuffix(" %")
        self.percent.setEnabled(False)
        self.percent.setAccessibleName("Percentage to hold out")
        self.hold.toggled.connect(self.percent.setEnabled)
        self.hold.toggled.connect(lambda _: self.changed.emit())
        self.percent.valueChanged.connect(lambda _: self.typed.start())
        self.existing = QComboBox()
        self.existing.addItem("Leave unchanged", False)
        self.existing.addItem("Replace", True)
        narrow(self.existing)
        held = QHBoxLayout()
        held.addWidget(self.hold)
        held.addWidget(self.percent, 1)
        self.grid.addWidget(label("Evaluation", size="caption", tone="muted"), 0, 1)
        self.grid.addLayout(held, 1, 1)
        place(self.grid, "Tasks already in the library", self.existing, 0, 2)

    def request(self, mapping: Mapping[str, str]) -> ImportRequest:
        """Return what to import and how; `mapping` is what the user set of the columns."""
        return ImportRequest(
            source=self.source,
            mapping=dict(mapping) or None,
            family=self.family_chosen,
            heldout=float(self.percent.value()) if self.hold.isChecked() else None,
            update=bool(self.existing.currentData()),
            encoding=self.encoding_chosen,
            header=self.header_chosen,
            rows_in=self.rows_in_chosen,
        )


class AnswersChoices(SourceChoices):
    """How a source is read and taken in as a model's answers."""

    def __init__(self, source: TaskSource, families: Sequence[str], strategies: Sequence[str]) -> None:
        super().__init__(source, families)
        self.model = QLineEdit()
        self.model.setPlaceholderText("if you know it")
        self.model.setToolTip("Who answered, if the rows do not say")
        self.model.textChanged.connect(lambda _: self.typed.start())
        self.strategy = QComboBox()
        self.strategy.addItem(OWN_STRATEGY, None)
        for name in strategies:
            self.strategy.addItem(name, name)
        narrow(self.strategy)
        self.strategy.activated.connect(lambda _: self.changed.emit())
        self.instruction = QCheckBox("Instruction is the system message")
        self.instruction.setToolTip("For Alpaca's rows: their input is then the question")
        self.instruction.toggled.connect(lambda _: self.changed.emit())
        place(self.grid, "Answered by", self.model, 0, 1)
        place(self.grid, "Rows without a system message", self.strategy, 0, 2)
        self.grid.addWidget(self.instruction, 2, 0, 1, PER_ROW)

    def show_columns(self, columns: Sequence[str]) -> None:
        """Offer to read Alpaca's instruction as the system message, if the file has Alpaca's columns."""
        self.instruction.setVisible({"instruction", "input"} <= {column.casefold() for column in columns})

    def request(self, mapping: Mapping[str, str]) -> AnswersRequest:
        """Return what to import and how; `mapping` is what the user set of the columns."""
        return AnswersRequest(
            source=self.source,
            mapping=dict(mapping) or None,
            instruction_is_system=self.instruction.isChecked(),
            family=self.family_chosen,
            model=self.model.text().strip(),
            without_message=self.strategy.currentData(),
            encoding=self.encoding_chosen,
            header=self.header_chosen,
            rows_in=self.rows_in_chosen,
        )


def _fill(box: QComboBox, columns: Sequence[str], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    box.addItem("–", "")
    for column in columns:
        box.addItem(shorten(column, 60) or "(no name)", column)
    if chosen and box.findData(chosen) < 0:  # several columns of choices
        box.addItem(shorten(chosen, 60), chosen)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
