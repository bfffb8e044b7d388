"""What the Chat page says of its models, and which it begins with."""

import shutil
from pathlib import Path

import pytest
from desktop_waits import wait_for_background
from pytestqt.qtbot import QtBot
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.library.chats import ChatMessage, add_message, create_columns
from orca_desk.library.database import Library
from orca_desk.models.base_identity import identify_base
from orca_desk.paths import bundled_models
from orca_desk.steps.chat.memory import ChatMemory
from orca_desk.steps.chat.models import ChatModel, mini_models
from orca_desk.steps.chat.offer import read_offer
from orca_desk.student.checkpoints import publish_adapter
from orca_desk.student.export import export_adapter
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.chat.model_dialog import ModelDialog
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.window import Window

SLOW = 30_000  # ms; other programs may keep the processors busy
STUDENT = bundled_models() / "mini-student"
TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> ChatPage:
    shown = window.show_page("chat")
    assert isinstance(shown, ChatPage)
    qtbot.waitUntil(lambda: len(shown.models.heads) == 2, timeout=SLOW)
    return shown


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter that was trained on the mini student, and says so."""
    made = make_adapter(tmp_path / "made", STUDENT)
    publish_adapter(made, tmp_path / "adapter", identify_base(STUDENT, "abc"))
    export_adapter(tmp_path / "adapter", STUDENT, tmp_path / "adapter.gguf")
    return tmp_path / "adapter.gguf"


def test_an_adapter_on_another_model_is_told_in_amber(page: ChatPage, adapter: Path, qtbot: QtBot) -> None:
    page.use_models(
        [
            ChatModel(part="student", model=STUDENT / "mini-student.gguf", adapter=adapter),
            ChatModel(part="student", model=TEACHER, adapter=adapter),
        ]
    )
    own, other = page.models.heads
    qtbot.waitUntil(other.notes.isVisible, timeout=SLOW)
    assert other.notes.text().startswith("This adapter was trained on another model.")
    assert other.notes.property("tone") == "warn"
    wait_for_background(page.desk, qtbot)
    assert not own.notes.isVisible()


def test_the_dialog_refuses_the_adapter_of_another_model(
    page: ChatPage, adapter: Path, window: Window, qtbot: QtBot
) -> None:
    page.models.choose(0)
    dialog = page.findChild(ModelDialog)
    assert dialog is not None
    dialog.adapter.addItem("mine", adapter)
    dialog.model.choose(TEACHER)
    dialog.choose_adapter(adapter)
    qtbot.waitUntil(lambda: not dialog.use.isEnabled(), timeout=SLOW)
    assert dialog.doubt.text().startswith("This adapter was trained on another model.")
    dialog.model.choose(STUDENT / "mini-student.gguf")
    qtbot.waitUntil(dialog.use.isEnabled, timeout=SLOW)
    wait_for_background(window.desk, qtbot)
    assert dialog.use.isEnabled() and dialog.doubt.property("tone") == "muted"
    dialog.reject()


def test_what_the_mini_models_cannot_do_is_said(page: ChatPage, tiny_llama: TinyModel) -> None:
    assert page.notes.mini.isVisible()
    assert "seven kinds of question: who looks where" in page.notes.mini.text()
    page.use_models([ChatModel(part="base", model=tiny_llama.gguf)])
    assert not page.notes.mini.isVisible()


def test_columns_that_do_not_fit_in_memory_are_warned_of(
    page: ChatPage, tiny_llama: TinyModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not page.notes.memory.isVisible()
    large = ChatMemory(needed=2**35, available=2**30)
    monkeypatch.setattr("orca_desk.ui.pages.chat.model_notes.chat_memory", lambda models, known: large)
    page.use_models([ChatModel(part="base", model=tiny_llama.gguf)] * 2)
    qtbot.waitUntil(page.notes.memory.isVisible, timeout=SLOW)
    assert page.notes.memory.text().startswith("Together, these 2 columns need about 32.0 GiB of memory")
    monkeypatch.undo()
    page.use_models([ChatModel(part="base", model=tiny_llama.gguf)])
    qtbot.waitUntil(lambda: not page.notes.memory.isVisible(), timeout=SLOW)


def test_the_models_last_chosen_return_at_the_next_start(
    page: ChatPage, library: Library, tiny_llama: TinyModel, tmp_path: Path, qtbot: QtBot
) -> None:
    assert read_offer(library).models == mini_models()
    mine = tmp_path / "mine.gguf"
    shutil.copy(tiny_llama.gguf, mine)
    chosen = [ChatModel(part="teacher", model=mine)]
    page.use_models(chosen)
    wait_for_background(page.desk, qtbot)
    assert read_offer(library).models == chosen


def test_two_files_of_one_name_are_told_apart(
    page: ChatPage, tiny_llama: TinyModel, tmp_path: Path, window: Window, qtbot: QtBot
) -> None:
    files = [tmp_path / name / "model.gguf" for name in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        shutil.copy(tiny_llama.gguf, file)
        window.desk.models.look_for(file)
    page.use_models([ChatModel(part="teacher", model=file) for file in files])
    qtbot.waitUntil(
        lambda: (
            [head.model.text().partition("  ")[0] for head in page.models.heads]
            == ["a/model.gguf", "b/model.gguf"]
        ),
        timeout=SLOW,
    )


def test_a_reopened_chat_keeps_the_roles(
    page: ChatPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    models = [(tmp_path / "student-f16.gguf", None), (tmp_path / "teacher.gguf", None)]
    (first, _) = create_columns(library, title="x", models=models, parts=["base", "teacher"], system="")
    add_message(library, first.id, ChatMessage(role="user", content="Hello"))
    page.open_chat(first.id)
    qtbot.waitUntil(
        lambda: page.conversation.chat_id == first.id and bool(page.conversation.turns), timeout=SLOW
    )
    qtbot.waitUntil(
        lambda: [head.title.text() for head in page.models.heads] == ["Untuned base", "Teacher"], timeout=SLOW
    )


def test_answers_are_shown_as_written_on_demand(library: Library, theme: Theme, qtbot: QtBot) -> None:
    written = "**Answer:** 2*3 = 6\n1. one"
    models = [(STUDENT / "mini-student.gguf", None)]
    (chat,) = create_columns(library, title="x", models=models, parts=["base"], system="")
    add_message(library, chat.id, ChatMessage(role="user", content="2*3?"))
    add_message(library, chat.id, ChatMessage(role="assistant", content=written))
    for is_plain in (False, True):  # the second start remembers it
        with desktop(library, theme) as opened:
            page = opened.show_page("chat")
            assert isinstance(page, ChatPage)
            page.open_chat(chat.id)
            qtbot.waitUntil(lambda page=page: page.view.last is not None, timeout=SLOW)
            browser = page.view.last.answers[0].browser
            assert page.top.plain.isChecked() == is_plain
            if not is_plain:
                assert browser.toPlainText() == "Answer: 2*3 = 6\n1. one"
                page.top.plain.click()
            assert browser.toPlainText() == written


def test_formulas_are_set_and_the_conversation_scrolls_to_its_end(
    library: Library, theme: Theme, qtbot: QtBot
) -> None:
    models = [(STUDENT / "mini-student.gguf", None)]
    (chat,) = create_columns(library, title="x", models=models, parts=["base"], system="")
    add_message(library, chat.id, ChatMessage(role="user", content="What is $x^2$ for $x = 3$?"))
    answer = "\n".join(f"So $x_{{{n}}} = {n}$.\n" for n in range(60))
    add_message(library, chat.id, ChatMessage(role="assistant", content=answer))
    with desktop(library, theme) as opened:
        opened.show()
        page = opened.show_page("chat")
        assert isinstance(page, ChatPage)
        page.open_chat(chat.id)
        qtbot.waitUntil(lambda: page.view.last is not None, timeout=SLOW)
        card = page.view.last.answers[0]
        drawn = "\N{OBJECT REPLACEMENT CHARACTER}"
        qtbot.waitUntil(lambda: card.browser.document().toPlainText().count(drawn) >= 60, timeout=SLOW)
        qtbot.waitUntil(lambda: card.height() >= card.browser.document().size().height(), timeout=SLOW)
        qtbot.waitUntil(lambda: page.view.verticalScrollBar().maximum() > 0, timeout=SLOW)
        (question,) = page.view.last.question.findChildren(Browser)
        assert question.toPlainText() == "What is $x^2$ for $x = 3$?"
