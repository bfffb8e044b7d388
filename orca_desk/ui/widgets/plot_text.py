"""The text of plots in the size that the user has chosen."""

import pyqtgraph as pg

from orca_desk.ui.theme import GRID, font, grown

LEFT = 9 * GRID  # px that the left axis takes where plots share it


def fit_axes(plot: pg.PlotItem, *, shared: bool = False) -> None:
    """Give the axes of a plot their text size: at first, and after each change of the theme.

    With `shared`, the left axis is as wide as those of the plots above and below.
    """
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.enableAutoSIPrefix(False)
        axis.setStyle(tickFont=font("caption"), tickLength=-4)
        axis.label.setFont(font("caption"))
    if shared:
        plot.getAxis("left").setWidth(grown(LEFT))
