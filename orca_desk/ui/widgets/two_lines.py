"""A table cell of two lines: the value, with an optional icon, and its basis in muted text below."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.icons import SIZE
from orca_desk.ui.theme import GRID, Role, Theme, font, grown

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 6 * GRID  # px, of a row with two lines
SMALLEST = 0.8  # of a size: smaller letters are hard to read


@dataclass(frozen=True)
class _Line:
    """A line of text with its font and colour."""

    text: str
    letters: QFont
    colour: QColor


class TwoLines(QStyledItemDelegate):
    """Paints a text of two lines; the model's ForegroundRole and FontRole apply to the first line.

    `tight` is for narrow columns: less room beside the text, and smaller letters in a line that would be cut
    off.
    """

    second: Role = "muted"

    def __init__(self, theme: Theme, *, tight: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._tight = tight

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
        side = GRID // 2 if self._tight else GRID
        area = QRectF(option.rect).adjusted(side, 4, -side, -4)
        lines = [_Line(first, option.font, index.data(Qt.ItemDataRole.ForegroundRole) or colours("text"))]
        if second:
            lines.append(_Line(second, font("caption"), colours(self.second)))
        if self._tight:
            lines = [replace(line, letters=fitting(line.text, line.letters, area.width())) for line in lines]
        painter.save()
        self._draw(painter, area, option, lines, picture)
        painter.restore()

    def _draw(
        self,
        painter: QPainter,
        area: QRectF,
        option: QStyleOptionViewItem,
        lines: list["_Line"],
        picture: QIcon,
    ) -> None:
        edge = option.displayAlignment & Qt.AlignmentFlag.AlignHorizontal_Mask
        if not picture.isNull():
            side = grown(SIZE)
            left = area.left()
            if edge & Qt.AlignmentFlag.AlignRight:  # beside the text, wherever that begins
                wide = max(QFontMetricsF(line.letters).horizontalAdvance(line.text) for line in lines)
                left = max(left, area.right() - wide - side - GRID)
            picture.paint(painter, QRectF(left, area.center().y() - side / 2, side, side).toRect())
            area.setLeft(left + side + GRID)
        height = area.height() / len(lines)
        for place, line in enumerate(lines):
            where = QRectF(area.left(), area.top() + place * height, area.width(), height)
            painter.setFont(line.letters)
            painter.setPen(line.colour)
            shown = QFontMetricsF(line.letters).elidedText(
                line.text, Qt.TextElideMode.ElideRight, where.width() + 1
            )
            painter.drawText(where, edge | Qt.AlignmentFlag.AlignVCenter, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of two lines."""
        return QSize(super().sizeHint(option, index).width(), HEIGHT)


def fitting(text: str, letters: QFont, width: float) -> QFont:
    """Return the font, made as much smaller as a text of this width needs, down to `SMALLEST`."""
    made = QFont(letters)
    size = made.pointSizeF()
    while QFontMetricsF(made).horizontalAdvance(text) > width and made.pointSizeF() > SMALLEST * size + 0.01:
        made.setPointSizeF(max(SMALLEST * size, made.pointSizeF() - 0.05 * size))
    return made
