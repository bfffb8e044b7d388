"""Ask the teacher once more for a record: under another strategy, or with another seed."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.strategies import current_strategies
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.erase.review import Compared
from orca_desk.ui.desk import Desk
from orca_desk.ui.model_list import ModelPicker
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import indent, number_box
from orca_desk.ui.widgets.text import button, label

WARM = 0.7  # with greedy sampling another seed would give the same answer
HIGHEST_SEED = 2**31 - 1


class RegenerateDialog(QDialog):
    """Chooses with what to ask again. `asked` comes with the model, the strategy and the sampling."""

    asked = Signal(object, str, object)

    def __init__(self, desk: Desk, compared: Compared, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self.compared = desk, compared
        made = compared.stored.record.provenance
        self.setWindowTitle("Ask the teacher again")
        self.setMinimumWidth(56 * GRID)
        self.strategy = QComboBox()
        self.strategy.addItem(compared.stored.record.strategy)
        self.seed = number_box(0, HIGHEST_SEED)
        self.seed.setValue((made.sampling.seed + 1) % HIGHEST_SEED)
        self.temperature = QDoubleSpinBox()
        indent(self.temperature)
        self.temperature.setRange(0.0, 5.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(made.sampling.temperature or WARM)
        self.temperature.setToolTip("0 is greedy: always the likeliest token, whatever the seed")
        self.model = ModelPicker(desk, "gguf", prefer="mini-teacher")
        if compared.maker is not None:
            self.model.choose(compared.maker.path)
        self.note = label(size="caption", tone="muted", wrap=True)
        self.ask = button("Ask the teacher", self._ask, primary=True)
        self.ask.setDefault(True)
        self._lay_out()
        self.temperature.valueChanged.connect(self._explain)
        self.strategy.currentIndexChanged.connect(self._explain)
        self.model.chosen.connect(self._explain)
        library = desk.library
        desk.background.run(self, lambda: list(current_strategies(library)), self._offer)
        self._explain()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Begin at the strategy."""
        super().showEvent(event)
        self.strategy.setFocus()

    def sampling(self) -> Sampling:
        """Return the sampling of the record, with the chosen seed and temperature."""
        before = self.compared.stored.record.provenance.sampling
        return replace(before, seed=self.seed.value(), temperature=round(self.temperature.value(), 2))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.addRow("&Strategy", self.strategy)
        form.addRow("Se&ed", self.seed)
        form.addRow("&Temperature", self.temperature)
        form.addRow("&Model", self.model)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Cancel", self.reject))
        row.addWidget(self.ask)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        whole.setSpacing(2 * GRID)
        whole.addWidget(label("Ask the teacher again", size="heading", bold=True))
        whole.addWidget(
            label("A new record is made of the same task; this one stays as it is.", tone="muted")
        )
        whole.addLayout(form)
        whole.addWidget(self.note)
        whole.addLayout(row)

    def _offer(self, names: list[str]) -> None:
        chosen = self.compared.stored.record.strategy
        self.strategy.clear()
        self.strategy.addItems(names)
        self.strategy.setCurrentIndex(max(0, self.strategy.findText(chosen)))

    def _explain(self, *_: object) -> None:
        model: ModelFile | None = self.model.model()
        self.ask.setEnabled(model is not None)
        same = self.strategy.currentText() == self.compared.stored.record.strategy
        if self.compared.maker is None:
            note = "The model that made this record was not found here: choose one."
        elif same and not self.temperature.value():
            note = "At temperature 0 the answer under the same strategy will be the same again."
        else:
            note = ""
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _ask(self) -> None:
        model = self.model.model()
        if model is not None:
            self.asked.emit(model, self.strategy.currentText(), self.sampling())
            self.accept()
