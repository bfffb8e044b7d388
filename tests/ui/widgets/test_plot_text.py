"""The axes of plots show the values themselves."""

import pyqtgraph as pg
import pytest
from pytestqt.qtbot import QtBot

from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.plot_text import fit_axes


@pytest.mark.parametrize(
    ("high", "tick", "text"), [(0.005, 0.002, "0.002"), (0.9, 0.5, "0.5"), (3e9, 1e9, "1e+09")]
)
def test_small_and_large_values_are_not_scaled(
    theme: Theme, qtbot: QtBot, high: float, tick: float, text: str
) -> None:
    view = pg.GraphicsLayoutWidget()
    qtbot.addWidget(view)
    plot = view.addPlot()
    plot.setLabel("left", "Learning rate")
    view.show()
    fit_axes(plot, theme.colours)
    axis = plot.getAxis("left")
    axis.setRange(0, high)
    assert axis.tickStrings([tick], axis.autoSIPrefixScale * axis.scale, tick) == [text]
