"""The Chat page: models side by side in their own workers, each the one that its head names."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from scripted_session import EchoSession, ScriptedSession, busy_writer
from tiny_adapters import make_adapter

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.library.chats import (
    ChatMessage,
    ask_columns,
    columns,
    create_columns,
    get_chat,
    list_chats,
    messages,
)
from orca_desk.library.database import Library
from orca_desk.library.runs import end_run
from orca_desk.library.settings import get_setting
from orca_desk.library.tasks import TaskFilter, add_tasks, list_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling, Task
from orca_desk.paths import bundled_models
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat import columns as chat_columns
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import Piece
from orca_desk.steps.chat.models import ChatModel, mini_models
from orca_desk.steps.chat.session import ChatSession
from orca_desk.student.export import export_adapter
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.chat import answer as chat_answer
from orca_desk.ui.pages.chat.history import ChatListModel
from orca_desk.ui.pages.chat.model_dialog import ModelDialog
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.chat.task_panel import SaveTaskDialog, TaskListModel, TaskPopover
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.browser import MARKDOWN_LIMIT
from orca_desk.ui.window import Window

STUDENT = bundled_models() / "mini-student"
ENDLESS = Sampling(max_tokens=900, temperature=3.0, top_k=0, top_p=1.0, min_p=0.0)
SLOW = 30_000  # ms; other programs may keep the processors busy
FAMILY = "belief"
BALL = Task(
    family=FAMILY,
    query="Anna puts the ball in the box. Where is the ball?",
    answer="the box",
    tags=("worked-example",),
    split="heldout",
)
FACT = Task(
    family="facts", query="What is a young horse called?", context="A page on horses.", answer="a foal"
)


@pytest.fixture(scope="session")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the mini student that changes what it says, as GGUF."""
    folder = Path(tmp_path_factory.mktemp("adapter"))
    out = folder / "adapter.gguf"
    export_adapter(make_adapter(folder / "peft", STUDENT, strength=0.8), STUDENT, out)
    return out


@pytest.fixture
def real_models() -> None:
    """For a test in which the models themselves answer, and not what stands in for them."""


@pytest.fixture
def page(
    request: pytest.FixtureRequest,
    window: Window,
    library: Library,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> ChatPage:
    """The page, with two tasks in the library, short answers, and the bundled models selected."""
    if "real_models" not in request.fixturenames:
        monkeypatch.setattr(chat_columns, "ChatSession", EchoSession)
    add_tasks(library, [BALL, FACT])
    shown = window.show_page("chat")
    assert isinstance(shown, ChatPage)
    qtbot.waitUntil(lambda: len(shown.models.heads) == 2, timeout=SLOW)
    head = shown.models.heads[1]
    qtbot.waitUntil(lambda: shown.models.height() == head.height() == head.sizeHint().height())  # laid out
    shown.settings.sampling = Sampling(max_tokens=12)
    return shown


@pytest.fixture
def training(library: Library, adapter: Path) -> Iterator[str]:
    """A finished training of the mini student, with that adapter."""
    library.write(
        lambda db: db.execute("INSERT INTO snapshots VALUES ('s', 's', 0, '', '{}', '{}', '')").rowcount
    )
    made = create_training(library, base=STUDENT, snapshot="s", settings={})
    set_adapter(library, made.id, adapter=adapter.parent / "peft", gguf=adapter, sha256="0" * 64)
    end_run(library, made.id, "done", "Done.")
    yield made.id


@pytest.fixture
def sessions(page: ChatPage, monkeypatch: pytest.MonkeyPatch) -> list[ScriptedSession]:
    """The page with two models that say what the test says."""
    made: list[ScriptedSession] = []

    def session(model: Path, adapter: Path | None, **_: object) -> ScriptedSession:
        made.append(ScriptedSession())
        return made[-1]

    monkeypatch.setattr(chat_columns, "ChatSession", session)
    page.use_models([])
    page.use_models(mini_models())
    return made


def send(page: ChatPage, text: str, qtbot: QtBot) -> None:
    """Write a message and send it by Enter."""
    page.composer.input.setPlainText(text)
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return)
    assert page.composer.input.toPlainText() == ""  # taken; the answer may already be there


