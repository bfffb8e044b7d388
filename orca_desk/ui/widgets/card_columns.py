"""Cards in as many columns as have room, each as wide as lines of text read well."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.ui.theme import GRID

NARROWEST = 68 * GRID  # px, of a column beside another
WIDEST = 105 * GRID  # px; longer lines read badly


class CardColumns(QWidget):
    """Groups of cards, a column each where the width allows it; else the first columns have several groups.

    A card stays in its column whatever becomes of the others, so that nothing jumps while one is in use.
    """

    def __init__(self, *groups: Sequence[QWidget]) -> None:
        super().__init__()
        self._groups = groups
        self.columns = 0
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        self._lines = [QVBoxLayout() for _ in groups]
        for line in self._lines:
            line.setSpacing(2 * GRID)
            line.addStretch(1)
            row.addLayout(line)
        for card in (card for group in groups for card in group):
            card.setMaximumWidth(WIDEST)
            card.setParent(self)  # in this order, which Tab follows
        self._arrange(1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Take as many columns as the new width has room for; what they do not need stays at the right."""
        super().resizeEvent(event)
        width = event.size().width()
        self._arrange(columns_in(width, len(self._groups)))
        most = self.columns * (WIDEST + 2 * GRID) - 2 * GRID
        self._row.setContentsMargins(0, 0, max(0, width - most), 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the widest card: in less room there is one column."""
        cards = [card for group in self._groups for card in group if not card.isHidden()]
        least = [card.minimumSizeHint().expandedTo(card.minimumSize()).width() for card in cards]
        return QSize(max(least, default=0), 0)

    def _arrange(self, columns: int) -> None:
        if columns == self.columns:
            return
        before, self.columns = self.columns, columns
        for place, group in enumerate(self._groups):
            for card in group:
                # Not `takeAt`: Qt would go on telling the item that Python still holds of the card's changes
                self._lines[place % max(before, 1)].removeWidget(card)
                line = self._lines[place % columns]
                line.insertWidget(line.count() - 1, card)
        for place in range(len(self._lines)):
            self._row.setStretch(place, 1 if place < columns else 0)  # an empty line would have its share


def columns_in(width: int, most: int) -> int:
    """Return how many columns, from 1 to `most`, have room in a width in px."""
    return max(1, min(most, (width + 2 * GRID) // (NARROWEST + 2 * GRID)))
