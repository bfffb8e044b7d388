"""The room of a page: as wide as reads well, and scrolled where the window is smaller than the page needs."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from orca_desk.ui.theme import GRID

WIDEST = 220 * GRID  # px; on a wider screen a page stays in the middle, unless its `widest` is another
WIDE_PANES = 320 * GRID  # px, of a page whose panes share the room, so that no line of text gets too long


class PageArea(QScrollArea):
    """Gives a page all the room there is, or, with scroll bars, the least that it needs.

    Qt's own resizing would scroll a page that is smaller than it would like to be, such as a table, although
    the page still fits.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self.page = page
        self._widest: int = getattr(page, "widest", WIDEST)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setWidget(page)
        self.viewport().setAutoFillBackground(False)
        page.setAutoFillBackground(False)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit a page whose content has changed."""
        if watched is self.page and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the page into the new room."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return next to nothing: the page scrolls."""
        return QSize(0, 0)

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent, None, self)
        width = max(min(room.width(), self._widest), self._least().width())
        height = self._least_height(width)
        if height > room.height() - (bar if width > room.width() else 0):
            width = max(min(room.width() - bar, self._widest), self._least().width())
            height = self._least_height(width)
        below = bar if width > room.width() else 0
        self.page.resize(width, max(room.height() - below, height))

    def _least_height(self, width: int) -> int:
        layout = self.page.layout()
        if layout is not None and layout.hasHeightForWidth():
            return max(layout.minimumHeightForWidth(width), self.page.minimumHeight())
        return self._least().height()

    def _least(self) -> QSize:
        return self.page.minimumSizeHint().expandedTo(self.page.minimumSize())
