"""Panes lie side by side where there is room, and else below each other."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.panes import LOWEST, Panes


def pane(width: int, height: int = 50) -> QWidget:
    made = QWidget()
    made.setMinimumSize(width, height)
    return made


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[QWidget]:
    """A window; what is in it keeps its own size."""
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1100, 900)
    made.show()
    yield made


@pytest.fixture
def panes(room: QWidget) -> Panes:
    """Two panes of 300 px and one of 200, shown side by side."""
    made = Panes(pane(300), pane(300), pane(200), stretches=(1, 2, 1))
    made.setParent(room)
    made.show()
    made.resize(1000, 400)
    return made


def test_panes_stack_when_they_do_not_fit_and_are_side_by_side_again(panes: Panes) -> None:
    assert not panes.is_stacked
    panes.resize(700, 400)
    assert panes.is_stacked
    assert panes.minimumSizeHint().width() == 300
    assert panes.minimumSizeHint().height() >= 3 * LOWEST
    panes.resize(1000, 400)
    assert not panes.is_stacked
    assert panes.minimumSizeHint().height() == 50


def test_the_sizes_that_were_chosen_come_back_with_the_room(panes: Panes) -> None:
    panes.setSizes([400, 300, 290])
    chosen, state = panes.sizes(), panes.saveState()
    panes.resize(500, 900)
    assert panes.saveState() == state
    panes.resize(1000, 400)
    assert panes.sizes() == chosen


def test_sizes_that_were_stored_are_taken_by_stacked_panes_too(panes: Panes) -> None:
    panes.setSizes([400, 300, 290])
    chosen, state = panes.sizes(), panes.saveState()
    panes.setSizes([300, 400, 290])
    panes.resize(500, 900)
    assert panes.restoreState(state) and panes.is_stacked
    panes.resize(1000, 400)
    assert panes.sizes() == chosen


def test_a_hidden_pane_takes_no_room(panes: Panes) -> None:
    first, second = panes.widget(0), panes.widget(1)
    assert first is not None and second is not None
    first.hide()
    panes.resize(600, 400)
    assert not panes.is_stacked
    second.hide()
    panes.resize(250, 400)
    assert panes.orientation() == Qt.Orientation.Horizontal


def test_panes_may_ask_for_more_room_than_they_need(room: QWidget) -> None:
    made = Panes(pane(100), pane(100), narrow=600)
    made.setParent(room)
    made.show()
    made.resize(500, 500)
    assert made.is_stacked


def test_a_layout_gives_stacked_panes_their_height(qtbot: QtBot) -> None:
    page, made = QWidget(), Panes(pane(300), pane(300))
    qtbot.addWidget(page)
    QVBoxLayout(page).addWidget(made)
    page.resize(400, 300)
    page.show()
    qtbot.waitUntil(lambda: page.minimumSizeHint().height() >= 2 * LOWEST)
