"""A table cell of two lines: the value, with an optional icon, and its basis in muted text below."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.icons import SIZE
from orca_desk.ui.theme import GRID, Role, Theme, font

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 6 * GRID  # px, of a row with two lines


@dataclass(frozen=True)
class _Line:
    """A line of text with its font and colour."""

    text: str
    letters: QFont
    colour: QColor


class TwoLines(QStyledItemDelegate):
    """Paints a text of two lines; the model's ForegroundRole and FontRole apply to the first line."""

    second: Role = "muted"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the standard background and selection, then the icon and the lines."""
        self.initStyleOption(option, index)
        first, _, second = str(index.data(Qt.ItemDataRole.DisplayRole) or "").partition("\n")
        picture = QIcon(option.icon)
        option.text, option.icon = "", QIcon()
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasDecoration
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        colours = self._theme.colours
        lines = [_Line(first, option.font, index.data(Qt.ItemDataRole.ForegroundRole) or colours("text"))]
        if second:
            lines.append(_Line(second, font("caption"), colours(self.second)))
        painter.save()
        self._draw(painter, QRectF(option.rect).adjusted(GRID, 4, -GRID, -4), option, lines, picture)
        painter.restore()

    def _draw(
        self,
        painter: QPainter,
        area: QRectF,
        option: QStyleOptionViewItem,
        lines: list["_Line"],
        picture: QIcon,
    ) -> None:
        side = option.displayAlignment & Qt.AlignmentFlag.AlignHorizontal_Mask
        if not picture.isNull():
            left = area.left()
            if side & Qt.AlignmentFlag.AlignRight:  # beside the text, wherever that begins
                wide = max(QFontMetricsF(line.letters).horizontalAdvance(line.text) for line in lines)
                left = max(left, area.right() - wide - SIZE - GRID)
            picture.paint(painter, QRectF(left, area.center().y() - SIZE / 2, SIZE, SIZE).toRect())
            area.setLeft(left + SIZE + GRID)
        height = area.height() / len(lines)
        for place, line in enumerate(lines):
            where = QRectF(area.left(), area.top() + place * height, area.width(), height)
            painter.setFont(line.letters)
            painter.setPen(line.colour)
            shown = QFontMetricsF(line.letters).elidedText(
                line.text, Qt.TextElideMode.ElideRight, where.width() + 1
            )
            painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of two lines."""
        return QSize(super().sizeHint(option, index).width(), HEIGHT)
