"""Plots that stand still on a page that scrolls.

Import it only to plot: pyqtgraph and numpy take a while.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGraphicsSceneWheelEvent


def hold_still(plot: pg.PlotItem) -> None:
    """Let neither mouse nor wheel move a plot: over its lines and axes, the wheel scrolls the page."""
    plot.getViewBox().setMouseEnabled(x=False, y=False)
    for item in _parts(plot):
        item.wheelEvent = _pass_on


def zoom_with_ctrl(plot: pg.PlotItem) -> None:
    """Let the wheel zoom a plot while Ctrl is held only: without it, it scrolls the page."""
    for item in _parts(plot):
        item.wheelEvent = partial(_zoom, item.wheelEvent)


def _parts(plot: pg.PlotItem) -> tuple[Any, ...]:
    return plot.getViewBox(), plot.getAxis("left"), plot.getAxis("bottom")


def _zoom(zoom: Callable[..., Any], event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
    if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        event.ignore()
    elif axis is None:
        zoom(event)
    else:
        zoom(event, axis)


def _pass_on(event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
    del axis
    event.ignore()
