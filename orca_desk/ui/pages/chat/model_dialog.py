"""The dialog that asks for the model of a column."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QVBoxLayout, QWidget

from orca_desk.inventory.serving import AdapterDoubt, adapter_doubt
from orca_desk.inventory.templates import Overrides
from orca_desk.library.trainings import Training
from orca_desk.steps.chat.models import ChatModel, part_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.models import DOUBTS
from orca_desk.ui.words.tidying import run_title

ADAPTERS = "An adapter only works with the model that it was trained on."


class ModelDialog(QDialog):
    """Asks for a model file and perhaps an adapter; `chosen` carries the ChatModel."""

    chosen = Signal(object)

    def __init__(
        self, desk: Desk, trainings: Sequence[Training], now: ChatModel | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._trainings = list(trainings)
        self.setWindowTitle("Model of this column")
        self.setMinimumWidth(60 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        form = QFormLayout()
        form.setSpacing(GRID)
        self.model = ModelPicker(desk, "gguf")
        if now:
            self.model.choose(now.model)
        self.adapter = QComboBox()
        self.adapter.addItem("No adapter (base model only)", None)
        for one in self._trainings:
            self.adapter.addItem(f"{run_title(one.run)}, on {one.base.name}", one.adapter_gguf)
        for file in desk.models.of("adapter"):
            if file.path.suffix == ".gguf" and file.path not in self._adapters():
                self.adapter.addItem(file.name, file.path)
        if now and now.adapter:
            self.choose_adapter(now.adapter)
        form.addRow("&Model", self.model)
        form.addRow("&Adapter", self.adapter)
        layout.addLayout(form)
        self._desk = desk
        self.doubt = label(ADAPTERS, size="caption", tone="muted", wrap=True)
        layout.addWidget(self.doubt)
        self.use = button("Use this model", self._choose, primary=True)
        layout.addWidget(dialog_buttons(self, self.use))
        self.model.chosen.connect(self._check_adapter)
        self.adapter.currentIndexChanged.connect(self._check_adapter)
        self._check_adapter()

    def choose_adapter(self, path: Path) -> None:
        """Select an adapter if it is on offer."""
        if path in self._adapters():
            self.adapter.setCurrentIndex(self._adapters().index(path))

    def _adapters(self) -> list[Path | None]:
        return [self.adapter.itemData(index) for index in range(self.adapter.count())]

    def _check_adapter(self) -> None:
        """Find out whether the adapter belongs to the model."""
        model, adapter, library = self.model.path, self.adapter.currentData(), self._desk.library
        self._show_doubt(None)
        self._desk.background.run(
            self,
            lambda: (
                adapter_doubt(adapter, model, overrides=Overrides.of(library)) if adapter and model else None
            ),
            self._show_doubt,
            only_newest="doubt",
        )

    def _show_doubt(self, doubt: AdapterDoubt | None) -> None:
        self.doubt.setText(DOUBTS[doubt] if doubt else ADAPTERS)
        set_tone(self.doubt, "warn" if doubt else "muted")
        self.use.setEnabled(doubt != "other")

    def _choose(self) -> None:
        model = self.model.selected()
        if model is None:
            return
        adapter: Path | None = self.adapter.currentData()
        training = next((one.id for one in self._trainings if one.adapter_gguf == adapter), "")
        bases = [one.base for one in self._trainings]
        self.chosen.emit(
            ChatModel(
                part=part_of(model.path, adapter, bases),
                model=model.path,
                adapter=adapter,
                training=training if adapter else "",
            )
        )
        self.accept()
