"""A browser as high as its text, for a conversation that scrolls as a whole."""

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame

from orca_desk.ui.theme import FITS, GRID
from orca_desk.ui.widgets.browser import Browser


class FittingBrowser(Browser):
    """A browser as high as its text, without a frame: what it stands in scrolls."""

    def __init__(self, name: str = "") -> None:
        """`name` is what a screen reader says."""
        super().__init__()
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setProperty("kind", "flat")
        self.setProperty(FITS, True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(self.wordWrapMode().WrapAtWordBoundaryOrAnywhere)
        self.setMinimumWidth(10 * GRID)
        self.document().setDocumentMargin(1)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the conversation."""
        event.ignore()

    def _fit(self) -> None:
        height = math.ceil(self.document().size().height()) + 4
        if height != self.height():
            self.setFixedHeight(height)
