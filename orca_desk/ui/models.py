"""The models that pages offer, read in the background when they are first needed."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from orca_desk.inventory.catalogue import catalogue
from orca_desk.library.database import Library
from orca_desk.models.model_file import ModelFile, ModelKind, NotAModel
from orca_desk.ui.background import Background

LOOK_MS = 4_000  # between two looks for files that came or went while the user looks at a window


class ModelList(QObject):
    """All models on this machine. `changed` fires when they have been read and when they have changed.

    Once read, it keeps looking while one of the app's windows is in front: other tools download and delete
    models too. A look reads the headers of new files only.
    """

    changed = Signal()

    def __init__(self, library: Library, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._background = library, background
        self._elsewhere: set[Path] = set()  # models in use that no folder of the catalogue holds
        self.found: list[ModelFile | NotAModel] = []
        self.is_read = False
        self._is_looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

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
        self._timer.start()
        self.changed.emit()

    def _look(self) -> None:
        """Look for changes, unless the last look has not ended: a drive may be slow."""
        if self._is_looking or QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive:
            return
        self._is_looking = True
        library, elsewhere = self._library, sorted(self._elsewhere)
        self._background.run(
            self,
            lambda: catalogue(library, elsewhere),
            self._compare,
            failed=lambda error: self._compare(None),
        )

    def _compare(self, found: list[ModelFile | NotAModel] | None) -> None:
        """Show what was found if it is new; a look that failed says nothing, as the next may succeed."""
        self._is_looking = False
        if found is not None and found != self.found:
            self._show(found)
