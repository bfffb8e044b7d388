"""Plots that stand still on a page that scrolls.

Import it only to plot: pyqtgraph and numpy take a while.
"""

import pyqtgraph as pg
from PySide6.QtWidgets import QGraphicsSceneWheelEvent


def hold_still(plot: pg.PlotItem) -> None:
    """Let neither mouse nor wheel move a plot: over its lines and axes, the wheel scrolls the page."""
    plot.getViewBox().setMouseEnabled(x=False, y=False)
    for item in (plot.getViewBox(), plot.getAxis("left"), plot.getAxis("bottom")):
        item.wheelEvent = _pass_on


def _pass_on(event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
    del axis
    event.ignore()
