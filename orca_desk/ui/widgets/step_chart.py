"""A measure of several families over the steps of a training: one line stands out, with its intervals.

Import it only to plot: pyqtgraph and numpy take a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from orca_desk.ui.theme import GRID, Role, Theme, font, grown
from orca_desk.ui.widgets.plot_menu import PlotTable
from orca_desk.ui.widgets.plot_text import fit_axes
from orca_desk.ui.widgets.still_plot import hold_still

SHARES = (0, 0.2, 0.4, 0.6, 0.8, 1.0)
LABEL_HEIGHT = 0.06  # of a name at the end of a line, as a share of the vertical axis


@dataclass(frozen=True, kw_only=True)
class StepPoint:
    """A value at a step of the training, with its interval where it has one."""

    step: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """The points of one family, or of all together."""

    name: str
    points: tuple[StepPoint, ...]


class StepChart(QWidget):
    """Draws lines over steps, each named at its last point; `show_lines` says which one stands out."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.lines: tuple[StepLine, ...] = ()
        self.chosen = ""
        self._top = 1.0  # of the vertical axis
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._canvas = pg.PlotWidget()
        self._canvas.setFixedHeight(grown(34 * GRID))
        self._canvas.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout.addWidget(self._canvas)
        self._plot: pg.PlotItem = self._canvas.getPlotItem()
        self._plot.setLabel("bottom", "Step of the training; 0 is the base")
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        hold_still(self._plot)
        theme.changed.connect(self._draw)

    def show_lines(self, lines: Sequence[StepLine], chosen: str, *, unit: str, is_share: bool) -> None:
        """Draw these lines; `chosen` names the one that stands out, `unit` what they measure."""
        self.lines, self.chosen = tuple(lines), chosen
        self._plot.setLabel("left", unit)
        self._plot.getAxis("left").setTicks(
            [[(share, f"{share:.0%}") for share in SHARES]] if is_share else None
        )
        last = max((line.points[-1].step for line in lines if line.points), default=1)
        values = [one.high or one.value for line in lines for one in line.points]
        self._top = 1.0 if is_share else max(values, default=1.0)
        self._plot.setRange(xRange=(0, last * 1.12), yRange=(0, self._top), padding=0.03)
        self._canvas.setAccessibleName(f"{unit} over the training")
        self._canvas.setAccessibleDescription("\n".join(sentence(line, is_share) for line in self.lines))
        self._draw()

    def table(self) -> PlotTable:
        """Return a row per line and step."""
        headers = ("family", "step", "value", "low", "high")
        return headers, [
            (line.name, one.step, one.value, one.low, one.high) for line in self.lines for one in line.points
        ]

    def _draw(self) -> None:
        colours = self._theme.colours
        self._canvas.setBackground(colours("surface"))
        self._plot.clear()
        self._plot.showGrid(x=False, y=True, alpha=0.08)
        fit_axes(self._plot, colours)
        drawn = [line for line in self.lines if line.points]
        places = apart([line.points[-1].value for line in drawn], LABEL_HEIGHT * self._top)
        for line, place in sorted(
            zip(drawn, places, strict=True), key=lambda one: one[0].name == self.chosen
        ):
            self._add(line, place, stands_out=line.name == self.chosen)

    def _add(self, line: StepLine, place: float, *, stands_out: bool) -> None:
        colours = self._theme.colours
        role: Role = "student" if stands_out else "muted"
        steps = np.array([one.step for one in line.points], np.float64)
        values = np.array([one.value for one in line.points], np.float64)
        colour = colours(role)
        width = (2.5 if stands_out else 1.0) * self.devicePixelRatioF()
        ends = [one for one in line.points if one.low is not None and one.high is not None]
        if stands_out and ends:
            at = np.array([one.step for one in ends], np.float64)
            middle = np.array([one.value for one in ends], np.float64)
            bottom = middle - np.array([one.low for one in ends], np.float64)
            top = np.array([one.high for one in ends], np.float64) - middle
            pen = pg.mkPen(colour, width=self.devicePixelRatioF())
            self._plot.addItem(
                pg.ErrorBarItem(x=at, y=middle, top=top, bottom=bottom, beam=steps[-1] / 80 or 1, pen=pen)
            )
        self._plot.addItem(
            pg.PlotDataItem(
                steps,
                values,
                pen=pg.mkPen(colour, width=width),
                symbol="o",
                symbolSize=8 if stands_out else 5,
                symbolBrush=colour,
                symbolPen=pg.mkPen(colours("surface"), width=1),
                antialias=True,
            )
        )
        name = pg.TextItem(line.name, color=colours("text" if stands_out else "muted"), anchor=(0, 0.5))
        name.setFont(font("caption", bold=stands_out))
        name.setPos(steps[-1], place)
        self._plot.addItem(name, ignoreBounds=True)


def apart(values: Sequence[float], gap: float) -> list[float]:
    """Return places near `values`, in their order, at least `gap` apart and none above the highest value."""
    order = sorted(range(len(values)), key=lambda index: values[index], reverse=True)
    places = list(values)
    for above, index in pairwise(order):
        places[index] = min(places[index], places[above] - gap)
    return places


def sentence(line: StepLine, is_share: bool) -> str:
    """Return a line's values in words, for a screen reader and below the chart."""
    parts = [
        f"{'base' if one.step == 0 else f'step {one.step:,}'}: {_value(one, is_share)}" for one in line.points
    ]
    return f"{line.name}, {'; '.join(parts)}"


def _value(point: StepPoint, is_share: bool) -> str:
    if not is_share:
        return f"{point.value:.0f}"
    if point.low is None or point.high is None:
        return f"{point.value:.0%}"
    return f"{point.value:.0%} ({point.low:.0%} to {point.high:.0%})"
