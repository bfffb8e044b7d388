"""The axes of plots, in the colours of the theme and the text size that the user has chosen."""

import pyqtgraph as pg

from orca_desk.ui.theme import GRID, Colours, font, grown

LEFT = 10 * GRID  # px that the left axis takes where plots share it


def fit_axes(plot: pg.PlotItem, colours: Colours, *, shared: bool = False) -> None:
    """Give the axes of a plot their colours and text size: at first, and after each change of the theme.

    With `shared`, the left axis is as wide as those of the plots above and below.
    """
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setSIPrefixEnableRanges(())  # by itself the next line leaves values below 1 times 1000
        axis.enableAutoSIPrefix(False)
        axis.setStyle(tickFont=font("caption"), tickLength=-4)
        axis.label.setFont(font("caption"))
        axis.setPen(pg.mkPen(colours("border")))
        axis.setTextPen(pg.mkPen(colours("muted")))
        axis.setTickPen(pg.mkPen(colours("muted"), width=1))
        axis.label.setDefaultTextColor(colours("muted"))
    if shared:
        plot.getAxis("left").setWidth(grown(LEFT))
