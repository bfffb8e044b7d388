"""A plot that stands still: the wheel scrolls the page, wherever in the plot the mouse is."""

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.still_plot import hold_still, zoom_with_ctrl


@pytest.fixture
def canvas(qtbot: QtBot) -> pg.PlotWidget:
    made = pg.PlotWidget()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.getPlotItem().plot([0, 1], [0, 1])
    made.show()
    return made


@pytest.mark.parametrize("part", ["lines", "left", "bottom"])
def test_the_wheel_is_left_to_the_page(canvas: pg.PlotWidget, part: str) -> None:
    hold_still(canvas.getPlotItem())
    assert not turn(canvas, part)


@pytest.mark.parametrize("part", ["lines", "left", "bottom"])
def test_the_wheel_zooms_while_ctrl_is_held(canvas: pg.PlotWidget, part: str) -> None:
    zoom_with_ctrl(canvas.getPlotItem())
    assert not turn(canvas, part)
    assert turn(canvas, part, Qt.KeyboardModifier.ControlModifier)


def turn(
    canvas: pg.PlotWidget,
    part: str,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> bool:
    """Turn the wheel over a part of the plot; return whether that zoomed it, rather than left to the page."""
    plot = canvas.getPlotItem()
    item = plot.getViewBox() if part == "lines" else plot.getAxis(part)
    at = QPointF(canvas.mapFromScene(item.sceneBoundingRect().center()))
    before = plot.viewRange()
    wheel = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), wheel)
    assert wheel.isAccepted() == (plot.viewRange() != before)
    return wheel.isAccepted()
