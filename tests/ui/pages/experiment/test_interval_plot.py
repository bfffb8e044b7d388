"""The plot of an experiment fits every width, with letters of one size."""

from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from orca_desk.steps.experiment.plots import ROW, IntervalPlot, PlotRow
from orca_desk.ui.pages.experiment.interval_plot import IntervalPlotView
from orca_desk.ui.theme import Theme

ROWS = tuple(
    PlotRow(label=f"Arm {number}", value="50.0% (40-60)", y=13, at=250, low=220, high=300, role="student")
    for number in range(3)
)
PLOT = IntervalPlot(
    title="No message",
    width=500,
    height=4 * ROW,
    left=150,
    right=370,
    rows=ROWS,
    lines=((150, "0%"), (260, "50%"), (370, "100%")),
)


def test_letters_keep_their_size_and_rows_get_more_lines(theme: Theme, qtbot: QtBot) -> None:
    view = IntervalPlotView(theme)
    qtbot.addWidget(view)
    view.show_plot(PLOT)
    view.show()
    heights, titles = {}, []
    for width in (500, 420, 300, 200):
        view.resize(width, 10)
        qtbot.waitUntil(lambda: view.height() > 10)
        heights[width] = view.height() // ROW - 2
        titles.append(view.grab(QRect(0, 0, 100, ROW - 2)).toImage())
    assert heights == {500: 3, 420: 3, 300: 6, 200: 9}
    assert all(title == titles[0] for title in titles)
    assert view.minimumSizeHint().width() <= 200


def test_intervals_stay_in_the_picture(theme: Theme, qtbot: QtBot) -> None:
    """The line of the student's colour ends before the value begins, or before the edge."""
    view = IntervalPlotView(theme)
    qtbot.addWidget(view)
    view.show_plot(PLOT)
    view.show()
    wanted = theme.colours("student").rgb()
    for width in (500, 300, 200):
        view.resize(width, 10)
        qtbot.waitUntil(lambda: view.height() > 10)
        shot = view.grab().toImage()
        ink = [x for x in range(shot.width()) for y in range(shot.height()) if shot.pixel(x, y) == wanted]
        assert min(ink) > 0 and max(ink) < width - 1
        assert max(ink) - min(ink) > 20
