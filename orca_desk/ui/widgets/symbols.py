"""Symbols that distinguish plotted models without relying on colour."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from orca_desk.ui.theme import Colours, Role

RADIUS = 5.0  # px
CORNERS: dict[str, Sequence[tuple[float, float]]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "down": ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
}


def draw_symbol(painter: QPainter, middle: QPointF, symbol: str, role: Role, colours: Colours) -> None:
    """Draw a symbol: circle, square, triangle, down, diamond, cross or plus."""
    colour = colours(role)
    painter.setPen(QPen(colours("surface"), 1))
    painter.setBrush(colour)
    if symbol == "circle":
        painter.drawEllipse(middle, RADIUS, RADIUS)
    elif symbol in ("cross", "plus"):
        painter.setPen(QPen(colour, 3))
        painter.drawLines(_strokes(symbol, middle))
    else:
        painter.drawPolygon(QPolygonF([middle + QPointF(x, y) * RADIUS for x, y in CORNERS[symbol]]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _strokes(symbol: str, middle: QPointF) -> list[QPointF]:
    ends = ((-1, -1), (1, 1), (-1, 1), (1, -1)) if symbol == "cross" else ((-1, 0), (1, 0), (0, -1), (0, 1))
    return [middle + QPointF(x, y) * RADIUS for x, y in ends]
