"""The models that pages offer, read once in the background and again when the user adds one."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QComboBox

from orca_desk.inventory.catalogue import catalogue
from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile, ModelKind, NotAModel

if TYPE_CHECKING:
    from orca_desk.ui.desk import Desk


class ModelList(QObject):
    """All models of the catalogue. `changed` comes when they were read."""

    changed = Signal()

    def __init__(self, desk: "Desk") -> None:
        super().__init__(desk)
        self._desk = desk
        self.found: list[ModelFile | NotAModel] = []
        self.is_read = False
        desk.changed.connect(lambda parts: self.read() if "models" in parts else None)

    def read(self) -> None:
        """Look through all places again."""
        library = self._desk.library
        self._desk.background.run(self, lambda: catalogue(library), self._show, only_newest="read")

    def of(self, *kinds: ModelKind) -> list[ModelFile]:
        """Return the usable models of some kinds."""
        return [one for one in self.found if isinstance(one, ModelFile) and one.kind in kinds]

    def _show(self, found: list[ModelFile | NotAModel]) -> None:
        self.found, self.is_read = found, True
        self.changed.emit()


class ModelPicker(QComboBox):
    """Chooses a model of some kinds by name. `chosen` comes with each other choice, whoever makes it."""

    chosen = Signal(object)

    def __init__(self, desk: "Desk", *kinds: ModelKind, prefer: str = "") -> None:
        """`prefer` is part of the path of the model to choose at first."""
        super().__init__()
        self._desk, self._kinds, self._prefer = desk, kinds, prefer
        self._wanted: Path | None = None
        self.setMinimumContentsLength(24)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentIndexChanged.connect(self._tell)
        desk.models.changed.connect(self._fill)
        if desk.models.is_read:
            self._fill()
        else:
            desk.models.read()

    def model(self) -> ModelFile | None:
        """Return the chosen model, or None while there is none."""
        chosen: ModelFile | None = self.currentData()
        return chosen

    def choose(self, path: Path) -> None:
        """Choose the model at `path`, as soon as it is known."""
        self._wanted = path
        for place in range(self.count()):
            if self.itemData(place).path == path:
                self.setCurrentIndex(place)

    def _fill(self) -> None:
        before = self.model()
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
        if self.model() != before:
            self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self.model())
