"""Curves of trainings: the loss, the validation loss, the learning rate, and a readout.

Import it only to plot: pyqtgraph and numpy take a while.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, Role, Theme, font
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu, PlotTable
from orca_desk.ui.widgets.plot_text import fit_axes
from orca_desk.ui.widgets.series import Axis, TrainingPoints
from orca_desk.ui.widgets.still_plot import zoom_with_ctrl
from orca_desk.ui.widgets.text import label, set_tone

REDRAW_MS = 200  # at most five times per second, however fast events arrive
BUCKETS = 400  # ranges of steps, each drawn as its lowest and highest loss
MARKED = 150  # points of the validation loss and of the learning rate
RATES = 13 * GRID  # px, the least height of the learning rate with its axis
LEAST = 1e-9  # a loss of 0 cannot appear on a logarithmic axis
DASH: Sequence[Qt.PenStyle] = (
    Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine,
)  # fmt: skip
MARKS = ("d", "s", "t", "o")  # of validation losses: diamond, square, triangle and circle
GLYPHS, LINES = ("◆", "■", "▼", "●"), ("━━", "╍╍", "┈┈", "━┅")
COMPARED: Sequence[Role] = ("student", "accent", "teacher", "text", "bad", "base")
Roles = tuple[Role, Role]  # of the loss and of the validation loss
AXES: dict[Axis, str] = {"step": "Step", "tokens": "Tokens", "seconds": "Seconds of training"}


class TrainingCurves(TrainingPoints):
    """The curves of one training: loss, smoothed loss, validation loss and the saved checkpoint."""

    def __init__(
        self, plot: pg.PlotItem, rates: pg.PlotItem | None, *, name: str, place: int, roles: Roles
    ) -> None:
        """`place` is 0 for the first training shown; it selects the lines and marks."""
        super().__init__()
        self.name, self.place, self.roles = name, place, roles
        self.axis: Axis = "step"
        self.best: tuple[float, float] | None = None
        # Only the smoothed lines are antialiased: dashes and antialiasing take long to draw.
        self._raw = plot.plot()
        self._smooth = plot.plot(antialias=True)
        self._evaluation = plot.plot()
        self._best = plot.plot()
        self._rate = None if rates is None else rates.plot(antialias=True)

    @property
    def is_shown(self) -> bool:
        """Whether the curves are drawn."""
        return bool(self._smooth.isVisible())

    def show(self, shown: bool) -> None:
        """Draw the curves, or leave them out."""
        for item in (self._raw, self._smooth, self._evaluation, self._best, self._rate):
            if item is not None:
                item.setVisible(shown)

    def draw(self, low: float, high: float) -> None:
        """Plot the points from `low` to `high` on the axis, thinned out so that the cost stays constant."""
        low, high = self.step_at(low, self.axis), self.step_at(high, self.axis)
        raw, smooth = self.loss.lines(low, high, BUCKETS)
        for item, (steps, values) in (
            (self._raw, raw),
            (self._smooth, smooth),
            (self._evaluation, self.evaluation.some(low, high, MARKED)),
        ):
            item.setData(self.across(steps, self.axis), np.maximum(values, LEAST))
        best = np.array([self.best[0]] if self.best else [], np.float64)
        loss = [max(self.best[1], LEAST)] if self.best else []
        self._best.setData(self.across(best, self.axis), loss)
        if self._rate is not None:
            steps, rates = self.rate.some(low, high, MARKED)
            self._rate.setData(self.across(steps, self.axis), rates)

    def paint(self, theme: Theme, ratio: float) -> None:
        """Apply the colours of the theme. `ratio` is device pixels per pixel, which pens need."""
        colours = theme.colours
        own, evaluated = map(colours, self.roles)
        style = DASH[self.place % len(DASH)]
        self._raw.setPen(pg.mkPen(colours.tint(self.roles[0], 0.35), width=ratio))
        self._smooth.setPen(pg.mkPen(own, width=2 * ratio, style=style))
        self._evaluation.setPen(pg.mkPen(colours.tint(self.roles[1], 0.6), width=ratio))
        self._evaluation.setSymbol(MARKS[self.place % len(MARKS)])
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
    """The loss of some trainings by step, tokens or time; with `rates`, the learning rate below it.

    `figure` is the part that a picture shows. Of several trainings, a click on a name shows or hides one.
    """

    def __init__(self, theme: Theme, *, rates: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[TrainingCurves] = []
        self.redraws = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        self._legend = FlowRow(spacing=GRID)
        self.axis = QComboBox()
        for axis, words in AXES.items():
            self.axis.addItem(words, axis)
        self.axis.setAccessibleName("What the curves are plotted over")
        self.axis.setToolTip("Plot over steps, tokens, or the seconds that the steps took")
        self.axis.activated.connect(lambda _: self._set_axis())
        self.logarithmic = QCheckBox("Logarithmic")
        self.logarithmic.setToolTip("Show the loss on a logarithmic axis, which spreads out small values")
        self.logarithmic.toggled.connect(self._set_logarithmic)
        self._top = top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addStretch(1)
        top.addWidget(label("Over", size="caption", tone="muted"))
        top.addWidget(self.axis)
        top.addWidget(self.logarithmic)
        layout.addLayout(top)
        self.figure = _Figure()
        self.figure.setAccessibleName("Loss curves")
        self.figure.setToolTip("Ctrl and the wheel zoom, dragging moves, a double click shows all")
        layout.addWidget(self.figure, 1)
        layout = QVBoxLayout(self.figure)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._legend)
        self.readout = label(" ", size="caption", tone="muted", wrap=True)
        self.readout.setWordWrap(True)
        self.readout.setMinimumWidth(1)  # a long readout must not widen the page
        layout.addWidget(self.readout)
        self._canvas = pg.GraphicsLayoutWidget()
        self._canvas.setAccessibleName("Loss curves")
        self._canvas.setToolTip("Scroll to zoom; double-click to show all steps.")
        self._least = (34 if rates else 20) * GRID
        self._canvas.setMinimumHeight(self._least)
        self._canvas.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._canvas.ci.setContentsMargins(0, 0, 0, 0)
        self._canvas.ci.setSpacing(GRID)
        layout.addWidget(self._canvas, 1)
        self._plot = self._make_plot(0, "Loss<br>(nats per token)", "" if rates else "Step")
        self._rates = self._make_plot(1, "Learning<br>rate", "Step") if rates else None
        if self._rates is not None:
            self._rates.setXLink(self._plot)
            self._rates.setMinimumHeight(RATES)
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

    def set_height(self, height: int) -> None:
        """Draw the plots this high (px), or as high as their axes need."""
        self._canvas.setMinimumHeight(max(self._least, height))

    def show_runs(self, names: Sequence[str]) -> list[TrainingCurves]:
        """Clear the plot for trainings with these names; return their empty curves."""
        for plot in (self._plot, self._rates):
            if plot is not None:
                for item in plot.listDataItems():
                    plot.removeItem(item)
        roles = _roles(len(names))
        self.runs = [
            TrainingCurves(self._plot, self._rates, name=name, place=place, roles=roles[place])
            for place, name in enumerate(names)
        ]
        for run in self.runs:
            run.axis = self.axis.currentData()
        self._fill_legend(names, roles)
        self._paint()
        self._plot.enableAutoRange()
        self.redraw()
        return self.runs

    def hide_runs(self, names: Collection[str]) -> None:
        """Leave out the curves of the trainings with these names."""
        for place, run in enumerate(self.runs):
            item = self._legend.itemAt(place)
            box = item.widget() if item is not None else None
            if run.name in names and isinstance(box, QCheckBox):
                box.setChecked(False)

    def offer_saving(self, desk: Desk, notice: Notice, *, name: str) -> PlotMenu:
        """Offer to save picture and values, as files whose names begin with `name`."""
        menu = PlotMenu(desk, self.figure, notice, name=name, table=self.table)
        button = menu.make_button()
        self._top.addWidget(button)
        QWidget.setTabOrder(self.logarithmic, button)
        return menu

    def table(self) -> PlotTable:
        """Return every point of the trainings that are shown: a row per step, and one per validation."""
        headers = ("training", "step", "tokens", "seconds", "loss", "learning_rate", "validation_loss")
        rows: list[Sequence[Any]] = []
        for run in self.runs:
            if not run.is_shown:
                continue
            validations = dict(
                zip(run.evaluation.steps.tolist(), run.evaluation.values.tolist(), strict=True)
            )
            losses = dict(zip(run.loss.steps.tolist(), run.loss.values.tolist(), strict=True))
            rates = dict(zip(run.rate.steps.tolist(), run.rate.values.tolist(), strict=True))
            steps = sorted({*losses, *validations})
            at = np.array(steps, np.float64)
            tokens, seconds = (run.across(at, axis) for axis in ("tokens", "seconds"))
            rows += [
                (run.name, int(step), round(tokens[place]), round(float(seconds[place]), 3), losses.get(step),
                 rates.get(step), validations.get(step))
                for place, step in enumerate(steps)
            ]  # fmt: skip
        return headers, rows

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
        zoom_with_ctrl(plot)
        if not bottom:
            plot.getAxis("bottom").setStyle(showValues=False)
        return plot

    def _fill_legend(self, names: Sequence[str], roles: Sequence[Roles]) -> None:
        clear(self._legend)
        entries: list[tuple[str, Role]] = []
        for place, name in enumerate(names):
            line, glyph = LINES[place % len(LINES)], GLYPHS[place % len(GLYPHS)]
            if len(names) > 1:
                self._legend.addWidget(self._toggle(self.runs[place], f"{line} {name}  {glyph} validation"))
                continue
            entries.append((f"{line} {name or 'Loss'}", roles[place][0]))
            entries.append((f"{glyph} {'validation' if name else 'Validation loss'}", roles[place][1]))
        entries.append(("★ Saved checkpoint" if len(names) == 1 else "★ Saved", "good"))
        for text, tone in entries:
            self._legend.addWidget(label(text, size="caption", tone=tone))

    def _toggle(self, run: TrainingCurves, text: str) -> QCheckBox:
        """Return the entry of the legend that shows or hides the curves of one of several trainings."""
        box = QCheckBox(text)
        box.setFont(font("caption"))
        box.setChecked(True)
        box.setToolTip(f"Show or hide the curves of {run.name}")
        set_tone(box, run.roles[0])

        def show(shown: bool) -> None:
            run.show(shown)
            self._plot.enableAutoRange()
            self.redraw()

        box.toggled.connect(show)
        return box

    def _set_axis(self) -> None:
        for run in self.runs:
            run.axis = self.axis.currentData()
        (self._rates or self._plot).setLabel("bottom", AXES[self.axis.currentData()])
        self._plot.enableAutoRange()
        self.redraw()

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
        if self._rates is not None:  # from 0: around a constant rate there would be an axis from -0.5 to 0.5
            highest = max((float(run.rate.values.max()) for run in self.runs if len(run.rate)), default=0.0)
            self._rates.setYRange(0, 1.1 * highest or 1, padding=0)
        if not self._cursor.isVisible():
            self._read(None)

    def _paint(self) -> None:
        colours = self._theme.colours
        self._canvas.setBackground(colours("surface"))
        for plot in (self._plot, self._rates):
            if plot is None:
                continue
            plot.showGrid(x=True, y=True, alpha=0.08)
            fit_axes(plot, colours, shared=True)
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
        at = self._plot.getViewBox().mapSceneToView(place).x() if inside else None
        if at is not None:
            self._cursor.setPos(at)
        self._read(at)

    def _read(self, at: float | None) -> None:
        """Show the values nearest to a place on the axis, by default the newest."""
        lines = [
            f"{run.name} {_read_out(run, None if at is None else run.step_at(at, run.axis))}".strip()
            for run in self.runs
            if run.is_shown
        ]
        self.readout.setText("  ·  ".join(filter(None, lines)) or " ")
        self._canvas.setAccessibleDescription(self.readout.text())

    def _zoomed(self) -> None:
        """Redraw after a zoom, with the detail that fits."""
        if not self._plot.getViewBox().autoRangeEnabled()[0]:
            self.redraw()

    def _show_whole(self, event: Any) -> None:
        if event.double():
            self._plot.enableAutoRange()
            self.redraw()


class _Figure(QWidget):
    """As high at the least as its legend needs at the present width; Qt's own hint is for the narrowest."""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the height that the new width needs."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            QTimer.singleShot(0, self, self._fit)  # the layout that resizes it would not hear now

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            self.setMinimumHeight(layout.totalMinimumHeightForWidth(self.width()))


