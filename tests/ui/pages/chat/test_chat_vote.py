"""Asking a message several times on the Chat page: the bars, the other answers, and the settings."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from scripted_session import ScriptedSession

from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting
from orca_desk.method.records import Sampling
from orca_desk.steps.chat import columns
from orca_desk.steps.chat.models import mini_models
from orca_desk.ui.pages.chat.answer import AnswerCard
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.chat.sampling_panel import SamplingPopover
from orca_desk.ui.widgets.answer_dialog import AnswerDialog
from orca_desk.ui.window import Window

SECONDS = 30_000


@pytest.fixture
def page(
    window: Window, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ChatPage]:
    """The page with one scripted model, asked five times at a temperature."""
    shown = window.show_page("chat")
    assert isinstance(shown, ChatPage)
    qtbot.waitUntil(lambda: len(shown.models.heads) == 2, timeout=SECONDS)
    monkeypatch.setattr(columns, "ChatSession", lambda *_, **__: ScriptedSession())
    shown.use_models(mini_models()[:1])
    shown.settings.sampling, shown.settings.votes = Sampling(temperature=0.8), 5
    yield shown


@pytest.fixture
def session(page: ChatPage) -> ScriptedSession:
    """The session of the page's model."""
    (column,) = page.conversation._columns.now
    assert isinstance(column.session, ScriptedSession)
    return column.session


def card_of(page: ChatPage) -> AnswerCard:
    last = page.view.last
    assert last is not None
    return last.answers[0]


def ask(page: ChatPage, text: str) -> None:
    page.composer.input.setPlainText(text)
    page.messages.send()


def test_the_vote_is_shown_while_it_comes_and_with_its_other_answers(
    page: ChatPage, session: ScriptedSession, qtbot: QtBot
) -> None:
    session.say("Answer: 7")
    session.finish()
    session.say("I think so. Answer: 8")
    ask(page, "What is 3 + 4?")
    qtbot.waitUntil(lambda: page.view.last is not None and "1 of 5" in card_of(page).vote.summary.text())
    qtbot.waitUntil(lambda: card_of(page).text == "I think so. Answer: 8", timeout=SECONDS)
    session.finish()
    for text in ("Answer: 7", "Answer: 7.0"):
        session.say(text)
        session.finish()
    qtbot.waitUntil(lambda: card_of(page).vote.summary.text().startswith("3 of 4 answers agree (75%)"))
    card = card_of(page)
    assert card.text == "Answer: 7"
    assert card.vote.others.text() == "Show 3 other answers"
    qtbot.mouseClick(card.vote.others, Qt.MouseButton.LeftButton)
    assert card.vote.browser.isVisible()
    assert "Answer 2 (1 of 4 agree):\nI think so. Answer: 8" in card.vote.browser.toPlainText()
    qtbot.waitUntil(lambda: not page.conversation.is_busy, timeout=SECONDS)


def test_a_message_that_is_asked_once_shows_no_vote(
    page: ChatPage, session: ScriptedSession, qtbot: QtBot
) -> None:
    page.settings.votes = 1
    session.say("Seven")
    session.finish()
    ask(page, "What is 3 + 4?")
    qtbot.waitUntil(lambda: page.view.last is not None and card_of(page).text == "Seven", timeout=SECONDS)
    qtbot.waitUntil(lambda: not page.conversation.is_busy, timeout=SECONDS)
    assert not card_of(page).vote.isVisible()


def test_the_settings_say_what_a_vote_needs_and_are_saved(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    page.show_sampling()
    (popover,) = page.findChildren(SamplingPopover)
    popover.form.set_value(Sampling())
    popover.votes.setValue(7)
    assert popover.warning.isVisible() and "temperature 0" in popover.warning.text()
    popover.form.set_value(Sampling(temperature=0.7))
    qtbot.waitUntil(lambda: not popover.warning.isVisible(), timeout=SECONDS)
    popover.close()
    assert (page.settings.votes, page.settings.sampling.temperature) == (7, 0.7)
    assert page.top.sampling.text() == "Sampling, vote of 7"
    qtbot.waitUntil(lambda: get_setting(library, "chat.votes", 1) == 7, timeout=SECONDS)


def test_what_cannot_vote_is_refused_and_not_taken(page: ChatPage, qtbot: QtBot) -> None:
    page.show_sampling()
    (popover,) = page.findChildren(SamplingPopover)
    popover.form.set_value(Sampling())
    popover.close()
    assert page.settings.sampling.temperature == 0.8
    qtbot.waitUntil(page.notice.isVisible, timeout=SECONDS)


def test_an_answer_is_looked_at_closely(page: ChatPage, session: ScriptedSession, qtbot: QtBot) -> None:
    page.settings.votes = 1
    session.say("Step 1: 3 + 4 = 7\nAnswer: 7")
    session.finish()
    ask(page, "What is 3 + 4?")
    qtbot.waitUntil(lambda: page.view.last is not None and card_of(page).look.isEnabled(), timeout=SECONDS)
    qtbot.mouseClick(card_of(page).look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.findChildren(AnswerDialog)), timeout=SECONDS)
    (dialog,) = page.findChildren(AnswerDialog)
    assert dialog.steps.summary.text().startswith("Follows step-by-step · 2 steps")
    assert dialog.score.isVisible()
    dialog.close()
