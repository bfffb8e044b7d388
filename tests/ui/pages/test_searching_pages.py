"""Ctrl+F on every page that lists something, and what its search finds."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.runs import create_run, end_run
from orca_desk.ui.pages.jobs.page import JobsPage
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.window import Window


def search_of(window: Window, qtbot: QtBot) -> QLineEdit:
    """Press Ctrl+F, and return the search that has the focus."""
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    found = QApplication.focusWidget()
    assert isinstance(found, QLineEdit)
    return found


def test_settings_are_found_by_their_words(window: Window, qtbot: QtBot) -> None:
    window.desk.open("settings")
    page = window.show_page("settings")
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(page.isVisible)
    line = search_of(window, qtbot)
    qtbot.keyClicks(line, "zoom")
    shown = [card.accessibleName() for card in page.cards if not card.isHidden()]
    assert shown == ["Appearance"]
    qtbot.keyClicks(line, " nowhere")
    assert page.nothing.isVisible()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not any(card.isHidden() for card in page.cards) and page.nothing.isHidden()


def test_runs_are_found_by_their_outcome_and_keep_their_order(
    library: Library, window: Window, qtbot: QtBot
) -> None:
    for outcome in ("Imported 3 tasks", "Imported 20 tasks", "Stopped early"):
        end_run(library, create_run(library, "generate", {"outcome": outcome}).id, "done", outcome)
    window.desk.open("jobs")
    page = window.show_page("jobs")
    assert isinstance(page, JobsPage)
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.count.text() == "3 runs")
    line = search_of(window, qtbot)
    qtbot.keyClicks(line, "imported TASKS")
    qtbot.waitUntil(lambda: page.count.text() == "2 of 3 runs")
    assert [run.outcome for run in page.runs.rows] == ["Imported 20 tasks", "Imported 3 tasks"]
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert page.table.hasFocus()
    search_of(window, qtbot).clear()
    qtbot.waitUntil(lambda: page.count.text() == "3 runs")


@pytest.mark.parametrize(
    "name", ["tasks", "records", "models", "hub", "jobs", "chat", "evaluate", "grow", "teacher", "strategies"]
)
def test_ctrl_f_never_fails(shared_window: Window, qtbot: QtBot, name: str) -> None:
    shared_window.desk.open(name)
    page = shared_window.show_page(name)
    qtbot.waitUntil(page.isVisible)
    qtbot.keyClick(shared_window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = page.search_field()
    assert field is not None and field.accessibleName()
