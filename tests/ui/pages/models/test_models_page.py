"""The Models page lists models, adds and removes them, and survives damaged files."""

import os
import shutil
from pathlib import Path

import pytest
from desktop_waits import wait_for_background
from library_doubles import make_chat
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from tiny_models import CHATML, TinyModel, make_tiny

from orca_desk.inventory.catalogue import added_paths
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import bundled_models
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.models.page import ModelsPage
from orca_desk.ui.widgets.asking import NoteDialog
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.window import Window

TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the models of other tools: tests must not depend on this machine."""
    for name in (
        "HF_HUB_CACHE",
        "HF_HOME",
        "LLAMA_CACHE",
        "OLLAMA_MODELS",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> ModelsPage:
    """The page, with the bundled models."""
    shown = window.show_page("models")
    assert isinstance(shown, ModelsPage)
    qtbot.waitUntil(lambda: len(shown.models.rows) >= 3)
    return shown


def paths(page: ModelsPage) -> list[Path]:
    return [item.model.path for item in page.models.rows]


def select(page: ModelsPage, path: Path) -> None:
    page.go({"model": str(path)})
    assert page.detail.item and page.detail.item.model.path == path


def test_a_page_that_still_looks_for_models_says_so(window: Window, qtbot: QtBot) -> None:
    shown = window.make_page("models")
    assert isinstance(shown, ModelsPage) and not shown.desk.models.is_read
    shown.search.setText("mini")
    assert shown.found.text() == "Looking for models…"
    window.show_page("models")
    qtbot.waitUntil(lambda: " of " in shown.found.text())


def test_bundled_models_are_listed_in_words(page: ModelsPage) -> None:
    row = paths(page).index(TEACHER)
    texts = [page.models.index(row, column).data() for column in range(page.models.columnCount())]
    assert texts[0] == "mini-teacher" and "Teacher" in texts[1] and texts[4] == "F16"
    assert texts[5:8] == ["1,024", "yes", "fits"] and texts[9] == "Bundled"
    assert "memory" in page.models.index(row, 7).data(Qt.ItemDataRole.ToolTipRole)
    kinds = {item.model.kind for item in page.models.rows if isinstance(item.model, ModelFile)}
    assert kinds == {"gguf", "safetensors"}


def test_the_models_keep_to_the_rules_of_qt(
    page: ModelsPage, qtmodeltester: object, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF")
    page.add([tmp_path / "bad.gguf"])
    qtbot.waitUntil(lambda: bool(page.bad.rows))
    for model in (page.models, page.proxy, page.bad):
        qtmodeltester.check(model)  # type: ignore[attr-defined]


def test_a_file_is_added_selected_and_removed_with_undo(
    page: ModelsPage, window: Window, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "mine.gguf"
    shutil.copy(tiny_llama.gguf, file)
    before = len(page.models.rows)
    page.add([file])
    qtbot.waitUntil(lambda: file in paths(page))
    assert page.detail.item and page.detail.item.model.path == file
    assert page.detail.remove.isVisible() and page.detail.kind.text().endswith("Added by you")
    qtbot.mouseClick(page.detail.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: file not in paths(page))
    assert file.exists() and added_paths(window.desk.library) == [] and len(page.models.rows) == before
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: file in paths(page))


def test_the_files_of_a_model_go_to_the_systems_trash_after_a_list_of_what_used_it(
    page: ModelsPage, window: Window, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "mine.gguf"
    shutil.copy(tiny_llama.gguf, file)
    make_chat(window.desk.library, title="", model=file, adapter=None, system="")
    page.add([file])
    qtbot.waitUntil(lambda: file in paths(page))
    select(page, file)
    qtbot.mouseClick(page.detail.delete, Qt.MouseButton.LeftButton)
    (box,) = page.findChildren(MessageBox)
    assert "mine" in box.text() and str(file) in box.hint()
    assert "used by chat-1" in box.hint()
    (move,) = [one for one in box.buttons() if one.text() == "Move to the trash"]
    assert isinstance(move, QPushButton) and not move.isDefault()
    qtbot.mouseClick(move, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: file not in paths(page))
    assert not file.exists() and added_paths(window.desk.library) == []
    assert [one.name for one in (tmp_path / "home").rglob("mine.gguf")] or os.name == "nt"


def test_a_part_of_the_app_is_not_deleted(page: ModelsPage) -> None:
    select(page, TEACHER)
    assert not page.detail.delete.isVisible()
    page.act("delete")
    assert any("part of Orca Desk" in one.text() for one in page.notice.findChildren(QLabel))
    assert TEACHER.exists() and not page.findChildren(MessageBox)


def test_a_folder_is_dropped(
    page: ModelsPage, window: Window, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    shutil.copy(tiny_llama.gguf, shelf / "good.gguf")
    shutil.copy(tiny_llama.gguf, shelf / "better.gguf")
    said: list[str] = []
    window.desk.noticed.connect(lambda text, tone: said.append(text))
    (shelf / "cut.gguf").write_bytes(tiny_llama.gguf.read_bytes()[:-50])
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(shelf))])
    kinds = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *kinds)
    page.dragEnterEvent(enter)
    assert enter.isAccepted() and page.drop_sign.isVisible()
    page.dropEvent(QDropEvent(QPoint(5, 5), *kinds))
    assert not page.drop_sign.isVisible()
    qtbot.waitUntil(lambda: shelf / "good.gguf" in paths(page))
    assert said == ["Added 2 models."]
    assert [item.model.path.name for item in page.bad.rows] == ["cut.gguf"]
    assert "cut off" in page.bad.index(0, 1).data()
    assert page.bad_table.isVisible() and page.bad_title.text() == "Unusable (1)"


def test_a_file_that_is_not_a_model_is_refused_and_listed(
    page: ModelsPage, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "<b>notes.gguf"
    file.write_bytes(b"these are my notes, no model")
    window.desk.open("models", add=str(file))
    qtbot.waitUntil(lambda: page.notice.isVisible() and bool(page.bad.rows))
    assert "does not start with GGUF" in page.notice.text.text()
    assert added_paths(window.desk.library) == []
    assert file.read_bytes() == b"these are my notes, no model"
    assert "<b>" not in page.bad.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    page.bad_table.selectRow(0)
    assert "does not start" in page.detail.kind.text() and not page.detail.teach.isVisible()
    qtbot.mouseClick(page.detail.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.bad.rows)


def test_the_filter_shows_models_that_contain_every_word(page: ModelsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.search, "student train")
    assert page.proxy.rowCount() == 1 and "1 of" in page.found.text()
    qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    assert page.proxy.rowCount() > 1 and page.table.hasFocus()
    assert page.detail.item and page.detail.item.model.path.name == "mini-student"
    qtbot.keyClicks(page.search, " nothing like it")
    assert page.proxy.rowCount() == 0
    page.search.clear()
    assert page.proxy.rowCount() == len(page.models.rows)


def test_columns_sort_by_number(page: ModelsPage) -> None:
    page.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    sizes = [
        page.models.rows[page.proxy.mapToSource(page.proxy.index(row, 0)).row()].model
        for row in range(page.proxy.rowCount())
    ]
    numbers = [model.size_bytes for model in sizes if isinstance(model, ModelFile)]
    assert numbers == sorted(numbers, reverse=True)


def test_the_hash_is_computed_on_demand_and_saved(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    select(page, TEACHER)
    assert page.detail.hash.text() == "Not computed yet"
    qtbot.mouseClick(page.detail.make_hash, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.detail.hash.text()) == 64, timeout=10_000)
    assert not page.detail.make_hash.isVisible() and page.detail.copy_hash.isVisible()
    assert (window.desk.library.folder / "model-hashes.json").exists()


def test_the_uses_of_a_model_are_shown(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    select(page, TEACHER)
    assert page.detail.uses.text() == "Not used in this library yet"
    make_chat(window.desk.library, title="hello", model=TEACHER, adapter=None, system="")
    window.desk.tell("chats")
    qtbot.waitUntil(lambda: page.detail.uses.text() == "chat-1")


def test_a_model_opens_in_teacher_and_chat(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    asked: list[tuple[str, object]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    select(page, TEACHER)
    qtbot.mouseClick(page.detail.teach, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.detail.chat, Qt.MouseButton.LeftButton)
    select(page, bundled_models() / "mini-student")
    assert not page.detail.teach.isVisible()
    qtbot.mouseClick(page.detail.train, Qt.MouseButton.LeftButton)
    assert [name for name, _ in asked] == ["teacher", "chat", "training"]
    assert asked[0][1] == {"model": str(TEACHER)}


def test_a_gguf_file_opens_in_training_too(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    asked: list[tuple[str, object]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    select(page, TEACHER)
    qtbot.waitUntil(page.detail.train.isVisible)
    qtbot.mouseClick(page.detail.train, Qt.MouseButton.LeftButton)
    assert asked == [("training", {"base": str(TEACHER)})]


def test_the_teacher_page_takes_the_model(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    student = bundled_models() / "mini-student" / "mini-student.gguf"
    select(page, student)
    qtbot.mouseClick(page.detail.teach, Qt.MouseButton.LeftButton)
    pickers = window.pages["teacher"].findChildren(ModelPicker)

    def is_selected() -> bool:
        models = [picker.selected() for picker in pickers]
        return any(model is not None and model.path == student for model in models)

    qtbot.waitUntil(is_selected)


def test_the_chat_page_takes_the_model_alone(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    select(page, TEACHER)
    qtbot.mouseClick(page.detail.chat, Qt.MouseButton.LeftButton)
    chat = window.pages["chat"]
    assert isinstance(chat, ChatPage)
    wait_for_background(window.desk, qtbot)  # the page's own proposal must not replace it
    assert [one.model for one in chat.models.models] == [TEACHER]


def test_a_bundled_model_cannot_be_removed(page: ModelsPage) -> None:
    select(page, TEACHER)
    next(one for one in page.commands if one.text() == "&Remove from list").trigger()
    assert page.notice.text.text() == "You can only remove models you added." and TEACHER.exists()


def test_refused_files_are_cleared_and_the_table_keeps_its_height(
    page: ModelsPage, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    before = page.table.height()
    files = [tmp_path / f"picture-{number}.gguf" for number in range(6)]
    for file in files:
        file.write_bytes(b"no model")
    page.add(files)
    qtbot.waitUntil(lambda: len(page.bad.rows) == 6)
    qtbot.waitUntil(lambda: page.bad_table.height() <= 3 * 32)
    assert page.table.height() >= min(before, 4 * 32)
    page.bad_table.selectRow(0)
    qtbot.mouseClick(page.detail.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.bad.rows) == 5)
    qtbot.mouseClick(page.clear_refused, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.bad.rows)
    assert not page.clear_refused.isVisible() and not page.bad_title.isVisible()
    assert all(file.exists() for file in files)


def test_a_long_path_wraps_and_is_copied_whole(
    page: ModelsPage, window: Window, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    folder = tmp_path / ("long-name_" * 20) / ("x" * 200)
    folder.mkdir(parents=True)
    file = folder / "mine.gguf"
    shutil.copy(tiny_llama.gguf, file)
    broken = folder / "broken.gguf"
    broken.write_bytes(b"no model")
    page.add([file, broken])
    qtbot.waitUntil(lambda: file in paths(page) and bool(page.bad.rows))
    for show in (lambda: select(page, file), lambda: page.bad_table.selectRow(0)):
        show()
        bar = page.detail_area.horizontalScrollBar()
        qtbot.waitUntil(lambda bar=bar: bar.maximum() == 0)
        assert page.detail.remove.isVisible()
    select(page, file)
    page.detail.path.setFocus()
    qtbot.keyClick(page.detail.path, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(page.detail.path, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == page.detail.path.text() == str(file)


def test_a_model_that_another_tool_downloads_is_noticed(
    page: ModelsPage, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / ".lmstudio" / "models" / "me" / "tiny"
    folder.mkdir(parents=True)
    shutil.copy(tiny_llama.gguf, folder / "tiny.gguf")
    qtbot.waitUntil(lambda: folder / "tiny.gguf" in paths(page), timeout=10_000)


def test_a_deleted_file_is_noticed(
    page: ModelsPage, qtbot: QtBot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "mine.gguf"
    shutil.copy(tiny_llama.gguf, file)
    page.add([file])
    qtbot.waitUntil(lambda: file in paths(page))
    file.unlink()
    qtbot.waitUntil(lambda: file not in paths(page), timeout=10_000)
    (gone,) = [item.model for item in page.bad.rows]
    assert isinstance(gone, NotAModel) and "does not exist" in gone.reason


def test_what_a_template_decides_is_told(page: ModelsPage, qtbot: QtBot, tmp_path: Path) -> None:
    dated = make_tiny(tmp_path / "dated", template="{{ strftime_now('%Y') }}" + CHATML)
    page.add([dated.gguf])
    qtbot.waitUntil(lambda: dated.gguf in paths(page))
    select(page, dated.gguf)
    qtbot.waitUntil(page.detail.notes.isVisible, timeout=10_000)
    assert "It always gets 26 July 2024" in page.detail.notes.text()
    select(page, TEACHER)
    assert not page.detail.notes.isVisible()


def test_a_folder_that_cannot_be_trained_says_why(page: ModelsPage, qtbot: QtBot, tmp_path: Path) -> None:
    endless = "{% for m in messages %}{{ m.content }}{% endfor %}"
    refused = make_tiny(tmp_path / "refused", template=endless).folder
    page.add([refused])
    qtbot.waitUntil(lambda: refused in paths(page))
    select(page, refused)
    words = page.detail.fit
    qtbot.waitUntil(lambda: words.text().startswith("It can't be trained. The model's chat template"))
    select(page, TEACHER)
    assert words.text().startswith("Serving mini-teacher")


def test_a_note_on_a_model_is_shown_searched_and_undone(
    page: ModelsPage, window: Window, qtbot: QtBot
) -> None:
    select(page, TEACHER)
    assert not page.detail.note.isVisible()
    page.action("Note…").trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), NoteDialog))
    asked = QApplication.activeModalWidget()
    assert isinstance(asked, NoteDialog)
    asked.text.setPlainText("weak at sums")
    asked.accept()
    qtbot.waitUntil(lambda: page.detail.note.text() == "weak at sums")
    assert page.detail.note.isVisible()
    page.search.setText("weak sums")
    assert page.proxy.rowCount() == 1
    page.search.clear()
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: page.detail.note.text() == "")
    assert page.detail.item and page.detail.item.model.path == TEACHER
    assert window.status.message.text() == "Undone: note on model mini-teacher.gguf."
