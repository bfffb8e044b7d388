"""The menu of a plot: its picture and its values, copied and saved."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.method.statistics import share_of
from orca_desk.ui.theme import GRID, current_colours
from orca_desk.ui.widgets.family_chart import FamilyChart
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu, save_picture
from orca_desk.ui.window import Window


@pytest.fixture
def plot(window: Window, qtbot: QtBot) -> FamilyChart:
    made = FamilyChart(window.desk.theme)
    qtbot.addWidget(made)
    made.resize(400, 240)
    made.show_shares({"base": {"sums": share_of(1, 4)}})
    return made


@pytest.fixture
def menu(window: Window, plot: FamilyChart) -> PlotMenu:
    notice = Notice(window.desk)
    notice.setParent(window)
    return PlotMenu(
        window.desk, plot, notice, name="shares", table=lambda: (["family", "share"], [["=sums", -0.25]])
    )


def test_a_right_click_offers_picture_and_values(plot: FamilyChart, menu: PlotMenu) -> None:
    middle = plot.rect().center()
    QApplication.sendEvent(
        plot, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle, plot.mapToGlobal(middle))
    )
    shown = plot.findChild(QMenu)
    assert [one.text() for one in shown.actions() if one.text()] == [
        "&Copy picture",
        "&Save picture…",
        "Copy &values",
        "Save values &as CSV…",
    ]
    shown.close()


def test_a_button_offers_the_same_to_the_keyboard_while_the_plot_is_there(
    plot: FamilyChart, menu: PlotMenu, qtbot: QtBot
) -> None:
    plot.hide()
    button = menu.make_button()
    qtbot.addWidget(button)
    assert button.isHidden()
    plot.show()
    assert not button.isHidden() and button.accessibleName() == f"Save: {plot.accessibleName()}"
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert len(plot.findChild(QMenu).actions()) == 5
    plot.findChild(QMenu).close()
    plot.hide()
    assert button.isHidden()
    plot.show()
    later = menu.make_button()
    qtbot.addWidget(later)
    assert not later.isVisible(), "it opens as no window of its own before it has its place"


def test_values_are_copied_as_a_spreadsheet_pastes_them(menu: PlotMenu) -> None:
    menu.copy_values()
    assert QGuiApplication.clipboard().text() == "family\tshare\n'=sums\t-0.25\n"
    menu.copy_picture()
    assert QGuiApplication.clipboard().image().width() == 2 * (400 + 2 * GRID)


def test_the_picture_is_saved_sharp_as_png_and_svg(plot: FamilyChart, tmp_path: Path) -> None:
    save_picture(plot, tmp_path / "plot.png")
    picture = QImage(str(tmp_path / "plot.png"))
    assert picture.width() == 2 * (400 + 2 * GRID)
    corner, inside = picture.pixelColor(0, 0), picture.pixelColor(2 * GRID + 2, 2 * GRID + 2)
    assert corner == inside == current_colours()("surface")
    save_picture(plot, tmp_path / "plot.svg")
    drawing = (tmp_path / "plot.svg").read_text("utf-8")
    assert QSvgRenderer(drawing.encode()).isValid()
    assert "<text" in drawing
    with pytest.raises(UserError, match=r"neither \.png nor \.svg"):
        save_picture(plot, tmp_path / "plot.gif")


def test_values_are_saved_where_the_user_says(
    plot: FamilyChart, menu: PlotMenu, tmp_path: Path, qtbot: QtBot
) -> None:
    menu.save_values()
    dialog = plot.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "values.csv"))
    qtbot.waitUntil((tmp_path / "values.csv").is_file)
    assert (tmp_path / "values.csv").read_text("utf-8").splitlines() == ["family,share", "'=sums,-0.25"]
    dialog.close()
