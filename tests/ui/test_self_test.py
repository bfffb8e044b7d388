"""The self-test from the menu."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from orca_desk.ui.self_test import SelfTest
from orca_desk.ui.window import Window


@pytest.mark.slow
def test_it_shows_every_check_and_the_verdict(window: Window, qtbot: QtBot) -> None:
    dialog = SelfTest(window, window.desk)
    dialog.open()
    qtbot.waitUntil(lambda: bool(dialog.verdict.text()), timeout=180_000)
    assert dialog.verdict.text() == "Everything works."
    assert [one.name for one in dialog.found][-1] == "offline" and len(dialog.found) >= 9
    copy = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Copy as text")
    copy.click()
    assert "ok   offline" in QGuiApplication.clipboard().text()
    dialog.reject()


def test_closing_it_stops_it(window: Window, qtbot: QtBot) -> None:
    dialog = SelfTest(window, window.desk)
    dialog.open()
    dialog.reject()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished, timeout=60_000)
    assert dialog.verdict.text() == "Not finished."
