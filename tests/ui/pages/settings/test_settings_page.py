"""The Settings page: every change is saved at once and restored; backup and check report what they found."""

import sqlite3
from pathlib import Path

import pytest
from library_doubles import judged, make_record
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.library.backups.backup import check_backup
from orca_desk.library.care.integrity import missing_files
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.defaults import (
    StudentMessage,
    choose_sampling,
    default_message,
    default_runner,
    default_sampling,
)
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.pages.teacher.page import TeacherPage
from orca_desk.ui.window import Window


@pytest.fixture
def page(window: Window) -> SettingsPage:
    """The page."""
    shown = window.show_page("settings")
    assert isinstance(shown, SettingsPage)
    return shown


def test_the_library_is_shown_measured_and_copied(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    assert page.library.path.text() == str(window.desk.library.folder)
    qtbot.waitUntil(lambda: "free" in page.library.space.text())
    qtbot.mouseClick(page.library.copy_path, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == str(window.desk.library.folder)


def test_a_backup_is_written_and_announced(page: SettingsPage, qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    job = page.backups.back_up_to(target)
    assert not page.library.back_up.isEnabled()
    qtbot.waitUntil(lambda: job.is_over)
    assert check_backup(target).tasks == 0
    assert page.notice.hint.text().startswith("0 tasks, 0 records and 0 snapshots. Not in it: logs.")
    assert "Backup verified" in page.notice.text.text() and page.library.back_up.isEnabled()


def test_a_backup_that_fails_is_announced(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    job = page.backups.back_up_to(window.desk.library.path)
    qtbot.waitUntil(lambda: job.is_over)
    assert "replace the library itself" in page.notice.text.text() and page.notice.hint.text()


def test_compacting_is_offered_where_it_gives_back_little(page: SettingsPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.library.compact, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "is unused" in page.notice.text.text())
    assert page.notice.action.text() == "Compact now"
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("Freed"))
    qtbot.waitUntil(page.library.compact.isEnabled)


def test_what_can_be_read_is_recovered_into_a_new_library(
    page: SettingsPage, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tasks(window.desk.library, [Task(family="sums", query="What is 1 + 1?", answer="2")])
    folder = tmp_path / "recovered"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(folder), ""))
    window.desk.open("settings", do="recover")
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("Recovered into"), timeout=10_000)
    assert "1 task," in page.notice.text.text() and "end to end" in page.notice.hint.text()
    assert page.notice.action.text() == "Open it"
    with Library.open(folder, create=False) as recovered:
        assert count_tasks(recovered) == 1
    qtbot.waitUntil(page.library.compact.isEnabled)
    window.desk.open("settings", do="recover")
    qtbot.waitUntil(lambda: "already contains a library" in page.notice.text.text())


def test_a_backup_offers_what_was_trained_and_is_restored(
    page: SettingsPage, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = window.desk.library
    add_tasks(library, [Task(family="sums", query="What is 1 + 1?", answer="2")])
    add_records(library, [judged(make_record(1), 1)])
    training = create_training(
        library, base=tmp_path / "base", snapshot=freeze(library, name="x").id, settings={}
    )
    (training.folder / "adapter").mkdir(parents=True)
    (training.folder / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    (training.folder / "checkpoints" / "step-1").mkdir(parents=True)
    (training.folder / "checkpoints" / "step-1" / "state").write_bytes(b"state")
    set_adapter(library, training.id, adapter=training.folder / "adapter", gguf=None, sha256="0")
    target, folder = tmp_path / "backup.zip", tmp_path / "restored"
    answers = iter([str(target), str(folder), str(library.folder)])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (next(answers), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(target), ""))
    qtbot.mouseClick(page.library.back_up, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.backups.dialog is not None)
    dialog = page.backups.dialog
    assert dialog is not None
    assert dialog.parts() == {"adapters"} and dialog.boxes["checkpoints"].isEnabled()
    dialog.accept()
    qtbot.waitUntil(lambda: "Backup verified" in page.notice.text.text(), timeout=10_000)
    hint = "1 task, 1 record, 1 snapshot and 1 file of trainings. Not in it: checkpoints (5 bytes), logs."
    assert page.notice.hint.text() == hint
    restore_beside(page, qtbot)
    qtbot.waitUntil(lambda: "Backup restored" in page.notice.text.text(), timeout=10_000)
    assert page.notice.action.text() == "Open it"
    with Library.open(folder, create=False) as restored:
        assert missing_files(restored) == []
    qtbot.waitUntil(page.library.restore.isEnabled)
    restore_beside(page, qtbot)
    qtbot.waitUntil(lambda: "already contains a library" in page.notice.text.text(), timeout=10_000)


def restore_beside(page: SettingsPage, qtbot: QtBot) -> None:
    """Select a backup's file, look at what differs, and make a library of it."""
    page.backups.restoring = None
    qtbot.mouseClick(page.library.restore, Qt.MouseButton.LeftButton)
    dialog = page.backups.restoring
    assert dialog is not None
    qtbot.waitUntil(dialog.open_beside.isEnabled, timeout=10_000)
    qtbot.mouseClick(dialog.open_beside, Qt.MouseButton.LeftButton)


def test_the_check_finds_no_problems(page: SettingsPage, qtbot: QtBot) -> None:
    job = page.check()
    qtbot.waitUntil(lambda: job.is_over, timeout=10_000)
    assert page.notice.text.text() == "No problems found."
    assert "9 rules of the tables" in page.notice.hint.text()


def test_the_check_names_what_is_wrong(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    def harm(db: sqlite3.Connection) -> int:
        return db.execute("INSERT OR REPLACE INTO counters VALUES ('train', 0)").rowcount

    window.desk.library.write(
        lambda db: (
            db.execute(
                "INSERT INTO runs (id, kind, settings, fingerprint, status, created_at)"
                " VALUES ('train-1', 'train', '{}', '', 'done', '2026-01-01T00:00:00+00:00')"
            ).rowcount
        )
    )
    window.desk.library.write(harm)
    job = page.check()
    qtbot.waitUntil(lambda: job.is_over, timeout=10_000)
    assert "has problems" in page.notice.text.text() and "run numbers used twice" in page.notice.hint.text()
    assert page.notice.action.text() == "Mend" and "There is no backup" in page.notice.hint.text()
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.notice.text.text() == "Mended: no problems are left.", timeout=10_000)


def test_the_theme_and_the_menu_agree(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    before = window.desk.theme.choice
    qtbot.mouseClick(page.appearance.choices["dark"], Qt.MouseButton.LeftButton)
    assert window.desk.theme.is_dark and window.desk.preferences.value("window/theme") == "dark"
    menu = {action.text(): action for action in all_actions(window) if action.isCheckable()}
    assert menu["&Dark"].isChecked()
    menu["&Light"].trigger()
    assert page.appearance.choices["light"].isChecked() and not page.appearance.choices["dark"].isChecked()
    window.desk.choose_theme(before)


def test_how_models_run_is_saved(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    page.running.threads.setValue(2)
    page.running.batch.setValue(12)

    def runs_with() -> tuple[int | None, int | None]:
        runner = default_runner(window.desk.library, Path("m.gguf"))
        return runner.threads, runner.batch

    qtbot.waitUntil(lambda: runs_with() == (2, 12))
    temperature = page.running.form.control("temperature")
    temperature.clear()
    qtbot.keyClicks(temperature, "0.7")
    qtbot.waitUntil(lambda: default_sampling(window.desk.library).temperature == 0.7)
    temperature.setFocus()
    qtbot.keyClicks(temperature, "x")
    qtbot.waitUntil(lambda: page.running.refused.isVisible())
    assert "not a number" in page.running.refused.text()
    assert default_sampling(window.desk.library).temperature == 0.7
    qtbot.mouseClick(page.running.restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: default_sampling(window.desk.library) == Sampling())
    assert runs_with() == (None, None)
    assert not page.running.refused.isVisible()


def test_the_message_for_the_student_is_saved_once_it_is_written(
    page: SettingsPage, window: Window, qtbot: QtBot
) -> None:
    card, library = page.message, window.desk.library
    card.kind.setCurrentIndex(card.kind.findData("empty"))
    qtbot.waitUntil(lambda: default_message(library).kind == "empty")
    assert not card.text.isVisible()
    card.kind.setCurrentIndex(card.kind.findData("own"))
    assert default_message(library).kind == "empty" and "until then" in card.state.text()
    qtbot.keyClicks(card.text, "Think. Then answer.")
    qtbot.waitUntil(
        lambda: default_message(library) == StudentMessage(kind="own", text="Think. Then answer.")
    )
    card.kind.setCurrentIndex(card.kind.findData("cautious"))
    qtbot.waitUntil(lambda: default_message(library).kind == "cautious")
    assert card.text.isReadOnly()
    assert "cautious assistant" in card.text.toPlainText()
    card.kind.setCurrentIndex(card.kind.findData("own"))
    assert card.text.toPlainText() == "Think. Then answer."


def test_choices_are_shown_again(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    page.running.threads.setValue(3)
    page.message.kind.setCurrentIndex(page.message.kind.findData("empty"))
    qtbot.waitUntil(lambda: default_message(window.desk.library).kind == "empty")
    again = SettingsPage(window.desk)
    assert again.running.threads.value() == 3 and again.message.kind.currentData() == "empty"
    again.deleteLater()


def test_closing_saves_what_was_just_typed(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    library, temperature = window.desk.library, page.running.form.control("temperature")
    temperature.clear()
    qtbot.keyClicks(temperature, "0.7")
    page.message.kind.setCurrentIndex(page.message.kind.findData("own"))
    qtbot.keyClicks(page.message.text, "Think.")
    page.close_page()
    qtbot.waitUntil(lambda: default_message(library).message == "Think.")
    assert default_sampling(library).temperature == 0.7


def test_about_scrolls_into_view_with_the_versions(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    window.desk.open("settings", section="About Orca Desk")
    bar = page.area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)
    qtbot.waitUntil(lambda: "PyTorch" in page.about_card.versions)
    assert {"Orca Desk", "Python", "Qt for Python", "llama-cpp-python"} <= set(page.about_card.versions)
    qtbot.mouseClick(page.about_card.copy_versions, Qt.MouseButton.LeftButton)
    assert "Orca Desk" in QGuiApplication.clipboard().text()


def test_the_teacher_page_begins_with_the_defaults(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    page.running.threads.setValue(1)
    page.running.batch.setValue(7)
    qtbot.waitUntil(lambda: default_runner(window.desk.library, Path("m.gguf")).batch == 7)
    choose_sampling(window.desk.library, Sampling(temperature=0.3))
    teacher = window.show_page("teacher")
    assert isinstance(teacher, TeacherPage)
    assert (teacher.form.threads.value(), teacher.form.batch.value()) == (1, 7)
    assert teacher.form.sampling.value().temperature == 0.3


def test_more_threads_than_cores_are_said_to_be_slower(page: SettingsPage) -> None:
    assert page.running.too_many.isHidden()
    page.running.threads.setValue(page.running.threads.maximum())
    assert not page.running.too_many.isHidden() and "slower" in page.running.too_many.text()
    page.running.threads.setValue(0)
    assert page.running.too_many.isHidden()