def _roles(count: int) -> tuple[Roles, ...]:
    """Return the colours of so many trainings; lines and marks tell those of one colour apart."""
    if count == 1:
        return (("student", "accent"),)
    return tuple((role, role) for role in (COMPARED[place % len(COMPARED)] for place in range(count)))


def _read_out(run: TrainingCurves, step: float | None) -> str:
    place = run.loss.nearest(float("inf") if step is None else step)
    if place is None:
        return ""
    at, value, smooth = run.loss.steps[place], run.loss.values[place], run.loss.smooth[place]
    evaluated, rate = run.evaluation.nearest(at), run.rate.nearest(at)
    if run.name:  # of two compared trainings, show only what is compared
        evaluation = "" if evaluated is None else f", validation {run.evaluation.values[evaluated]:.4g}"
        return f"step {at:,.0f}: loss {smooth:.4g}{evaluation}"
    parts = [f"Step {at:,.0f}", f"loss {value:.4g} (smoothed {smooth:.4g})"]
    if evaluated is not None:
        where = run.evaluation.steps[evaluated]
        parts.append(f"validation loss {run.evaluation.values[evaluated]:.4g} (step {where:,.0f})")
    if rate is not None:
        parts.append(f"learning rate {run.rate.values[rate]:.3g}")
    return " · ".join(parts)
