"""A small curve in a table cell."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.blocks import Index

POINTS = Qt.ItemDataRole.UserRole + 1  # the role of the values: a list of numbers
MARGIN = 6  # px


class Sparkline(QStyledItemDelegate):
    """Paints the numbers of a cell as a line in the student's colour that ends in a dot."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the cell."""
        colours = self._theme.colours
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colours.tint("accent", 0.12))
        values = index.data(POINTS) or []
        if len(values) < 2:
            return
        area = option.rect.adjusted(MARGIN, MARGIN, -MARGIN - 2, -MARGIN)
        low, high = min(values), max(values)
        spread = (high - low) or 1.0
        points = [
            QPointF(
                area.left() + area.width() * place / (len(values) - 1),
                area.bottom() - area.height() * (value - low) / spread,
            )
            for place, value in enumerate(values)
        ]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours("student"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours("student"))
        painter.drawEllipse(points[-1], 2.5, 2.5)
        painter.restore()
