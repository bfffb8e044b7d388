"""A table cell of two lines: what matters, perhaps with an icon, and below it, dim, what it rests on."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QIcon, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.icons import SIZE
from orca_desk.ui.theme import GRID, Theme, font

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 6 * GRID  # px, of a row with two lines


class TwoLines(QStyledItemDelegate):
    """Draws a text of two lines; the model's ForegroundRole and FontRole are the first line's."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw ground and selection as everywhere, then the two lines."""
        self.initStyleOption(option, index)
        text, picture = option.text, QIcon(option.icon)
        option.text, option.icon = "", QIcon()
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        area = QRectF(option.rect).adjusted(GRID, 4, -GRID, -4)
        if not picture.isNull():
            where = QRectF(area.left(), area.center().y() - SIZE / 2, SIZE, SIZE)
            picture.paint(painter, where.toRect())
            area.setLeft(area.left() + SIZE + GRID)
        first, _, second = text.partition("\n")
        half = area.height() / 2
        lines = [(first, option.font, index.data(Qt.ItemDataRole.ForegroundRole), area)]
        if second:
            upper = QRectF(area.left(), area.top(), area.width(), half)
            lower = upper.translated(0, half)
            muted = self._theme.colours("muted")
            lines = [(*lines[0][:3], upper), (second, font("caption"), muted, lower)]
        side = option.displayAlignment & Qt.AlignmentFlag.AlignHorizontal_Mask
        for words, letters, colour, where in lines:
            painter.setFont(letters)
            painter.setPen(colour or self._theme.colours("text"))
            shown = QFontMetricsF(letters).elidedText(words, Qt.TextElideMode.ElideRight, where.width())
            painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return room for two lines."""
        return QSize(super().sizeHint(option, index).width(), HEIGHT)
