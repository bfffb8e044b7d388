"""Curves of trainings: the loss, the validation loss, the learning rate, and a readout.

Import it only to plot: pyqtgraph and numpy take a while.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.ui.theme import GRID, Role, Theme, font
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.series import TrainingPoints
from orca_desk.ui.widgets.text import label

REDRAW_MS = 200  # at most five times per second, however fast events arrive
BUCKETS = 400  # ranges of steps, each drawn as its lowest and highest loss
MARKED = 150  # points of the validation loss and of the learning rate
LEAST = 1e-9  # a loss of 0 cannot appear on a logarithmic axis
DASH: Sequence[Qt.PenStyle] = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
MARKS = ("d", "s")  # of validation losses: diamond and square
GLYPHS, LINES = ("◆", "■"), ("━━", "╍╍")
Roles = tuple[Role, Role]  # of the loss and of the validation loss
ROLES: dict[int, tuple[Roles, ...]] = {
    0: (),
    1: (("student", "accent"),),
    2: (("student", "student"), ("accent", "accent")),
}


class TrainingCurves(TrainingPoints):
    """The curves of one training: loss, smoothed loss, validation loss and the saved checkpoint."""

    def __init__(
        self, plot: pg.PlotItem, rates: pg.PlotItem | None, *, name: str, place: int, roles: Roles
    ) -> None:
        """`place` is 0 for the first training shown; it selects the lines and marks."""
        super().__init__()
        self.name, self.place, self.roles = name, place, roles
        self.best: tuple[float, float] | None = None
        # Only the smoothed lines are antialiased: dashes and antialiasing take long to draw.
        self._raw = plot.plot()
        self._smooth = plot.plot(antialias=True)
        self._evaluation = plot.plot()
        self._best = plot.plot()
        self._rate = None if rates is None else rates.plot(antialias=True)

    def draw(self, low: float, high: float) -> None:
        """Plot the points from step `low` to `high`, thinned out so that the cost stays constant."""
        raw, smooth = self.loss.lines(low, high, BUCKETS)
        evaluation = self.evaluation.some(low, high, MARKED)
        self._raw.setData(raw[0], np.maximum(raw[1], LEAST))
        self._smooth.setData(smooth[0], np.maximum(smooth[1], LEAST))
        self._evaluation.setData(evaluation[0], np.maximum(evaluation[1], LEAST))
        self._best.setData(*([[self.best[0]], [max(self.best[1], LEAST)]] if self.best else [[], []]))
        if self._rate is not None:
            self._rate.setData(*self.rate.some(low, high, MARKED))

    def paint(self, theme: Theme, ratio: float) -> None:
        """Apply the colours of the theme. `ratio` is device pixels per pixel, which pens need."""
        colours = theme.colours
        own, evaluated = map(colours, self.roles)
        style = DASH[self.place]
        self._raw.setPen(pg.mkPen(colours.tint(self.roles[0], 0.35), width=ratio))
        self._smooth.setPen(pg.mkPen(own, width=2 * ratio, style=style))
        self._evaluation.setPen(pg.mkPen(colours.tint(self.roles[1], 0.6), width=ratio))
        self._evaluation.setSymbol(MARKS[self.place])
        self._evaluation.setSymbolSize(9)
        self._evaluation.setSymbolBrush(evaluated)
        self._evaluation.setSymbolPen(pg.mkPen(colours("surface"), width=1))
        self._best.setPen(None)
        self._best.setSymbol("star")
        self._best.setSymbolSize(18)
        self._best.setSymbolBrush(colours("good"))
        self._best.setSymbolPen(pg.mkPen(colours("surface"), width=1))
        if self._rate is not None:
            self._rate.setPen(pg.mkPen(colours("muted"), width=1.5 * ratio))


class Curves(QWidget):
    """The loss of one or two trainings by step; with `rates`, the learning rate below it."""

    def __init__(self, theme: Theme, *, rates: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[TrainingCurves] = []
        self.redraws = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        self._legend = QHBoxLayout()
        self._legend.setSpacing(2 * GRID)
        self.logarithmic = QCheckBox("Logarithmic")
        self.logarithmic.setToolTip("Show the loss on a logarithmic axis, which spreads out small values")
        self.logarithmic.toggled.connect(self._set_logarithmic)
        top = QHBoxLayout()
        top.addLayout(self._legend)
        top.addStretch(1)
        top.addWidget(self.logarithmic)
        layout.addLayout(top)
        self.readout = label(" ", size="caption", tone="muted")
        self.readout.setMinimumWidth(1)  # a long readout must not widen the page
        layout.addWidget(self.readout)
        self._canvas = pg.GraphicsLayoutWidget()
        self._canvas.setAccessibleName("Loss curves")
        self._canvas.setToolTip("Scroll to zoom; double-click to show all steps.")
        self._canvas.setMinimumHeight((24 if rates else 20) * GRID)
        self._canvas.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._canvas.ci.setContentsMargins(0, 0, 0, 0)
        self._canvas.ci.setSpacing(GRID)
        layout.addWidget(self._canvas, 1)
        self._plot = self._make_plot(0, "Loss (nats per token)", "" if rates else "Step")
        self._rates = self._make_plot(1, "Learning rate", "Step") if rates else None
        if self._rates is not None:
            self._rates.setXLink(self._plot)
            self._canvas.ci.layout.setRowStretchFactor(0, 5)
            self._canvas.ci.layout.setRowStretchFactor(1, 2)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self._plot.addItem(self._cursor, ignoreBounds=True)
        self._plot.getViewBox().sigXRangeChanged.connect(self._zoomed)
        self._canvas.scene().sigMouseMoved.connect(self._point)
        self._canvas.scene().sigMouseClicked.connect(self._show_whole)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._draw)
        theme.changed.connect(self._paint)
        self._paint()

    def show_runs(self, names: Sequence[str]) -> list[TrainingCurves]:
        """Clear the plot for one or two trainings with these names; return their empty curves."""
        for plot in (self._plot, self._rates):
            if plot is not None:
                for item in plot.listDataItems():
                    plot.removeItem(item)
        roles = ROLES[len(names)]
        self.runs = [
            TrainingCurves(self._plot, self._rates, name=name, place=place, roles=roles[place])
            for place, name in enumerate(names)
        ]
        self._fill_legend(names, roles)
        self._paint()
        self._plot.enableAutoRange()
        self.redraw()
        return self.runs

    def redraw(self) -> None:
        """Redraw the curves soon."""
        if not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Adapt the lines to the density of the screen, known from now on, and draw new points."""
        super().showEvent(event)
        self._paint()
        self.redraw()

    def _make_plot(self, row: int, left: str, bottom: str) -> pg.PlotItem:
        plot = self._canvas.addPlot(row=row, col=0)
        plot.setLabel("left", left)
        plot.setLabel("bottom", bottom)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        plot.getAxis("left").setWidth(9 * GRID)
        for name in ("left", "bottom"):
            axis = plot.getAxis(name)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickFont=font("caption"), tickLength=-4)
            axis.label.setFont(font("caption"))
        if not bottom:
            plot.getAxis("bottom").setStyle(showValues=False)
        return plot

    def _fill_legend(self, names: Sequence[str], roles: Sequence[Roles]) -> None:
        clear(self._legend)
        entries: list[tuple[str, Role]] = []
        for place, name in enumerate(names):
            loss = f"{LINES[place]} {name or 'Loss'}"
            evaluated = "validation" if name else "Validation loss"
            entries.append((loss, roles[place][0]))
            entries.append((f"{GLYPHS[place]} {evaluated}", roles[place][1]))
        entries.append(("★ Saved checkpoint" if len(names) == 1 else "★ Saved", "good"))
        for text, tone in entries:
            self._legend.addWidget(label(text, size="caption", tone=tone))

    def _set_logarithmic(self, on: bool) -> None:
        self._plot.setLogMode(y=on)
        self._plot.enableAutoRange()
        self.redraw()

    def _draw(self) -> None:
        if not self.isVisible():
            return  # showEvent draws it
        self.redraws += 1
        low, high = -np.inf, np.inf
        if not self._plot.getViewBox().autoRangeEnabled()[0]:
            low, high = self._plot.getViewBox().viewRange()[0]
        for run in self.runs:
            run.draw(low, high)
        if not self._cursor.isVisible():
            self._read(None)

    def _paint(self) -> None:
        colours = self._theme.colours
        self._canvas.setBackground(colours("surface"))
        for plot in (self._plot, self._rates):
            if plot is None:
                continue
            plot.showGrid(x=True, y=True, alpha=0.08)
            for name in ("left", "bottom"):
                axis = plot.getAxis(name)
                axis.setPen(pg.mkPen(colours("border")))
                axis.setTextPen(pg.mkPen(colours("muted")))
                axis.setTickPen(pg.mkPen(colours("muted"), width=1))
                axis.label.setDefaultTextColor(colours("muted"))
        self._cursor.setPen(pg.mkPen(colours("muted"), style=Qt.PenStyle.DashLine))
        for run in self.runs:
            run.paint(self._theme, self.devicePixelRatioF())

    def _point(self, place: QPointF) -> None:
        """Follow the mouse with a line, and show the values there."""
        inside = any(
            plot is not None and plot.sceneBoundingRect().contains(place)
            for plot in (self._plot, self._rates)
        )
        self._cursor.setVisible(inside)
        step = self._plot.getViewBox().mapSceneToView(place).x() if inside else None
        if step is not None:
            self._cursor.setPos(step)
        self._read(step)

    def _read(self, step: float | None) -> None:
        """Show the values nearest to `step`, by default the newest."""
        lines = [f"{run.name} {_read_out(run, step)}".strip() for run in self.runs]
        self.readout.setText("\n".join(lines) or " ")
        self._canvas.setAccessibleDescription(self.readout.text())

    def _zoomed(self) -> None:
        """Redraw after a zoom, with the detail that fits."""
        if not self._plot.getViewBox().autoRangeEnabled()[0]:
            self.redraw()

    def _show_whole(self, event: Any) -> None:
        if event.double():
            self._plot.enableAutoRange()
            self.redraw()


def _read_out(run: TrainingCurves, step: float | None) -> str:
    place = run.loss.nearest(float("inf") if step is None else step)
    if place is None:
        return ""
    at, value, smooth = run.loss.steps[place], run.loss.values[place], run.loss.smooth[place]
    evaluated, rate = run.evaluation.nearest(at), run.rate.nearest(at)
    if run.name:  # of two compared trainings, show only what is compared
        evaluation = "" if evaluated is None else f", eval {run.evaluation.values[evaluated]:.4g}"
        return f"step {at:,.0f}: loss {value:.4g}, smoothed {smooth:.4g}{evaluation}"
    parts = [f"Step {at:,.0f}", f"loss {value:.4g} (smoothed {smooth:.4g})"]
    if evaluated is not None:
        where = run.evaluation.steps[evaluated]
        parts.append(f"validation loss {run.evaluation.values[evaluated]:.4g} (step {where:,.0f})")
    if rate is not None:
        parts.append(f"learning rate {run.rate.values[rate]:.3g}")
    return " · ".join(parts)
