"""The dialog that regenerates an answer with another strategy or another seed."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.strategies import current_strategies
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.erase.review import ReviewItem
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.settings_form import indent, number_box
from orca_desk.ui.widgets.text import button, label

TITLE = "Regenerate answer"
DEFAULT_TEMPERATURE = 0.7  # for a greedy record: at temperature 0 another seed changes nothing
HIGHEST_SEED = 2**31 - 1


class RegenerateDialog(QDialog):
    """Lets the user choose how to ask again. `requested` carries the model, the strategy and the sampling."""

    requested = Signal(object, str, object)

    def __init__(self, desk: Desk, item: ReviewItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self.item = desk, item
        made = item.stored.record.provenance
        self.setWindowTitle(TITLE)
        self.setMinimumWidth(56 * GRID)
        self.strategy = QComboBox()
        self.strategy.addItem(item.stored.record.strategy)
        self.seed = number_box(0, HIGHEST_SEED)
        before = made.sampling or Sampling()  # that of an imported answer is unknown
        self.seed.setValue((before.seed + 1) % HIGHEST_SEED)
        self.temperature = QDoubleSpinBox()
        indent(self.temperature)
        self.temperature.setRange(0.0, 5.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(before.temperature or DEFAULT_TEMPERATURE)
        self.temperature.setToolTip("0 always picks the most likely token, whatever the seed")
        self.model = ModelPicker(desk, "gguf", prefer="mini-teacher")
        if item.teacher is not None:
            self.model.choose(item.teacher.path)
        self.note = label(size="caption", tone="muted", wrap=True)
        self.regenerate_button = button("Regenerate", self._request, primary=True)
        self._lay_out()
        self.temperature.valueChanged.connect(self._explain)
        self.strategy.currentIndexChanged.connect(self._explain)
        self.model.chosen.connect(self._explain)
        library = desk.library
        desk.background.run(self, lambda: list(current_strategies(library)), self._offer)
        self._explain()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Focus the strategy."""
        super().showEvent(event)
        self.strategy.setFocus()

    def sampling(self) -> Sampling:
        """Return the sampling of the record, with the chosen seed and temperature."""
        before = self.item.stored.record.provenance.sampling or Sampling()
        return replace(before, seed=self.seed.value(), temperature=round(self.temperature.value(), 2))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.addRow("&Strategy", self.strategy)
        form.addRow("Se&ed", self.seed)
        form.addRow("&Temperature", self.temperature)
        form.addRow("&Model", self.model)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        whole.setSpacing(2 * GRID)
        whole.addWidget(label(TITLE, size="heading", bold=True))
        about = "This adds a new record for the same task. The current record stays unchanged."
        whole.addWidget(label(about, tone="muted", wrap=True))
        whole.addLayout(form)
        whole.addWidget(self.note)
        whole.addWidget(dialog_buttons(self, self.regenerate_button))

    def _offer(self, names: list[str]) -> None:
        chosen = self.item.stored.record.strategy
        self.strategy.clear()
        self.strategy.addItems(names)
        self.strategy.setCurrentIndex(max(0, self.strategy.findText(chosen)))

    def _explain(self, *_: object) -> None:
        model: ModelFile | None = self.model.selected()
        self.regenerate_button.setEnabled(model is not None)
        same = self.strategy.currentText() == self.item.stored.record.strategy
        if self.item.teacher is None:
            note = "The teacher of this record was not found on this machine. Select a model."
        elif same and not self.temperature.value():
            note = "At temperature 0, the same strategy gives the same answer again."
        else:
            note = ""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _request(self) -> None:
        model = self.model.selected()
        if model is not None:
            self.requested.emit(model, self.strategy.currentText(), self.sampling())
            self.accept()
