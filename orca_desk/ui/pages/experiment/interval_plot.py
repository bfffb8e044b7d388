"""Draws an experiment's plot of dots with intervals: the same numbers that its report draws."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from orca_desk.steps.experiment.plots import ROW, IntervalPlot, PlotRow
from orca_desk.ui.theme import GRID, Colours, Role, Theme, font, grown
from orca_desk.ui.widgets.plot_menu import PlotTable

DOT, MARK = 4.5, 2.0  # px, radii of a row's dot and of one seed's below it
MARKS_BELOW = 7.0  # px
NARROWEST = 14 * GRID  # px, of what is drawn between labels and values
ROLES: dict[str, Role] = {"base": "base", "student": "student", "better": "good", "worse": "bad"}
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


class IntervalPlotView(QWidget):
    """Shows one plot. A hollow dot is not clear.

    With less room the part between labels and values shrinks; then each label, and at last each value too,
    gets a line of its own above its interval. The letters keep their size.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.plot: IntervalPlot | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()
        theme.changed.connect(self._fit)

    def show_plot(self, plot: IntervalPlot | None) -> None:
        """Show a plot; nothing for None."""
        self.setVisible(plot is not None)
        if plot is None or plot == self.plot:
            return
        self.plot = plot
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription("\n".join(f"{row.label}: {row.value}." for row in plot.rows))
        self._fit()

    def table(self) -> PlotTable:
        """Return a row per dot: its label and its value with the interval, in words."""
        rows = self.plot.rows if self.plot is not None else ()
        return ("row", "value"), [(row.label, row.value) for row in rows]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the drawing with its title above and its axis below, in its own width."""
        if self.plot is None:
            return QSize(0, 0)
        return QSize(grown(self.plot.width), self._height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width: that of a value above its interval."""
        return QSize(self._values, self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Take the height that the lines of the rows need at this width."""
        super().resizeEvent(event)
        self.setFixedHeight(self._height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the plot."""
        if self.plot is None:
            return
        painter, colours = QPainter(self), self._theme.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("caption", bold=True))
        painter.setPen(colours("text"))
        painter.drawText(QRectF(0, 0, self.width(), grown(ROW)), LEFT, self.plot.title)
        painter.translate(0, grown(ROW))
        painter.setFont(font("caption"))
        self._draw_axis(painter, self.plot, colours)
        for place, row in enumerate(self.plot.rows):
            self._draw_row(painter, row, place * self._lines * grown(ROW), colours)
        painter.end()

    @property
    def _labels(self) -> int:
        """The width of the labels beside the intervals."""
        return grown(self.plot.left) if self.plot is not None else 0

    @property
    def _values(self) -> int:
        """The width of the values."""
        return grown(self.plot.width - self.plot.right) if self.plot is not None else 0

    @property
    def _lines(self) -> int:
        """The number of lines of a row: label, value and interval in one, or more of them apart."""
        beside = self._values + grown(NARROWEST)
        return 1 + sum(self.width() < room for room in (self._labels + beside, beside))

    @property
    def _across(self) -> tuple[float, float]:
        """Where the intervals are drawn, left and right; the axis' outer texts are as wide as a margin."""
        margin = grown(3 * GRID)
        left = self._labels if self._lines == 1 else margin
        return left, self.width() - (self._values if self._lines < 3 else margin)

    def _height(self) -> int:
        if self.plot is None:
            return 0
        return grown(ROW) * (self._lines * len(self.plot.rows) + 2)

    def _fit(self) -> None:
        self.setMaximumWidth(self.sizeHint().width())
        self.setFixedHeight(self._height())
        self.updateGeometry()
        self.update()

    def _x(self, plot: IntervalPlot, place: float) -> float:
        """Return where a place of the plot is on the screen."""
        left, right = self._across
        return left + (place - plot.left) / (plot.right - plot.left) * (right - left)

    def _draw_axis(self, painter: QPainter, plot: IntervalPlot, colours: Colours) -> None:
        line, lines = grown(ROW), self._lines
        bottom = line * lines * len(plot.rows)
        tops = [0] if lines == 1 else [line * (lines * (row + 1) - 1) for row in range(len(plot.rows))]
        for place, text in plot.lines:
            x = self._x(plot, place)
            painter.setPen(QPen(colours("muted" if place == plot.zero else "border"), 1))
            for top in tops:  # not through labels above the intervals
                painter.drawLine(QPointF(x, top), QPointF(x, bottom if lines == 1 else top + line))
            painter.setPen(colours("muted"))
            half = grown(4 * GRID)
            painter.drawText(QRectF(x - half, bottom, 2 * half, line), CENTRE, text)

    def _draw_row(self, painter: QPainter, row: PlotRow, top: float, colours: Colours) -> None:
        assert self.plot is not None
        line, lines = grown(ROW), self._lines
        colour = colours(ROLES.get(row.role, "muted"))
        painter.setPen(colours("text"))
        room = self._labels - 2 * GRID if lines == 1 else self.width()
        label = painter.fontMetrics().elidedText(row.label, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(0, top, room, line), LEFT, label)
        below = top + (lines - 1) * line
        beside = self._across[1] + 1.5 * GRID
        value = QRectF(beside, below, self.width() - beside, line)
        if lines == 3:
            value = QRectF(0, top + line, self.width(), line)
        painter.drawText(value, LEFT, row.value)
        y = below + line / 2
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(self._x(self.plot, row.low), y), QPointF(self._x(self.plot, row.high), y))
        painter.setBrush(colour if row.role in ROLES else colours("surface"))
        painter.drawEllipse(QPointF(self._x(self.plot, row.at), y), DOT, DOT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for mark in row.marks:
            painter.drawEllipse(QPointF(self._x(self.plot, mark), y + MARKS_BELOW), MARK, MARK)
