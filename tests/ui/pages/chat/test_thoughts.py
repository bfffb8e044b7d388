"""Thoughts in a chat: folded into a line, unfolded on demand, and not sent again."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from orca_desk.library.chats import ChatMessage
from orca_desk.method.records import FinishReason
from orca_desk.steps.chat.events import Piece
from orca_desk.steps.chat.transcript import Turn, prompt
from orca_desk.ui.pages.chat.answer import AnswerCard
from orca_desk.ui.window import Window

THOUGHTS = "Two and two. " * 10
ANSWER = "It is **4**."
WHOLE = f"<think>\n{THOUGHTS}\n</think>\n\n{ANSWER}"


def message(content: str, *, reason: FinishReason = "stop") -> ChatMessage:
    return ChatMessage(
        role="assistant", content=content, finish_reason=reason, completion_tokens=60, seconds=1.0
    )


@pytest.fixture
def card(window: Window, qtbot: QtBot) -> AnswerCard:
    made = AnswerCard(window.desk.theme, "teacher", "Teacher")
    qtbot.addWidget(made)
    made.show()
    return made


def test_thoughts_are_folded_and_can_be_read(card: AnswerCard, qtbot: QtBot) -> None:
    card.show_answer(message(WHOLE), None)
    assert card.browser.toPlainText() == "It is 4."
    line = card.thoughts.line
    assert line.isVisible()
    assert line.text().startswith("Thought for about ")
    assert line.text().endswith(" tokens")
    assert not card.thoughts.browser.isVisible()
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    assert card.thoughts.browser.isVisible()
    assert card.thoughts.browser.toPlainText().strip() == THOUGHTS.strip()
    card.copy.click()
    assert QGuiApplication.clipboard().text() == ANSWER
    card.browser.show_as_written(True)
    assert not line.isVisible()
    assert card.browser.toPlainText() == WHOLE


def test_thoughts_are_counted_while_they_come(card: AnswerCard, qtbot: QtBot) -> None:
    def is_shown() -> bool:
        card.render_news()  # it rests between two renderings
        return not card.has_news

    card.begin()
    for tokens, text in enumerate(("<think>", "\nTwo", " and two."), 1):
        card.add(Piece(column=0, text=text, tokens=tokens, rate=None))
    card.render_news()
    assert card.thoughts.line.text() == "Thinking… 3 tokens"
    assert card.browser.toPlainText() == ""
    card.add(Piece(column=0, text="\n</think>\n\n4", tokens=5, rate=None))
    qtbot.waitUntil(is_shown)
    assert card.thoughts.line.text() == "Thought for about 5 tokens"
    assert card.browser.toPlainText() == "4"


def test_thoughts_without_an_answer_are_told(card: AnswerCard) -> None:
    card.show_answer(message("<think>\nTwo and", reason="length"), None)
    assert card.thoughts.line.text() == "Thought for about 60 tokens, without an answer"
    card.show_answer(message(ANSWER), None)
    assert not card.thoughts.isVisible()


def test_earlier_thoughts_are_not_sent_again() -> None:
    def turn(question: str, content: str) -> Turn:
        return Turn.new(question, system="", task=None, columns=1).answered(0, message(content))

    turns = [turn("2+2?", WHOLE), turn("And?", "<think>\nIt never ends"), turn("So?", "Yes.")]
    asked = Turn.new("Now?", system="Be brief.", task=None, columns=1)
    sent = [(one.role, one.content) for one in prompt(turns, 0, asked)]
    assert sent == [
        ("system", "Be brief."),
        ("user", "2+2?"),
        ("assistant", ANSWER),
        ("user", "So?"),
        ("assistant", "Yes."),
        ("user", "Now?"),
    ]
