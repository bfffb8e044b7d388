"""Titles of columns in as many lines as they need."""

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QRect, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QHeaderView

from orca_desk.ui.theme import GRID, grown

AROUND = 20, 14  # px beside and above a title; see style.qss
LEAST, MOST = 6 * GRID, 14 * GRID  # px, of the height; a longer title is cut


class WrappedHeader(QHeaderView):
    """The header of a table whose columns share its width: it grows as they become narrower."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.AlignmentFlag(Qt.TextFlag.TextWordWrap))
        self.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setSectionsClickable(True)
        self.setFixedHeight(grown(LEAST))
        self._later = QTimer(self, singleShot=True, interval=0)  # when all sections have their widths
        self._later.timeout.connect(self._fit)
        self.sectionResized.connect(self._soon)

    def setModel(self, model: QAbstractItemModel | None) -> None:  # noqa: N802 - Qt's name
        """Follow the titles of a model."""
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self._soon)
            model.headerDataChanged.connect(self._soon)

    def _soon(self, *_: Any) -> None:
        self._later.start()

    def _fit(self) -> None:
        """Take the height of the title with the most lines."""
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        metrics, model, (beside, above) = QFontMetrics(font), self.model(), AROUND
        tallest = 0
        for column in range(self.count()):
            title = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
            room = QRect(0, 0, self.sectionSize(column) - beside, grown(MOST))
            tallest = max(tallest, metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, title).height())
        height = max(grown(LEAST), min(tallest + above, grown(MOST)))
        if height != self.height():
            self.setFixedHeight(height)
            self.geometriesChanged.emit()
