"""Any number of columns: beside each other, sideways, stacked; one answer again; exports; saved messages."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from scripted_session import ScriptedSession

from orca_desk.library.database import Library
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.chat import columns
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.models import ChatModel, mini_models
from orca_desk.steps.chat.offer import read_offer
from orca_desk.steps.chat.system_messages import save_message, saved_messages
from orca_desk.ui.pages.chat.arrange import COLUMN, arrange, width_of
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.asking import LineDialog
from orca_desk.ui.window import Window

SLOW = 30_000  # ms; other programs may keep the processors busy


@pytest.fixture
def sessions() -> list[ScriptedSession]:
    """The sessions that were opened."""
    return []


@pytest.fixture
def page(
    window: Window, sessions: list[ScriptedSession], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> ChatPage:
    """The page with five models that say "a" to "e"."""
    shown = window.show_page("chat")
    assert isinstance(shown, ChatPage)
    qtbot.waitUntil(lambda: len(shown.models.heads) == 2, timeout=SLOW)
    texts = iter("abcdefghij")

    def session(model: Path, adapter: Path | None, **_: object) -> ScriptedSession:
        made = ScriptedSession()
        made.say(next(texts))
        made.finish()
        sessions.append(made)
        return made

    monkeypatch.setattr(columns, "ChatSession", session)
    shown.settings.sampling = Sampling(max_tokens=4)
    shown.use_models([])
    return shown


def five() -> list[ChatModel]:
    student, teacher = mini_models()
    return [student, teacher, student, teacher, student]


def ask(page: ChatPage, qtbot: QtBot, text: str = "Hello") -> None:
    page.composer.set_draft(Draft(question=text))
    page.messages.send()
    qtbot.waitUntil(
        lambda: (
            page.view.last is not None
            and all(one.text for one in page.view.last.answers)
            and page.composer.send.isVisible()
        ),
        timeout=SLOW,
    )


def noticed(page: ChatPage) -> str:
    return " ".join(one.text() for one in page.notice.findChildren(QLabel))


def texts(page: ChatPage) -> str:
    return "".join(one.text for one in page.view.last.answers) if page.view.last else ""


def test_columns_lie_beside_each_other_scroll_or_stack() -> None:
    assert arrange(1, 100) == "beside"
    assert arrange(3, width_of(3)) == "beside"
    assert arrange(3, width_of(3) - 1) == "sideways"
    assert arrange(3, width_of(2) - 1) == "stacked"
    assert width_of(2) == 2 * COLUMN + GRID


def test_five_columns_scroll_with_their_heads_and_stack_in_a_narrow_page(
    page: ChatPage, window: Window, qtbot: QtBot
) -> None:
    page.use_models(five())
    ask(page, qtbot)
    assert texts(page) == "abcde"
    window.resize(1100, 720)
    bar = page.view.horizontalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    heads = page.models.area.horizontalScrollBar()
    qtbot.waitUntil(lambda: heads.value() == bar.value() > 0)
    last, head = page.view.last.answers[-1], page.models.heads[-1]
    qtbot.waitUntil(
        lambda: (
            abs(last.mapToGlobal(last.rect().topLeft()).x() - head.mapToGlobal(head.rect().topLeft()).x())
            <= 1
        )
    )
    question = page.view.last.question
    assert question.width() <= page.view.viewport().width()
    qtbot.waitUntil(lambda: question.x() == bar.value())  # it stays in sight

    page.view.resize(width_of(2) - 20, 400)
    qtbot.waitUntil(lambda: last.name.isVisible())
    first = page.view.last.answers[0]
    qtbot.waitUntil(lambda: last.y() > first.y() and last.width() == first.width())
    assert last.name.text().startswith("Untuned base: ")


def test_one_answer_is_regenerated_alone_with_undo(
    page: ChatPage, sessions: list[ScriptedSession], qtbot: QtBot
) -> None:
    page.use_models(five()[:2])
    ask(page, qtbot)
    card = page.view.last.answers[1]
    qtbot.waitUntil(lambda: card.again.isVisible() and card.again.isEnabled())
    sessions[1].say("z")
    sessions[1].finish()
    qtbot.mouseClick(card.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: texts(page) == "az" and page.composer.send.isVisible(), timeout=SLOW)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: texts(page) == "ab", timeout=SLOW)


def test_a_column_samples_as_it_is_told_and_the_others_as_before(
    page: ChatPage, library: Library, sessions: list[ScriptedSession], qtbot: QtBot
) -> None:
    page.use_models(five()[:3])
    qtbot.waitUntil(lambda: len(page.models.heads) == 3)
    head = page.models.heads[1]
    qtbot.mouseClick(head.sampling_button, Qt.MouseButton.LeftButton)
    popover = QApplication.activePopupWidget()
    assert not popover.votes.isVisible()
    popover.form.control("temperature").setText("0.9")
    popover.close()
    assert head.sampling.text() == "own sampling: temperature 0.9, max tokens 4"
    ask(page, qtbot)
    asked = [one.asked[-1][1].temperature for one in sessions]
    assert asked == [0.0, 0.9, 0.0]
    page.models.heads[0].removed.emit()  # the column keeps its own at its new place
    qtbot.waitUntil(lambda: len(page.models.heads) == 2 and page.models.heads[0].sampling.isVisible())
    assert list(page.models.own) == [0]
    qtbot.waitUntil(lambda: read_offer(library).own == page.models.own, timeout=SLOW)
    page.models.show_sampling(0)
    popover = QApplication.activePopupWidget()
    qtbot.mouseClick(
        popover.findChild(QPushButton, options=Qt.FindChildOption.FindChildrenRecursively),
        Qt.MouseButton.LeftButton,
    )
    popover.close()
    assert page.models.own == {} and not page.models.heads[0].sampling.isVisible()
    page.models.set_own(page.models.models, {0: Sampling(temperature=0.5)})
    page.use_models(five()[:2])  # others have none of their own
    qtbot.waitUntil(lambda: page.models.models == tuple(five()[:2]))
    assert page.models.own == {}


def test_a_branch_goes_on_from_a_message_and_undo_goes_back(page: ChatPage, qtbot: QtBot) -> None:
    page.use_models(five()[:1])
    ask(page, qtbot, "One")
    chat = page.conversation.chat_id
    qtbot.mouseClick(page.view.last.question.branch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.conversation.chat_id not in ("", chat), timeout=SLOW)
    assert [turn.question for turn in page.conversation.turns] == ["One"]
    qtbot.waitUntil(lambda: [one.title for one in page.history.model.chats] == ["Branch: One", "One"])
    search = page.history.search
    search.setText("nothing like it")
    qtbot.waitUntil(lambda: not page.history.model.chats, timeout=SLOW)
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == "" and page.history.list.hasFocus()
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: page.conversation.chat_id == chat, timeout=SLOW)
    qtbot.waitUntil(lambda: [one.title for one in page.history.model.chats] == ["One"])


def test_a_chat_is_exported_where_the_user_says(page: ChatPage, tmp_path: Path, qtbot: QtBot) -> None:
    page.use_models(five()[:1])
    page.export_chat()
    assert "no chat to export" in noticed(page)
    ask(page, qtbot)
    page.export_chat()
    dialog = page.window().findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "chat.html"))
    qtbot.waitUntil((tmp_path / "chat.html").is_file, timeout=SLOW)
    assert "Hello" in (tmp_path / "chat.html").read_text("utf-8")
    qtbot.waitUntil(lambda: "1 turn saved to" in noticed(page))
    dialog.close()


def test_system_messages_are_saved_under_names(page: ChatPage, qtbot: QtBot) -> None:
    bar = page.settings.system
    bar.set_text("Answer in French.")
    bar.save()
    dialog = bar.findChild(LineDialog)
    dialog.line.setText("French")
    dialog.accept()
    qtbot.waitUntil(lambda: bar.choice.currentText() == "French")
    assert saved_messages() == {"French": "Answer in French."}
    bar.set_text(CAUTIOUS)
    assert bar.choice.currentText() == "Cautious"
    place = bar.choice.findText("French")
    bar.choice.setCurrentIndex(place)
    bar.choice.activated.emit(place)
    assert bar.text() == "Answer in French."
    bar.editor.insertPlainText("Or not. ")
    assert bar.choice.currentText() == "Custom" and saved_messages() == {"French": "Answer in French."}
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: bar.choice.findText("French") < 0)
    assert saved_messages() == {}
    text = bar.text()
    save_message("Theirs", "Be brief.")  # by another window
    QApplication.sendEvent(page.window(), QEvent(QEvent.Type.WindowActivate))
    assert bar.choice.findText("Theirs") >= 0 and bar.text() == text


def test_earlier_turns_of_a_task_are_shown_and_can_be_left_out(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    page.use_models(five()[:1])
    shots = (("user", "1 + 1?"), ("assistant", "2"))
    page.composer.set_draft(Draft.of_task(Task(family="sums", query="2 + 2?", turns=shots)))
    assert page.composer.turns_line.text() == "Asked after 2 earlier turns"
    page.messages.send()
    qtbot.waitUntil(lambda: page.view.last is not None)
    assert "User: 1 + 1?" in page.view.last.question.before.text()
    assert page.composer.turns_line.isHidden()
    page.composer.set_draft(Draft.of_task(Task(family="sums", query="2 + 2?", turns=shots)))
    page.composer.turns_remove.click()
    assert page.composer.draft().turns == () and page.composer.draft().task is None
