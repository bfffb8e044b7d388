"""Editing the turns before a task's question."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.ui.pages.tasks.turns_editor import NONE, TurnsEditor

BEFORE = (("user", "What is 2 + 2?"), ("assistant", "4\r\nor IV"))


@pytest.fixture
def editor(qtbot: QtBot) -> TurnsEditor:
    made = TurnsEditor()
    qtbot.addWidget(made)
    made.show()
    return made


def test_turns_are_folded_and_come_back_as_they_were(editor: TurnsEditor, qtbot: QtBot) -> None:
    assert editor.fold.text() == NONE
    editor.set_value(BEFORE)
    assert editor.fold.text() == "2 earlier turns"
    assert not editor.area.isVisible()
    qtbot.mouseClick(editor.fold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(editor.area.isVisible)
    assert editor.value() == BEFORE


def test_a_turn_is_added_edited_and_removed(editor: TurnsEditor, qtbot: QtBot) -> None:
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    first, second = editor._rows
    first.text.setPlainText("Any owls?")
    assert editor.value() == (("user", "Any owls?"),)  # an empty turn says nothing
    second.text.setPlainText("Two.")
    assert editor.value() == (("user", "Any owls?"), ("assistant", "Two."))
    qtbot.mouseClick(first.remove_button, Qt.MouseButton.LeftButton)
    assert editor.value() == (("assistant", "Two."),)
    assert editor.fold.text() == "1 earlier turn"