def ask(page: ChatPage, text: str, qtbot: QtBot) -> list[str]:
    """Send a message and wait for all answers; return them."""
    send(page, text, qtbot)
    idle(page, qtbot)
    return answers(page)


def idle(page: ChatPage, qtbot: QtBot) -> None:
    """Wait until the page offers to send again, and shows all that came before."""
    qtbot.waitUntil(lambda: not page.conversation.is_busy and page.composer.send.isVisible(), timeout=SLOW)


def answers(page: ChatPage) -> list[str]:
    """Return the newest answers, as they are on screen."""
    view = page.view.last
    assert view
    return [answer.text for answer in view.answers]


def boxes(page: ChatPage) -> tuple[str, str]:
    """Return what the composer shows: the question and its context."""
    return page.composer.input.toPlainText(), page.composer.context.toPlainText()


def press(where: QWidget, text: str, qtbot: QtBot) -> None:
    """Click the button with this text or name."""
    (found,) = (
        one
        for one in where.findChildren(QAbstractButton)
        if one.isVisible() and text in (one.text(), one.accessibleName())
    )
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def test_each_column_answers_with_the_model_in_its_head(
    real_models: None, page: ChatPage, training: str, adapter: Path, library: Library, qtbot: QtBot
) -> None:
    """The tuned column answers with the adapter, the base column without, the teacher as itself."""
    teacher = mini_models()[1]
    page.desk.tell("trainings")
    tuned = ChatModel(part="student", model=STUDENT / "mini-student.gguf", adapter=adapter, training=training)
    page.use_models([tuned, mini_models()[0], teacher])
    texts = ask(page, BALL.query, qtbot)
    sent = [Message("system", CAUTIOUS), Message("user", BALL.query)]
    for text, one in zip(texts, page.conversation.models, strict=True):
        with ChatSession(one.model, one.adapter, threads=1) as session:
            assert "".join(session.send(sent, Sampling(max_tokens=12))) == text
    assert len(set(texts)) == 3
    short = [file_sha256(path)[:8] for path in (STUDENT / "mini-student.gguf", adapter, teacher.model)]
    qtbot.waitUntil(lambda: all("·" in head.detail.text() for head in page.models.heads), timeout=SLOW)
    details = [head.detail.text() for head in page.models.heads]
    assert details[0] == f"adapter {training} · {short[0]} + {short[1]}"
    assert details[1] == f"no adapter · {short[0]}"
    assert details[2] == f"no adapter · {short[2]}"
    assert [head.title.text() for head in page.models.heads] == ["Tuned student", "Untuned base", "Teacher"]
    stored = columns(library, page.conversation.chat_id)
    assert [(one.model, one.adapter) for one in stored] == [
        (one.model, one.adapter) for one in page.conversation.models
    ]


def test_the_newest_training_is_selected_first(
    window: Window, training: str, library: Library, qtbot: QtBot
) -> None:
    page = window.show_page("chat")
    qtbot.waitUntil(lambda: len(page.models.heads) > 0, timeout=SLOW)
    assert [one.part for one in page.conversation.models] == ["student", "base"]
    assert page.conversation.models[0].training == training
    page.use_models(mini_models())
    window.desk.open("chat", training=training)
    qtbot.waitUntil(lambda: page.conversation.models[0].training == training, timeout=SLOW)


