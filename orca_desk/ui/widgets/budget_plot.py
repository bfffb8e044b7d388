"""The plot of an answer budget: the share of correct answers by allowed tokens, with its 95% interval.

Import it only to plot: pyqtgraph and numpy take a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.method.budget import BudgetCurve
from orca_desk.ui.theme import GRID, Role, Theme, grown
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.plot_text import fit_axes
from orca_desk.ui.widgets.still_plot import hold_still
from orca_desk.ui.widgets.text import label

DASHES = (
    (Qt.PenStyle.SolidLine, "━━"),
    (Qt.PenStyle.DashLine, "╍╍"),
    (Qt.PenStyle.DotLine, "┈┈"),
    (Qt.PenStyle.DashDotLine, "━┅"),
)
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """One model's curve with its name and colour; the dash tells models of one colour apart."""

    name: str
    role: Role
    curve: BudgetCurve


class BudgetPlot(QWidget):
    """Draws budget curves as steps. `pointed` has the tokens under the mouse."""

    pointed = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: tuple[BudgetLine, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        self._legend = QHBoxLayout()
        self._legend.setSpacing(2 * GRID)
        layout.addLayout(self._legend)
        self._canvas = pg.PlotWidget(background=theme.colours("surface"))
        self._canvas.setAccessibleName("Correct answers by allowed tokens")
        self._canvas.setFixedHeight(grown(36 * GRID))
        self._canvas.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout.addWidget(self._canvas, 1)
        self._plot: pg.PlotItem = self._canvas.getPlotItem()
        self._set_up()
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._canvas.scene().sigMouseMoved.connect(self._point)
        theme.changed.connect(self._draw)

    def show_lines(self, lines: Sequence[BudgetLine]) -> None:
        """Draw the curves of some models."""
        self.lines = tuple(lines)
        self._draw()
        self._plot.setRange(xRange=(0, self.longest or 1), yRange=(-0.02, 1.04), padding=0.02)

    @property
    def longest(self) -> int:
        """The tokens at which the last curve becomes level."""
        return max((line.curve.longest for line in self.lines), default=0)

    def mark(self, tokens: int) -> None:
        """Mark a budget."""
        self._cursor.setPos(tokens)

    def _set_up(self) -> None:
        self._plot.setLabel("left", "Correct")
        self._plot.setLabel("bottom", "Allowed tokens per answer")
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        hold_still(self._plot)  # a budget is read by pointing, or by the box beside the plot
        shares = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
        self._plot.getAxis("left").setTicks([[(share, f"{share:.0%}") for share in shares]])

    def _draw(self) -> None:
        colours = self._theme.colours
        self._canvas.setBackground(colours("surface"))
        self._plot.clear()
        self._plot.showGrid(x=False, y=True, alpha=0.08)
        fit_axes(self._plot, colours)
        clear(self._legend)
        for place, line in enumerate(self.lines):
            self._add(place, line)
        self._legend.addStretch(1)
        self._cursor.setPen(pg.mkPen(colours("muted"), style=Qt.PenStyle.DashLine))
        self._plot.addItem(self._cursor, ignoreBounds=True)
        self._canvas.setAccessibleDescription("\n".join(map(_sentence, self.lines)))

    def _add(self, place: int, line: BudgetLine) -> None:
        colours = self._theme.colours
        style, glyph = DASHES[place % len(DASHES)]
        end = max(self.longest, 1)
        tokens, share = _steps(line.curve, "share", end)
        low, high = (pg.PlotCurveItem(*_steps(line.curve, name, end)) for name in ("low", "high"))
        band = colours(line.role)
        band.setAlphaF(0.12)
        self._plot.addItem(pg.FillBetweenItem(low, high, brush=pg.mkBrush(band)))
        pen = pg.mkPen(colours(line.role), width=2 * self.devicePixelRatioF(), style=style)
        self._plot.addItem(pg.PlotDataItem(tokens, share, pen=pen))
        self._legend.addWidget(label(f"{glyph} {line.name}", size="caption", tone=line.role))

    def _point(self, place: QPointF) -> None:
        box = self._plot.getViewBox()
        if self.lines and box.sceneBoundingRect().contains(place):
            self.pointed.emit(max(0, min(self.longest, round(box.mapSceneToView(place).x()))))


def _steps(curve: BudgetCurve, name: str, end: int) -> tuple[Values, Values]:
    """Return a curve's corners: it stays level from each point to the next, and to `end`."""
    tokens = [point.tokens for point in curve.points]
    values = [getattr(point.accuracy, name) for point in curve.points]
    across = np.repeat(np.array([*tokens, max(end, tokens[-1])], np.float64), 2)[1:-1]
    return across, np.repeat(np.array(values, np.float64), 2)


def _sentence(line: BudgetLine) -> str:
    chosen = [point for place, point in enumerate(line.curve.points) if place % 8 == 0]
    parts = [f"{point.accuracy.share:.0%} within {point.tokens:,} tokens" for point in chosen]
    return f"{line.name}: {', '.join(parts)}."
