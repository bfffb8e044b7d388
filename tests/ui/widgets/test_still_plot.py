"""A plot that stands still: the wheel scrolls the page, wherever in the plot the mouse is."""

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.still_plot import hold_still


@pytest.mark.parametrize("part", ["lines", "left", "bottom"])
def test_the_wheel_is_left_to_the_page(qtbot: QtBot, part: str) -> None:
    canvas = pg.PlotWidget()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    plot = canvas.getPlotItem()
    plot.plot([0, 1], [0, 1])
    hold_still(plot)
    canvas.show()
    item = plot.getViewBox() if part == "lines" else plot.getAxis(part)
    at = QPointF(canvas.mapFromScene(item.sceneBoundingRect().center()))
    before = plot.viewRange()
    wheel = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), wheel)
    assert not wheel.isAccepted() and plot.viewRange() == before