def test_a_message_is_saved_and_shown_again(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    first = ask(page, "Hello there", qtbot)
    second = ask(page, "And again", qtbot)
    chat_id = page.conversation.chat_id
    stored = [messages(library, column.id) for column in columns(library, chat_id)]
    assert [turn.content for turn in stored[1]] == ["Hello there", first[1], "And again", second[1]]
    assert stored[0][1].completion_tokens and stored[0][1].seconds
    caption = page.view.last.answers[0].caption.text()
    assert "tokens" in caption and "tokens/s" in caption
    qtbot.waitUntil(lambda: len(page.history.model.chats) == 1)
    assert page.history.model.chats[0].title == "Hello there"
    page.desk.open("chat", do="new")
    assert page.conversation.chat_id == "" and page.view.views == {}
    index = page.history.model.index(0)
    qtbot.mouseClick(
        page.history.list.viewport(),
        Qt.MouseButton.LeftButton,
        pos=page.history.list.visualRect(index).center(),
    )
    qtbot.waitUntil(lambda: len(page.view.views) == 2, timeout=SLOW)
    assert answers(page) == second
    assert page.conversation.chat_id == chat_id


def test_earlier_turns_are_sent_along(real_models: None, page: ChatPage, qtbot: QtBot) -> None:
    page.use_models(mini_models()[:1])
    first = ask(page, "Hello there", qtbot)
    second = ask(page, "And again", qtbot)
    sent = [Message("system", CAUTIOUS), Message("user", "Hello there"), Message("assistant", first[0])]
    with ChatSession(mini_models()[0].model, threads=1) as session:
        whole = session.send([*sent, Message("user", "And again")], Sampling(max_tokens=12))
        assert "".join(whole) == second[0]


def test_enter_sends_and_shift_enter_starts_a_line(page: ChatPage, qtbot: QtBot) -> None:
    page.composer.input.setFocus()
    qtbot.keyClicks(page.composer.input, "one")
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(page.composer.input, "two")
    assert page.composer.draft().message == "one\ntwo"
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(page, qtbot)
    assert page.conversation.turns[0].question == "one\ntwo"
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return)
    assert len(page.conversation.turns) == 1  # nothing to send


def test_esc_stops_and_saves_the_partial_answer(
    page: ChatPage, sessions: list[ScriptedSession], library: Library, qtbot: QtBot
) -> None:
    page.composer.input.setFocus()
    send(page, "Count forever", qtbot)
    sessions[0].say("one two")
    qtbot.waitUntil(lambda: bool(answers(page)[0]), timeout=SLOW)
    qtbot.waitUntil(lambda: bool(sessions[1].asked), timeout=SLOW)
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Escape)
    idle(page, qtbot)
    assert answers(page) == ["one two", ""]
    for column, text in zip(columns(library, page.conversation.chat_id), answers(page), strict=True):
        kept = messages(library, column.id)[1]
        assert kept.content == text
        assert kept.finish_reason == "cancelled"
    assert page.view.last and page.view.last.answers[0].caption.text().endswith("stopped")


