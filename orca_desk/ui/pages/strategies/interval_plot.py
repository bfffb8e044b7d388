"""What was measured for one family, at a glance: a dot with its interval per strategy, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from orca_desk.ui.theme import GRID, Colours, Theme, font, grown
from orca_desk.ui.widgets.plot_menu import PlotTable
from orca_desk.ui.widgets.text import safe_tip

ROW = 22  # px
AXIS = 20  # px, below the rows
RADIUS = 4.5  # px, of a dot
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
WIDEST_NAME = 20 * GRID  # px
NARROWEST_NAME, NARROWEST_PLOT = 8 * GRID, 10 * GRID
# A filled dot: measured to be the choice; a ring with a point: not worse than the best; a ring: not settled;
# a muted cross: clearly worse
Mark = Literal["chosen", "not worse", "open", "worse"]


@dataclass(frozen=True, kw_only=True)
class IntervalRow:
    """One strategy: its share, 0 to 1, with the interval, what stands at the right, and how it is marked.

    `sentence` says all of it in words. `is_current`: the family has this strategy now.
    """

    title: str
    share: float
    low: float
    high: float
    figures: str
    sentence: str
    mark: Mark = "open"
    is_current: bool = False


class StrategyPlot(QWidget):
    """Paints the rows in the order given; the tooltip and the accessible description give them in words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: tuple[IntervalRow, ...] = ()
        self.setFont(font("caption"))
        self.setMouseTracking(True)
        self.setAccessibleName("Strategies with their intervals")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_rows(self, rows: Sequence[IntervalRow]) -> None:
        """Show other rows."""
        self.rows = tuple(rows)
        self.setAccessibleDescription("\n".join(row.sentence for row in self.rows))
        self.setFixedHeight(self.sizeHint().height())
        self.setVisible(bool(self.rows))
        self.update()

    def table(self) -> PlotTable:
        """Return a row per strategy."""
        headers = ("strategy", "share", "low", "high", "figures")
        return headers, [(row.title, row.share, row.low, row.high, row.figures) for row in self.rows]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of all rows with the scale below them."""
        return QSize(60 * GRID, grown(ROW) * len(self.rows) + grown(AXIS))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show the sentence of the row under the mouse."""
        row = int(event.position().y()) // grown(ROW)
        if 0 <= row < len(self.rows):
            QToolTip.showText(event.globalPosition().toPoint(), safe_tip(self.rows[row].sentence), self)
        else:
            QToolTip.hideText()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint names, intervals, figures and the scale."""
        if not self.rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._theme.colours
        plot = self._plot()
        self._paint_scale(painter, colours, plot)
        for number, row in enumerate(self.rows):
            self._paint_row(painter, colours, plot, row, number * grown(ROW))
        painter.end()

    def _plot(self) -> QRectF:
        """Return where the intervals are painted, between the names and the figures."""
        bold = QFontMetricsF(font("caption", bold=True))
        figures = max(bold.horizontalAdvance(row.figures) for row in self.rows) + 2 * GRID
        names = min(WIDEST_NAME, max(bold.horizontalAdvance(row.title) for row in self.rows) + 3 * GRID)
        names = min(names, max(NARROWEST_NAME, self.width() - NARROWEST_PLOT - figures))
        width = max(NARROWEST_PLOT, self.width() - names - figures)
        return QRectF(names, 0, width, grown(ROW) * len(self.rows))

    def _paint_scale(self, painter: QPainter, colours: Colours, plot: QRectF) -> None:
        middle = Qt.AlignmentFlag.AlignCenter
        painter.setFont(font("caption"))
        for tick in TICKS:
            x = plot.left() + tick * plot.width()
            painter.setPen(QPen(colours("border"), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(colours("muted"))
            painter.drawText(
                QRectF(x - 3 * GRID, plot.bottom(), 6 * GRID, grown(AXIS)), middle, f"{tick:.0%}"
            )

    def _paint_row(
        self, painter: QPainter, colours: Colours, plot: QRectF, row: IntervalRow, top: float
    ) -> None:
        letters = font("caption", bold=row.is_current)
        painter.setFont(letters)
        painter.setPen(colours("muted" if row.mark == "worse" else "text"))
        side = Qt.AlignmentFlag.AlignVCenter
        place = QRectF(0, top, plot.left() - 2 * GRID, grown(ROW))
        title = f"✓ {row.title}" if row.is_current else row.title
        shown = QFontMetricsF(letters).elidedText(title, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, side | Qt.AlignmentFlag.AlignLeft, shown)
        figures = QRectF(plot.right() + 2 * GRID, top, self.width() - plot.right() - 2 * GRID, grown(ROW))
        painter.drawText(figures, side | Qt.AlignmentFlag.AlignLeft, row.figures)
        self._paint_interval(painter, colours, plot, row, top + grown(ROW) / 2)

    def _paint_interval(
        self, painter: QPainter, colours: Colours, plot: QRectF, row: IntervalRow, y: float
    ) -> None:
        def x(share: float) -> float:
            return plot.left() + share * plot.width()

        colour = colours("muted" if row.mark == "worse" else "teacher")
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x(row.low), y), QPointF(x(row.high), y))
        centre = QPointF(x(row.share), y)
        if row.mark == "worse":
            reach = RADIUS - 1
            for across in (-reach, reach):
                painter.drawLine(centre + QPointF(-reach, across), centre + QPointF(reach, -across))
            return
        painter.setBrush(colour if row.mark == "chosen" else colours("surface"))
        painter.drawEllipse(centre, RADIUS, RADIUS)
        if row.mark == "not worse":
            painter.setBrush(colour)
            painter.drawEllipse(centre, 1, 1)
