"""A double click means what was under the mouse at its first press."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.double_click import StrayClicks

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def ground(qapp: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    """A window in which stray clicks are swallowed."""
    clicks = StrayClicks(qapp)
    made = QWidget()
    made.resize(400, 200)
    qtbot.addWidget(made)
    yield made
    clicks.deleteLater()


def shown(ground: QWidget, qtbot: QtBot) -> None:
    with qtbot.waitActive(ground):
        ground.show()


def test_the_second_click_does_not_reach_a_widget_that_appeared_below(ground: QWidget, qtbot: QtBot) -> None:
    clicked: list[str] = []
    lower, upper = QPushButton("Lower", ground), QPushButton("Upper", ground)
    lower.clicked.connect(lambda: clicked.append("lower"))
    upper.clicked.connect(lambda: clicked.append("upper"))
    upper.clicked.connect(upper.hide)
    shown(ground, qtbot)
    middle = upper.geometry().center()
    QTest.mouseDClick(ground.windowHandle(), LEFT, pos=middle)
    assert clicked == ["upper"] and not lower.isDown()
    QTest.mouseClick(ground.windowHandle(), LEFT, pos=middle)
    assert clicked == ["upper", "lower"]


def test_the_widget_of_the_first_click_gets_the_second(ground: QWidget, qtbot: QtBot) -> None:
    clicked: list[int] = []
    button, field = QPushButton("More", ground), QLineEdit("two words", ground)
    field.move(QPoint(0, 100))
    button.clicked.connect(lambda: clicked.append(1))
    shown(ground, qtbot)
    QTest.mouseDClick(ground.windowHandle(), LEFT, pos=button.geometry().center())
    assert clicked == [1, 1]
    QTest.mouseDClick(ground.windowHandle(), LEFT, pos=field.geometry().topLeft() + QPoint(12, 10))
    assert field.selectedText() == "two"
