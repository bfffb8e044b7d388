"""Texts of a megabyte in the chat's boxes: none is laid out whole, and they are sent to the letter."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTextEdit
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.method.records import Task
from orca_desk.steps.chat.draft import Draft
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.chat.task_panel import SaveTaskDialog
from orca_desk.ui.pages.chat.text_box import LONGEST_EDITED, TextBox
from orca_desk.ui.window import Window

SIZE = 1_000_000
LAID_OUT = 40_000  # characters of a widget at the most; a megabyte would stall the window
TEXTS = {
    "one line": "x" + "word " * (SIZE // 5) + "x",
    "many lines": "A line, änd so.\n" * (SIZE // 16) + "The end.",
}


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> ChatPage:
    """The page, with the bundled models chosen."""
    shown = window.show_page("chat")
    assert isinstance(shown, ChatPage)
    qtbot.waitUntil(lambda: len(shown.models.heads) == 2, timeout=30_000)
    return shown


def smoothly(act: Callable[[], object]) -> None:
    """Do it, then lay out and paint what comes of it: no widget is given a long text."""
    act()
    QApplication.processEvents()
    for widget in QApplication.allWidgets():
        if isinstance(widget, QPlainTextEdit | QTextEdit):
            assert widget.document().characterCount() < LAID_OUT, widget
        elif isinstance(widget, QLabel | QLineEdit):
            assert len(widget.text()) < LAID_OUT, widget


def paste(box: TextBox, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    smoothly(lambda: box.insertFromMimeData(data))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_long_message_is_pasted_sent_and_edited_whole(page: ChatPage, text: str, qtbot: QtBot) -> None:
    composer = page.composer
    paste(composer.input, text)
    assert composer.input.isReadOnly() and composer.long_remove.isVisible()
    assert f"{len(text):,} characters" in composer.long_line.text()
    smoothly(lambda: qtbot.keyClick(composer.input, Qt.Key.Key_Return))
    assert page.conversation.turns[0].question == text
    assert (
        composer.draft().message == ""
        and not composer.input.isReadOnly()
        and not composer.long_remove.isVisible()
    )
    page.conversation.stop()
    qtbot.waitUntil(lambda: not page.conversation.is_busy and page.composer.send.isVisible(), timeout=30_000)
    smoothly(page.messages.edit_last)
    assert composer.draft().message == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_long_context_is_sent_whole_before_the_question(page: ChatPage, text: str) -> None:
    smoothly(lambda: page.composer.set_draft(Draft(question="Why?", context=text)))
    assert "Too long to edit" in page.composer.context.toPlainText()
    assert f"{len(text):,} characters" in page.composer.size_line.text()
    assert page.composer.draft().message == f"{text}\n\nWhy?"
    page.composer.set_context("")
    assert page.composer.draft().message == "Why?" and not page.composer.context.isReadOnly()


def test_a_long_text_goes_where_the_cursor_is_and_can_be_removed(page: ChatPage, qtbot: QtBot) -> None:
    box, text = page.composer.input, TEXTS["many lines"]
    box.setPlainText("🐎 before, old, after")
    cursor = box.textCursor()
    cursor.setPosition(11)  # a horse is two units of Qt's
    cursor.setPosition(14, cursor.MoveMode.KeepAnchor)
    assert cursor.selectedText() == "old"
    box.setTextCursor(cursor)
    paste(box, text)
    assert page.composer.draft().message == f"🐎 before, {text}, after"
    qtbot.mouseClick(page.composer.long_remove, Qt.MouseButton.LeftButton)
    assert box.toPlainText() == "🐎 before, old, after" and not box.isReadOnly()


def test_many_short_pastes_become_a_long_text(page: ChatPage) -> None:
    part = "y" * (LONGEST_EDITED - 10)
    paste(page.composer.input, part)
    assert not page.composer.input.isReadOnly()
    paste(page.composer.input, part)
    assert page.composer.input.isReadOnly() and page.composer.draft().message == part * 2


def test_a_long_question_is_saved_as_a_task_whole(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    text = TEXTS["one line"]
    dialog = SaveTaskDialog(page.desk, Task(family="long", query=text), [], page)
    qtbot.addWidget(dialog)
    smoothly(dialog.open)
    dialog.family.setEditText("long")
    with qtbot.waitSignal(dialog.saved) as saved:
        (save,) = (one for one in dialog.findChildren(QPushButton) if one.text() == "Save the task")
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    assert saved.args[0].query == text
