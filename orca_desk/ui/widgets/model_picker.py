"""A box to select a model from."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile, ModelKind
from orca_desk.ui.desk import Desk


class ModelPicker(QComboBox):
    """Selects a model of some types by name. `chosen` fires with each new selection, by user or program."""

    chosen = Signal(object)

    def __init__(self, desk: Desk, *kinds: ModelKind, prefer: str = "") -> None:
        """`prefer` is a part of the path of the model to select first."""
        super().__init__()
        self._desk, self._kinds, self._prefer = desk, kinds, prefer
        self._wanted: Path | None = None
        self.setMinimumContentsLength(24)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentIndexChanged.connect(self._announce)
        desk.models.changed.connect(self._fill)
        if desk.models.is_read:
            self._fill()
        else:
            desk.models.read()

    def selected(self) -> ModelFile | None:
        """Return the selected model, or None while there is none."""
        chosen: ModelFile | None = self.currentData()
        return chosen

    def choose(self, path: Path) -> None:
        """Select the model at `path` as soon as it is listed."""
        self._wanted = path
        for place in range(self.count()):
            if self.itemData(place).path == path:
                self.setCurrentIndex(place)

    def _fill(self) -> None:
        before = self.selected()
        wanted = self._wanted or (before.path if before else None)
        self.blockSignals(True)
        self.clear()
        for model in self._desk.models.of(*self._kinds):
            self.addItem(f"{model.name}  ·  {model.quantisation}, {human_bytes(model.size_bytes)}", model)
        paths = [self.itemData(place).path for place in range(self.count())]
        if wanted in paths:
            self.setCurrentIndex(paths.index(wanted))
        else:
            preferred = (
                n for n, path in enumerate(paths) if self._prefer and self._prefer in path.as_posix()
            )
            self.setCurrentIndex(next(preferred, 0 if paths else -1))
        self.blockSignals(False)
        if self.selected() != before:
            self._announce()

    def _announce(self) -> None:
        self.chosen.emit(self.selected())