def test_a_real_answer_can_be_stopped(
    real_models: None, page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    page.settings.sampling = ENDLESS
    send(page, "Count forever", qtbot)
    qtbot.waitUntil(lambda: any(answers(page)), timeout=SLOW)
    press(page, "Stop", qtbot)
    idle(page, qtbot)
    for column, text in zip(columns(library, page.conversation.chat_id), answers(page), strict=True):
        assert messages(library, column.id)[1].content == text


def test_a_new_chat_keeps_the_unsent_draft(page: ChatPage, window: Window, qtbot: QtBot) -> None:
    ask(page, "One", qtbot)
    page.composer.set_draft(Draft.of_task(FACT))
    qtbot.keyClicks(page.composer.input, " Say")
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert page.conversation.turns == () and page.conversation.chat_id == ""
    assert boxes(page) == (FACT.query + " Say", FACT.context)
    assert page.composer.context.isVisible()


def test_a_new_chat_cancels_an_edit(page: ChatPage, qtbot: QtBot) -> None:
    ask(page, "One", qtbot)
    page.messages.edit_last()
    page.new_chat()
    assert page.composer.draft().message == ""
    ask(page, "Two", qtbot)
    assert [turn.question for turn in page.conversation.turns] == ["Two"]


def test_a_message_that_cannot_be_stored_returns_to_the_composer(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    library.write(lambda db: db.execute("PRAGMA query_only = 1").rowcount)
    page.composer.input.setPlainText("What is a young horse called?")
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return)
    qtbot.waitUntil(page.notice.isVisible, timeout=SLOW)
    idle(page, qtbot)
    assert boxes(page) == ("What is a young horse called?", "")
    assert page.conversation.turns == ()
    assert not page.view.isVisible()


def test_a_message_that_the_conversation_does_not_take_stays_in_the_composer(
    page: ChatPage, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(page.conversation, "send", lambda *_, **__: False)  # as while an undo is stored
    page.composer.input.setPlainText("Hello")
    qtbot.keyClick(page.composer.input, Qt.Key.Key_Return)
    assert boxes(page) == ("Hello", "")


def test_stopping_while_storing_keeps_the_question(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    with busy_writer(library):
        send(page, "What is a young horse called?", qtbot)
        press(page, "Stop", qtbot)
    idle(page, qtbot)
    assert [turn.answers for turn in page.conversation.turns] == [(None, None)]
    assert len(list_chats(library)) == 1
    assert page.conversation.chat_id
    qtbot.waitUntil(lambda: page.view.last is not None)
    view = page.view.last
    assert view
    assert [answer.caption.text() for answer in view.answers] == ["No answer."] * 2
    page.messages.regenerate()
    idle(page, qtbot)
    assert all(page.conversation.turns[0].answers)


def test_an_answer_cut_at_the_length_limit_is_labelled(
    real_models: None, page: ChatPage, qtbot: QtBot
) -> None:
    page.use_models(mini_models()[:1])
    page.settings.sampling = Sampling(max_tokens=2)
    ask(page, BALL.query, qtbot)
    assert "cut off" in page.view.last.answers[0].caption.text()


def test_regenerating_takes_the_next_seed_and_can_be_undone(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    page.settings.sampling = Sampling(max_tokens=12, temperature=2.0, top_k=0, top_p=1.0, min_p=0.0)
    before = ask(page, "Hello there", qtbot)
    page.messages.regenerate()
    idle(page, qtbot)
    after = answers(page)
    assert after != before
    chat_id = page.conversation.chat_id
    assert [turn.content for turn in messages(library, chat_id)] == ["Hello there", after[0]]
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: page.view.last is not None and answers(page) == before, timeout=SLOW)
    assert [turn.content for turn in messages(library, chat_id)] == ["Hello there", before[0]]


def test_an_edited_message_replaces_later_turns_and_can_be_undone(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    first = ask(page, "One", qtbot)
    ask(page, "Two", qtbot)
    qtbot.mouseClick(page.view.views[0].question.edit, Qt.MouseButton.LeftButton)
    assert page.composer.input.toPlainText() == "One"
    ask(page, "Three", qtbot)
    chat_id = page.conversation.chat_id
    assert [turn.question for turn in page.conversation.turns] == ["Three"]
    assert messages(library, chat_id)[0].content == "Three"
    page.desk.undo.undo()
    qtbot.waitUntil(
        lambda: [turn.question for turn in page.conversation.turns] == ["One", "Two"], timeout=SLOW
    )
    assert messages(library, chat_id)[1].content == first[0]


def test_an_empty_composer_leaves_undoing_to_the_window(page: ChatPage) -> None:
    def takes(key: Qt.Key) -> bool:
        press = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.ControlModifier)
        press.ignore()
        QApplication.sendEvent(page.composer.input, press)
        return press.isAccepted()

    assert not takes(Qt.Key.Key_Z)
    page.composer.input.insertPlainText("typed")
    assert takes(Qt.Key.Key_Z)
    page.composer.clear()
    assert not takes(Qt.Key.Key_Z)


def test_cancelling_an_edit_changes_nothing(page: ChatPage, qtbot: QtBot) -> None:
    ask(page, "One", qtbot)
    page.messages.edit_last()
    assert page.composer.input.toPlainText() == "One"
    page.composer.input.setFocus()
    page.messages.escape()
    assert page.composer.draft().message == ""
    ask(page, "Two", qtbot)
    assert [turn.question for turn in page.conversation.turns] == ["One", "Two"]


def test_the_system_message_changes_and_is_saved_with_the_chat(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    bar = page.settings.system
    assert bar.text() == CAUTIOUS
    qtbot.waitUntil(lambda: bar.choice.count() > 3, timeout=SLOW)
    ask(page, "One", qtbot)
    bar.choice.setCurrentIndex(bar.choice.findData("empty"))
    bar.choice.activated.emit(bar.choice.currentIndex())
    assert bar.text() == "" and bar.editor.isReadOnly()
    ask(page, "Two", qtbot)
    chat_id = page.conversation.chat_id
    assert get_chat(library, chat_id).system == CAUTIOUS
    assert [turn.role for turn in messages(library, chat_id)] == [
        "user",
        "assistant",
        "system",
        "user",
        "assistant",
    ]
    bar.choice.setCurrentIndex(bar.choice.findData("own"))
    bar.choice.activated.emit(bar.choice.currentIndex())
    bar.editor.setPlainText("Be brief.")
    ask(page, "Three", qtbot)
    page.new_chat()
    bar.set_text(CAUTIOUS)
    page.open_chat(chat_id)
    qtbot.waitUntil(lambda: len(page.view.views) == 3, timeout=SLOW)
    assert [turn.system for turn in page.conversation.turns] == [CAUTIOUS, "", "Be brief."]
    assert bar.text() == "Be brief." and bar.choice.currentData() == "own"


def test_a_strategy_is_a_system_message(page: ChatPage, qtbot: QtBot) -> None:
    bar = page.settings.system
    qtbot.waitUntil(lambda: bar.choice.findData("strategy step-by-step") > 0, timeout=SLOW)
    bar.choice.setCurrentIndex(bar.choice.findData("strategy step-by-step"))
    bar.choice.activated.emit(bar.choice.currentIndex())
    assert "step" in bar.text().lower()
    instruction = bar.text()
    bar.set_text(instruction)
    assert bar.choice.currentData() == "strategy step-by-step"


def test_a_context_precedes_the_question(page: ChatPage, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "story.txt"
    file.write_text("Anna has a ball.\r\nBob has a cup.")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    page.composer.input.insertFromMimeData(data)
    qtbot.waitUntil(lambda: page.composer.context.toPlainText() != "", timeout=SLOW)
    assert page.composer.context.isVisible()
    assert "31 characters, about 8 tokens" in page.composer.size_line.text()
    assert "of the context window (1,024 tokens)" in page.composer.size_line.text()
    ask(page, "Who has a ball?", qtbot)
    assert page.conversation.turns[0].question == "Anna has a ball.\nBob has a cup.\n\nWho has a ball?"
    assert page.composer.context.toPlainText() == ""


def test_a_file_that_is_not_text_is_refused(page: ChatPage, qtbot: QtBot) -> None:
    page.composer.read_file(STUDENT / "mini-student.gguf")
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=SLOW)
    assert "mini-student.gguf is" in page.notice.text.text()


def test_a_task_from_the_library_is_graded(page: ChatPage, qtbot: QtBot) -> None:
    page.tasks.insert()
    popover = page.findChild(TaskPopover)
    qtbot.waitUntil(lambda: len(popover.model.tasks) == 2, timeout=SLOW)
    assert popover.model.tasks[0].split == "heldout"
    qtbot.keyClicks(popover.search, "young hor")
    qtbot.waitUntil(lambda: len(popover.model.tasks) == 1, timeout=SLOW)
    qtbot.keyClick(popover.search, Qt.Key.Key_Return)
    assert boxes(page) == (FACT.query, FACT.context)
    page.messages.send()
    idle(page, qtbot)
    turn = page.view.last
    assert "a foal" in turn.question.reference.text()
    for answer in turn.answers:
        assert answer.grade.text() in ("Correct", "Incorrect")
        assert answer.reason.text()
    texts = [answer.grade.text() for answer in turn.answers]
    page.open_chat(page.conversation.chat_id)
    qtbot.waitUntil(lambda: page.view.last is not None and page.view.last is not turn, timeout=SLOW)
    assert [answer.grade.text() for answer in page.view.last.answers] == texts


def test_an_edited_task_has_no_reference(page: ChatPage) -> None:
    page.composer.set_draft(Draft.of_task(BALL))
    assert page.composer.draft().task == BALL
    page.composer.input.insertPlainText(" Or the cup?")
    assert page.composer.draft().task is None


def test_an_empty_chat_offers_examples(page: ChatPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(page.examples.findChildren(QPushButton)) == 1, timeout=SLOW)
    offered = page.examples.findChildren(QPushButton)
    assert offered[0].text().startswith("Anna puts the ball")
    qtbot.mouseClick(offered[0], Qt.MouseButton.LeftButton)
    idle(page, qtbot)
    assert page.conversation.turns[0].task == BALL


def test_a_turn_becomes_a_task(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    texts = ask(page, "What is new?", qtbot)
    page.messages.save_last()
    dialog = page.findChild(SaveTaskDialog)
    qtbot.waitUntil(lambda: dialog.family.count() == 2, timeout=SLOW)
    press(dialog, "Save the task", qtbot)
    assert dialog.notice.isVisible() and "family" in dialog.notice.text.text()
    dialog.family.setEditText("news")
    dialog.source.setCurrentIndex(1)
    dialog.source.activated.emit(1)
    press(dialog, "Save the task", qtbot)
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=SLOW)
    (saved,) = list_tasks(library, TaskFilter(family="news")).items
    assert (saved.query, saved.answer) == ("What is new?", texts[0].strip() or None)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: list_tasks(library, TaskFilter(family="news")).items == (), timeout=SLOW)
    page.desk.undo.redo()
    qtbot.waitUntil(lambda: list_tasks(library, TaskFilter(family="news")).items == (saved,), timeout=SLOW)


def test_a_model_that_fails_can_be_retried(
    page: ChatPage, sessions: list[ScriptedSession], qtbot: QtBot
) -> None:
    send(page, "Hello", qtbot)
    sessions[0].say("Hi")
    sessions[0].finish()
    sessions[1].fail(UserError("The worker died.", "Retry."))
    idle(page, qtbot)
    assert page.view.last
    broken = page.view.last.answers[1]
    assert broken.failure.isVisible() and "The worker died" in broken.failure.text()
    assert not broken.browser.isVisible() and not broken.copy.isVisible()  # there is no text
    press(page, "Retry: Teacher", qtbot)
    sessions[1].say("Hi too")
    sessions[1].finish()
    idle(page, qtbot)
    assert not broken.failure.isVisible() and broken.browser.isVisible() and broken.copy.isVisible()
    assert answers(page) == ["Hi", "Hi too"]


def test_a_real_worker_that_dies_can_be_retried(real_models: None, page: ChatPage, qtbot: QtBot) -> None:
    page.settings.sampling = ENDLESS
    send(page, "Count forever", qtbot)
    workers = psutil.Process().children
    qtbot.waitUntil(lambda: len(workers()) == 2, timeout=SLOW)
    for worker in workers():
        worker.kill()  # while it loads the model
    idle(page, qtbot)
    assert page.view.last
    broken = page.view.last.answers[1]
    assert broken.failure.isVisible() and broken.retry.isVisible()
    page.settings.sampling = Sampling(max_tokens=4)
    qtbot.mouseClick(broken.retry, Qt.MouseButton.LeftButton)
    idle(page, qtbot)
    assert not broken.failure.isVisible()
    assert broken.caption.text().endswith(("tokens/s", "limit"))


def test_a_chat_that_is_left_and_opened_again_has_its_answers(
    page: ChatPage, sessions: list[ScriptedSession], qtbot: QtBot
) -> None:
    send(page, "One", qtbot)
    for session in sessions:
        session.say("half")
    qtbot.waitUntil(lambda: all(answers(page)), timeout=SLOW)
    chat_id = page.conversation.chat_id
    press(page, "New chat", qtbot)
    page.open_chat(chat_id)
    qtbot.waitUntil(lambda: page.view.last is not None and answers(page) == ["half", "half"], timeout=SLOW)


def test_an_edit_cannot_begin_while_answers_come(
    page: ChatPage, sessions: list[ScriptedSession], qtbot: QtBot
) -> None:
    send(page, "One", qtbot)
    page.messages.edit_last()
    page.messages.regenerate()
    assert page.view.last and not page.view.last.question.edit.isEnabled()
    assert page.composer.editing is None
    for session in sessions:
        session.finish()
    idle(page, qtbot)
    assert page.view.last.question.edit.isEnabled()


def test_a_missing_model_is_reported_in_its_column(
    real_models: None, page: ChatPage, tmp_path: Path, qtbot: QtBot
) -> None:
    page.use_models([mini_models()[0], ChatModel(part="teacher", model=tmp_path / "missing.gguf")])
    texts = ask(page, "Hello", qtbot)
    assert texts[0]
    broken = page.view.last.answers[1]
    assert "missing.gguf" in broken.failure.text() and broken.failure.isVisible()
    assert not broken.browser.isVisible() and not broken.copy.isVisible()  # for there is no text
    assert "missing.gguf" in page.models.heads[1].detail.text()


def test_other_models_start_a_new_chat(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    ask(page, "Hello", qtbot)
    first = page.conversation.chat_id
    qtbot.mouseClick(page.models.heads[1].remove_button, Qt.MouseButton.LeftButton)
    assert len(page.models.heads) == 1
    assert page.conversation.chat_id == ""
    assert page.composer.input.toPlainText() == "Hello"
    page.open_chat(first)
    qtbot.waitUntil(lambda: page.conversation.chat_id == first, timeout=SLOW)
    qtbot.waitUntil(lambda: len(page.models.heads) == 2, timeout=SLOW)


def test_a_column_gets_a_model_and_an_adapter(
    page: ChatPage, training: str, adapter: Path, qtbot: QtBot
) -> None:
    page.desk.tell("trainings")
    qtbot.waitUntil(lambda: len(page.models.trainings) == 1, timeout=SLOW)
    qtbot.waitUntil(lambda: page.desk.models.is_read, timeout=SLOW)
    page.models.add_column()
    dialog = page.findChild(ModelDialog)
    dialog.model.choose(STUDENT / "mini-student.gguf")
    dialog.choose_adapter(adapter)
    press(dialog, "Use this model", qtbot)
    assert page.conversation.models[2] == ChatModel(
        part="student", model=STUDENT / "mini-student.gguf", adapter=adapter, training=training
    )
    page.models.add_column()
    assert len(page.models.heads) == 3


def test_chats_are_searched_renamed_and_deleted_with_undo(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    ask(page, "About horses", qtbot)
    page.new_chat()
    ask(page, "About cups", qtbot)
    qtbot.waitUntil(lambda: len(page.history.model.chats) == 2, timeout=SLOW)
    qtbot.keyClicks(page.history.search, "HORSES")
    qtbot.waitUntil(lambda: [one.title for one in page.history.model.chats] == ["About horses"], timeout=SLOW)
    page.history.search.clear()
    qtbot.waitUntil(lambda: len(page.history.model.chats) == 2, timeout=SLOW)
    cups = page.conversation.chat_id
    page.history.model.setData(page.history.model.index(0), "Cups")
    qtbot.waitUntil(lambda: get_chat(library, cups).title == "Cups", timeout=SLOW)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: get_chat(library, cups).title == "About cups", timeout=SLOW)
    page.history.set_current(cups)
    page.history.list.setFocus()
    qtbot.waitUntil(lambda: page.history.list.currentIndex().isValid(), timeout=SLOW)
    qtbot.keyClick(page.history.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: [one.title for one in list_chats(library)] == ["About horses"], timeout=SLOW)
    qtbot.waitUntil(lambda: page.conversation.chat_id == "" and page.examples.isVisible(), timeout=SLOW)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: len(list_chats(library)) == 2, timeout=SLOW)
    page.open_chat(cups)
    qtbot.waitUntil(lambda: page.conversation.chat_id == cups and len(page.view.views) == 1, timeout=SLOW)


def test_a_chat_that_is_left_keeps_its_answers(
    real_models: None, page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    page.settings.sampling = ENDLESS
    send(page, "Count forever", qtbot)
    qtbot.waitUntil(lambda: all(answers(page)), timeout=SLOW)
    chat_id = page.conversation.chat_id
    page.new_chat()
    assert not page.conversation.is_busy
    assert page.composer.send.isVisible()
    for column in columns(library, chat_id):
        qtbot.waitUntil(lambda column=column: len(messages(library, column.id)) == 2, timeout=SLOW)
        assert messages(library, column.id)[1].content
    assert ask(page, "Hello", qtbot)
    assert [turn.question for turn in page.conversation.turns] == ["Hello"]


def test_sampling_is_set_in_a_popover_and_saved(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    page.show_sampling()
    popover = QApplication.activePopupWidget()
    popover.form.control("temperature").setText("0.7")
    popover.close()
    assert page.settings.sampling.temperature == 0.7
    qtbot.waitUntil(lambda: get_setting(library, "chat.sampling") is not None, timeout=SLOW)
    assert get_setting(library, "chat.sampling")["temperature"] == 0.7
    page.show_sampling()
    popover = QApplication.activePopupWidget()
    popover.form.control("temperature").setText("hot")
    popover.close()
    assert page.settings.sampling.temperature == 0.7
    assert page.notice.isVisible()


def test_an_answer_is_copied_as_it_was_written(page: ChatPage, qtbot: QtBot) -> None:
    texts = ask(page, "Hello", qtbot)
    qtbot.mouseClick(page.view.last.answers[0].copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == texts[0]


def test_a_long_chat_shows_its_end_and_more_when_asked(
    page: ChatPage, library: Library, qtbot: QtBot
) -> None:
    models = [(one.model, one.adapter) for one in page.conversation.models]
    chat = create_columns(library, title="Long", models=models, system="")[0]
    for number in range(30):
        ask_columns(
            library,
            chat.id,
            [
                ChatMessage(role="user", content=f"Q{number}"),
                ChatMessage(role="assistant", content="**A**\n" * 20),
            ],
        )
    page.open_chat(chat.id)
    qtbot.waitUntil(lambda: len(page.view.views) == 20, timeout=SLOW)
    assert min(page.view.views) == 10
    bar = page.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum(), timeout=SLOW)
    qtbot.mouseClick(page.view.earlier, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.view.views) == 30, timeout=SLOW)
    assert not page.view.earlier.isVisible()


def test_the_lists_are_sound_models(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    chats = ChatListModel()
    QAbstractItemModelTester(chats, QAbstractItemModelTester.FailureReportingMode.Fatal)
    ask(page, "Hello", qtbot)
    chats.set_chats(list_chats(library))
    tasks = TaskListModel()
    QAbstractItemModelTester(tasks, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tasks.set_tasks([BALL, FACT])
    tasks.set_tasks([])


def test_other_pages_open_a_task_and_a_chat(page: ChatPage, library: Library, qtbot: QtBot) -> None:
    page.desk.open("chat", task=FACT.id)
    qtbot.waitUntil(lambda: page.composer.draft().task == FACT, timeout=SLOW)
    page.desk.open("chat", chat="chat-99")
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=SLOW)
    assert "no chat" in page.notice.text.text()
    page.desk.open("chat", unknown="x")


def test_the_theme_can_change_while_answers_are_shown(page: ChatPage, window: Window, qtbot: QtBot) -> None:
    texts = ask(page, "Hello", qtbot)
    page.view.last.answers[0].show_answer(
        ChatMessage(role="assistant", content="```\ncode\n```\n[link](https://example.org)"), None
    )
    window.desk.choose_theme("dark")
    window.desk.choose_theme("light")
    assert "code" in page.view.last.answers[0].browser.toPlainText()
    assert answers(page)[1] == texts[1]
    assert QTest.qWaitForWindowExposed(window)
    assert page.view.mapTo(window, QPoint(0, 0)).y() > 0


def test_a_very_long_answer_is_laid_out_piece_by_piece(
    page: ChatPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text of it is put in twice, and no block grows until a piece costs more than it did at first."""
    monkeypatch.setattr(chat_answer, "REST", 0)  # every piece is shown
    ask(page, "Hello", qtbot)
    view = page.view.last.answers[0]
    view.begin()
    changed: list[int] = []
    document = view.browser.document()
    document.contentsChange.connect(lambda place, removed, added: changed.append(removed + added))
    for number in range(400):
        for _ in range(20):
            text = "words and **more** of\n" if number % 3 else "x " * 10
            view.add(Piece(column=0, text=text, tokens=number, rate=None))
        view.render_news()
        QApplication.processEvents()
        if len(view.text) < 2 * MARKDOWN_LIMIT:
            changed.clear()  # so far the whole is rendered as Markdown, again and again
    assert len(view.text) > 100_000 and changed
    assert sum(changed) < 1.1 * len(view.text)
    blocks = [document.findBlockByNumber(number) for number in range(document.blockCount())]
    assert max(block.length() for block in blocks) <= chat_answer.LONGEST_BLOCK + max(changed)


def test_the_end_of_a_conversation_has_no_empty_space_below(page: ChatPage, qtbot: QtBot) -> None:
    for _ in range(3):
        ask(page, "Hello " * 60, qtbot)
    last, inside, bar = page.view.last, page.view.widget(), page.view.verticalScrollBar()
    qtbot.waitUntil(
        lambda: bar.maximum() > 0 and inside.height() - last.geometry().bottom() < 40, timeout=SLOW
    )


def test_the_history_stays_hidden_over_a_restart(library: Library, theme: Theme, qtbot: QtBot) -> None:
    for hidden in (False, True):
        with desktop(library, theme) as opened:
            page = opened.show_page("chat")
            assert page.history.isHidden() == hidden
            page.toggle_history()
