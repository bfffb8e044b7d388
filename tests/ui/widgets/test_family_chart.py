"""The chart of shares by family: what it shows, says and writes."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.method.statistics import share_of
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.family_chart import FamilyChart, legend_text

SHARES = {
    "base": {"belief": share_of(3, 10), "sums": share_of(1, 10), "overall": share_of(4, 20)},
    "tuned": {"belief": share_of(9, 10), "sums": share_of(8, 10), "overall": share_of(17, 20)},
    "own <b>model</b>": {"belief": share_of(5, 10), "sums": share_of(0, 0)},
}


@pytest.fixture
def chart(theme: Theme, qtbot: QtBot) -> FamilyChart:
    made = FamilyChart(theme)
    qtbot.addWidget(made)
    made.resize(800, 360)
    made.show_shares(SHARES)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_models_differ_by_colour_and_symbol_and_empty_shares_are_left_out(chart: FamilyChart) -> None:
    assert [one.role for one in chart.series] == ["base", "student", "accent"]
    assert len({one.symbol for one in chart.series}) == 3
    assert "sums" not in chart.series[2].shares
    assert "tuned: belief 90.0% (59.6% to 98.2%), 9 of 10;" in chart.accessibleDescription()


def test_the_legend_counts_the_tasks_of_all_families(chart: FamilyChart) -> None:
    texts = [legend_text(one, QFontMetricsF(chart.font())) for one in chart.series]
    assert texts[0] == "base (n = 20 in all)"
    assert texts[2].endswith("(n = 10 in all)")


def test_the_numbers_of_the_family_under_the_mouse(chart: FamilyChart) -> None:
    text = chart.numbers_at(QPointF(chart.width() - 60, 180))
    assert text.splitlines()[0] == "overall"
    assert text.splitlines()[1] == "base: 20.0% (8.1% to 41.6%), 4 of 20"
    assert chart.numbers_at(QPointF(2, 180)) == ""


@pytest.mark.parametrize("count", [1, 4, 40])
def test_it_draws_any_number_of_families_in_both_themes(chart: FamilyChart, theme: Theme, count: int) -> None:
    shares = {f"a family with a long name {n}": share_of(n % 7, 7) for n in range(count)}
    chart.show_shares({"base": shares, "teacher": shares, **{f"model {n}": shares for n in range(6)}})
    light = chart.grab().toImage()
    theme.choose("dark")
    assert chart.grab().toImage() != light
    theme.choose("light")


def test_export_as_png_and_svg(chart: FamilyChart, tmp_path: Path) -> None:
    chart.export(tmp_path / "plot.png")
    chart.export(tmp_path / "plot.SVG")
    picture = QImage(str(tmp_path / "plot.png"))
    assert (picture.width(), picture.height()) == (1920, 880)
    drawing = tmp_path / "plot.SVG"
    assert QSvgRenderer(str(drawing)).isValid()
    assert "belief" in drawing.read_text()
    with pytest.raises(UserError, match="neither"):
        chart.export(tmp_path / "plot.pdf")
    with pytest.raises(UserError, match="cannot be written"):
        chart.export(tmp_path / "plot.png" / "plot.png")


def test_an_empty_chart_says_so(chart: FamilyChart) -> None:
    chart.show_shares({})
    assert chart.series == ()
    assert chart.numbers_at(QPointF(400, 180)) == ""
    chart.grab()
