"""Draws an experiment's plot of dots with intervals: the same numbers that its report draws."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from orca_desk.steps.experiment.plots import ROW, IntervalPlot, PlotRow
from orca_desk.ui.theme import GRID, Colours, Role, Theme, font
from orca_desk.ui.widgets.plot_menu import PlotTable

DOT, MARK = 4.5, 2.0  # px, radii of a row's dot and of one seed's below it
MARKS_BELOW = 7.0  # px
SMALLEST = 0.4  # of its own size; the table has the same numbers
ROLES: dict[str, Role] = {"base": "base", "student": "student", "better": "good", "worse": "bad"}


class IntervalPlotView(QWidget):
    """Shows one plot in its own width, or smaller where there is less room. A hollow dot is not clear."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.plot: IntervalPlot | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()
        theme.changed.connect(self.update)

    def show_plot(self, plot: IntervalPlot | None) -> None:
        """Show a plot; nothing for None."""
        self.setVisible(plot is not None)
        if plot is None or plot == self.plot:
            return
        self.plot = plot
        self.setMaximumWidth(self.sizeHint().width())
        self.updateGeometry()
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription("\n".join(f"{row.label}: {row.value}." for row in plot.rows))
        self.update()

    def table(self) -> PlotTable:
        """Return a row per dot: its label and its value with the interval, in words."""
        rows = self.plot.rows if self.plot is not None else ()
        return ("row", "value"), [(row.label, row.value) for row in rows]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the drawing, with its title above and its axis below."""
        if self.plot is None:
            return QSize(0, 0)
        return QSize(round(self.plot.width), round(self.plot.height) + ROW)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at which the text is still legible."""
        return self.sizeHint() * SMALLEST

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the plot."""
        if self.plot is None:
            return
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min(1.0, self.width() / self.plot.width)
        painter.scale(scale, scale)
        painter.setFont(font("caption", bold=True))
        painter.setPen(colours("text"))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, self.plot.width, ROW), left, self.plot.title)
        painter.translate(0, ROW)
        painter.setFont(font("caption"))
        self._draw_axis(painter, self.plot, colours)
        for row in self.plot.rows:
            self._draw_row(painter, self.plot, row, colours)
        painter.end()

    def _draw_axis(self, painter: QPainter, plot: IntervalPlot, colours: Colours) -> None:
        bottom = ROW * len(plot.rows)
        for x, text in plot.lines:
            painter.setPen(QPen(colours("muted" if x == plot.zero else "border"), 1))
            painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
            painter.setPen(colours("muted"))
            box = QRectF(x - 4 * GRID, bottom, 8 * GRID, ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_row(self, painter: QPainter, plot: IntervalPlot, row: PlotRow, colours: Colours) -> None:
        colour = colours(ROLES.get(row.role, "muted"))
        side = Qt.AlignmentFlag.AlignVCenter
        top = row.y - ROW / 2
        painter.setPen(colours("text"))
        room = plot.left - 2 * GRID
        label = painter.fontMetrics().elidedText(row.label, Qt.TextElideMode.ElideRight, round(room))
        painter.drawText(QRectF(0, top, room, ROW), Qt.AlignmentFlag.AlignLeft | side, label)
        value = QRectF(plot.right + 1.5 * GRID, top, plot.width - plot.right - 1.5 * GRID, ROW)
        painter.drawText(value, Qt.AlignmentFlag.AlignLeft | side, row.value)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(row.low, row.y), QPointF(row.high, row.y))
        painter.setBrush(colour if row.role in ROLES else colours("surface"))
        painter.drawEllipse(QPointF(row.at, row.y), DOT, DOT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for mark in row.marks:
            painter.drawEllipse(QPointF(mark, row.y + MARKS_BELOW), MARK, MARK)
