"""A screen reader hears what appears: notices, and what the status bar says."""

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets import announce as module
from orca_desk.ui.widgets.announce import Politeness, announce
from orca_desk.ui.window import Window

Said = list[tuple[str, Politeness]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What Qt passes to a screen reader that listens."""
    heard: Said = []

    class Listening(QAccessible):
        @staticmethod
        def isActive() -> bool:  # noqa: N802 - Qt's name
            return True

        @staticmethod
        def updateAccessibility(event: QAccessibleAnnouncementEvent) -> None:  # noqa: N802 - Qt's name
            heard.append((event.message(), event.politeness()))

    monkeypatch.setattr(module, "QAccessible", Listening)
    return heard


def test_a_notice_and_the_status_bar_are_heard(window: Window, qtbot: QtBot, said: Said) -> None:
    window.notice.show_message("The disk is full.", "Make room.", kind="bad")
    window.desk.say("Saved.")
    assert said == [("The disk is full. Make room.", Politeness.Assertive), ("Saved.", Politeness.Polite)]


def test_nothing_is_said_without_a_text(qtbot: QtBot, said: Said) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    announce(label, "")
    assert said == []
