"""The models that pages offer, read in the background when they are first needed."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from orca_desk.inventory.catalogue import catalogue
from orca_desk.library.database import Library
from orca_desk.models.model_file import ModelFile, ModelKind, NotAModel
from orca_desk.ui.background import Background


class ModelList(QObject):
    """All models on this machine. `changed` fires each time they have been read."""

    changed = Signal()

    def __init__(self, library: Library, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._background = library, background
        self._elsewhere: set[Path] = set()  # models in use that no folder of the catalogue holds
        self.found: list[ModelFile | NotAModel] = []
        self.is_read = False

    def read(self) -> None:
        """Read the catalogue of models again."""
        library, elsewhere = self._library, sorted(self._elsewhere)
        self._background.run(self, lambda: catalogue(library, elsewhere), self._show, only_newest="read")

    def look_for(self, path: Path) -> None:
        """List the model at `path` too, if there is one."""
        if path not in self._elsewhere:
            self._elsewhere.add(path)
            self.read()

    def of(self, *kinds: ModelKind) -> list[ModelFile]:
        """Return the usable models of some types."""
        return [one for one in self.found if isinstance(one, ModelFile) and one.kind in kinds]

    def _show(self, found: list[ModelFile | NotAModel]) -> None:
        self.found, self.is_read = found, True
        self.changed.emit()
