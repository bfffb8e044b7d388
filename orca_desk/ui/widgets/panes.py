"""Panes beside each other, and below each other where the room is too narrow for that."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from orca_desk.ui.theme import GRID

LOWEST = 22 * GRID  # px; the least height of a pane that lies below another


def least_size(pane: QWidget) -> QSize:
    """Return the least size of a pane; its lines of text and of buttons are as many as its width asks for."""
    size, layout = pane.minimumSizeHint().expandedTo(pane.minimumSize()), pane.layout()
    if layout is not None and layout.hasHeightForWidth():
        width = max(pane.width(), size.width())
        size.setHeight(max(size.height(), layout.totalMinimumHeightForWidth(width)))
    return size


class Panes(QSplitter):
    """A splitter whose panes stack when they would not fit beside each other.

    Stacked panes need more height than width: a page scrolls then. The sizes that the user chose are those of
    panes side by side: they come back with the room.
    """

    def __init__(self, *panes: QWidget, stretches: Sequence[int] = (), narrow: int = 0) -> None:
        """`narrow` px is the width below which the panes stack although they would fit."""
        super().__init__(Qt.Orientation.Horizontal)
        self._narrow = narrow
        self._beside = QByteArray()  # the state with the panes side by side, while they are stacked
        self.setChildrenCollapsible(False)
        for place, pane in enumerate(panes):
            self.addWidget(pane)
            self.setStretchFactor(place, stretches[place] if stretches else 1)

    @property
    def is_stacked(self) -> bool:
        """Whether the panes lie below each other."""
        return self.orientation() == Qt.Orientation.Vertical

    def saveState(self) -> QByteArray:  # noqa: N802 - Qt's name
        """Return the sizes of the panes side by side, also while they are stacked."""
        return self._beside if self.is_stacked else super().saveState()

    def restoreState(self, state: "QByteArray | bytes | bytearray | memoryview[int]") -> bool:  # noqa: N802 - Qt's name
        """Take the sizes of the panes side by side; stacked panes have them when they are so again."""
        if self.is_stacked:
            self._beside = QByteArray(bytes(state)) if not isinstance(state, QByteArray) else state
            return True
        return super().restoreState(state)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Stack the panes, or put them side by side, as the new width asks for."""
        self._arrange(event.size().width())
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()  # the panes' lines may be more or fewer now

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the widest pane, and the height that the present arrangement needs."""
        sizes = self._least()
        width = max((size.width() for size in sizes), default=0)
        heights = [max(size.height(), LOWEST) if self.is_stacked else size.height() for size in sizes]
        if not self.is_stacked:
            return QSize(width, max(heights, default=0))
        return QSize(width, sum(heights) + self.handleWidth() * max(len(heights) - 1, 0))

    def _arrange(self, width: int) -> None:
        sizes = self._least()
        needed = sum(size.width() for size in sizes) + self.handleWidth() * max(len(sizes) - 1, 0)
        must_stack = len(sizes) > 1 and width < max(needed, self._narrow)
        if must_stack == self.is_stacked:
            return
        if must_stack:
            self._beside = super().saveState()
            self.setOrientation(Qt.Orientation.Vertical)
            self.setSizes([max(LOWEST, pane.sizeHint().height()) for pane in self._panes()])
        else:
            self.setOrientation(Qt.Orientation.Horizontal)
            super().restoreState(self._beside)
        self.updateGeometry()

    def _least(self) -> list[QSize]:
        """Return the least sizes of the panes that are not hidden."""
        return [least_size(pane) for pane in self._panes() if not pane.isHidden()]

    def _panes(self) -> list[QWidget]:
        panes = (self.widget(place) for place in range(self.count()))
        return [pane for pane in panes if pane is not None]
