"""The card of backups: made, kept, deleted and verified by clicks; restoring shows first what differs."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from library_doubles import make_task
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from orca_desk.library.backups.keeping import keep
from orca_desk.library.backups.keeping_settings import keeping_of, store_folder
from orca_desk.library.backups.kept import kept_backups, read_kept, write_kept
from orca_desk.library.backups.restored_state import MARK, STAGED
from orca_desk.library.backups.restoring import replaced_in
from orca_desk.library.care import compacting
from orca_desk.library.care.compacting import compact, space_of
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.ui import backing_up
from orca_desk.ui.app import desktop, tell_restored
from orca_desk.ui.backing_up import BackingUp
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.pages.settings.restore_dialog import RestoreDialog
from orca_desk.ui.starting import BEFORE, RESTART, RESTORED
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> SettingsPage:
    """The page, on a library with three tasks and no backups."""
    add_tasks(window.desk.library, [make_task(n) for n in range(3)])
    shown = window.show_page("settings")
    assert isinstance(shown, SettingsPage)
    qtbot.waitUntil(lambda: shown.kept.state.text() == "There are no backups yet.")
    return shown


def click(qtbot: QtBot, button: object) -> None:
    """Click a button that has become enabled."""
    qtbot.waitUntil(button.isEnabled, timeout=10_000)  # type: ignore[attr-defined]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[arg-type]


def test_backups_are_made_kept_verified_and_deleted(page: SettingsPage, qtbot: QtBot) -> None:
    card = page.kept
    assert not card.table.isVisible() and not card.restore.isVisible(), "there are none"
    click(qtbot, card.now)
    qtbot.waitUntil(lambda: "Backup made and verified" in page.notice.text.text(), timeout=10_000)
    assert page.notice.hint.text().startswith("3 tasks. New: ")
    qtbot.waitUntil(lambda: len(card.model.rows) == 1)
    assert card.table.isVisible() and card.restore.isVisible()
    qtbot.waitUntil(lambda: card.state.text().startswith("The newest is from today"))
    click(qtbot, card.pin)
    qtbot.waitUntil(lambda: card.pin.text() == "Stop keeping")
    click(qtbot, card.verify)
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("1 backup whole"), timeout=10_000)
    click(qtbot, card.delete)
    boxes = card.findChildren(MessageBox)
    (button,) = [one for one in boxes[-1].buttons() if one.text() == "Delete"]
    assert "cannot be undone" in boxes[-1].hint()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not card.model.rows)
    qtbot.waitUntil(lambda: not card.restore.isEnabled())


def test_how_backups_are_kept_is_chosen(
    page: SettingsPage, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, folder = page.kept, window.desk.library.folder
    card.every.setCurrentIndex(card.every.findData("hour"))
    card.every.activated.emit(card.every.currentIndex())
    qtbot.waitUntil(lambda: keeping_of(folder).every == "hour")
    place = tmp_path / "disk"
    place.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(place))
    qtbot.mouseClick(card.elsewhere, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: str(place) in card.place.text())
    place.rename(tmp_path / "unplugged")
    card.refresh()
    qtbot.waitUntil(lambda: "is missing" in card.state.text())
    click(qtbot, card.now)
    qtbot.waitUntil(lambda: "is missing" in page.notice.text.text(), timeout=10_000)
    click(qtbot, card.here)
    qtbot.waitUntil(lambda: keeping_of(folder).folder == "")


def restoring(page: SettingsPage, qtbot: QtBot) -> RestoreDialog:
    """Click on *Restore…* for the selected backup."""
    page.kept.refresh()
    click(qtbot, page.kept.restore)
    dialog = page.backups.restoring
    assert dialog is not None
    qtbot.waitUntil(dialog.in_place.isEnabled, timeout=10_000)
    return dialog


def test_a_restore_in_place_shows_what_differs_and_opens_the_library_again(
    page: SettingsPage, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, codes = window.desk.library, list[int]()
    monkeypatch.setattr(QCoreApplication, "exit", codes.append)
    keep(library, why="asked")
    add_tasks(library, [make_task(10), make_task(11)])
    dialog = restoring(page, qtbot)
    assert dialog.lists[0].text() == "Would be lost:\n    2 tasks" and not dialog.lists[1].isVisible()
    assert "It holds 3 tasks" in dialog.about.text()
    qtbot.mouseClick(dialog.in_place, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: codes == [RESTART], timeout=10_000)
    assert (library.folder / STAGED / MARK).is_file() and count_tasks(library) == 5
    library.close()
    with Library.open(library.folder) as restored:
        assert count_tasks(restored) == 3
        kept, _ = kept_backups(store_folder(restored.folder))
        assert [one.counts["tasks"] for one in kept] == [5, 3]


def test_nothing_is_restored_in_place_while_a_job_runs(
    page: SettingsPage, window: Window, qtbot: QtBot
) -> None:
    keep(window.desk.library, why="asked")
    dialog = restoring(page, qtbot)
    job = window.desk.jobs.start("x", "x", lambda tools: tools.control.listen(lambda: None))
    assert dialog.restore_in_place() is None and "Jobs are running" in dialog.notice.text.text()
    qtbot.waitUntil(lambda: job.is_over)
    dialog.reject()


def test_nothing_unsaved_is_lost_by_a_restore(
    page: SettingsPage, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, codes, settled = window.desk.library, list[int](), list[int]()
    monkeypatch.setattr(QCoreApplication, "exit", codes.append)
    keep(library, why="asked")
    window.desk.under_way.append(lambda: settled.append(len(kept_backups(store_folder(library.folder))[0])))
    chat = window.show_page("chat")
    assert isinstance(chat, ChatPage)
    chat.composer.input.setPlainText("Not sent")
    window.show_page("settings")
    dialog = restoring(page, qtbot)
    assert dialog.restore_in_place() is None and "A message in Chat" in dialog.notice.text.text()
    chat.composer.clear()
    assert dialog.restore_in_place() is not None
    qtbot.waitUntil(lambda: codes == [RESTART], timeout=10_000)
    assert settled == [1]  # before the present state was backed up


def test_a_damaged_backup_is_not_offered(page: SettingsPage, window: Window, qtbot: QtBot) -> None:
    backup = keep(window.desk.library, why="asked")
    for piece in (backup.path.parent / "chunks").glob("??/*"):
        piece.unlink()
    page.kept.refresh()
    click(qtbot, page.kept.restore)
    dialog = page.backups.restoring
    assert dialog is not None
    qtbot.waitUntil(lambda: "is damaged" in dialog.notice.text.text(), timeout=10_000)
    assert not dialog.in_place.isEnabled() and not dialog.open_beside.isEnabled()
    dialog.reject()


def test_a_due_backup_is_made_by_itself_and_a_failure_is_told_once(window: Window, qtbot: QtBot) -> None:
    desk, jobs = window.desk, list[Job]()
    store = store_folder(desk.library.folder)
    desk.jobs.started.connect(jobs.append)
    backing = BackingUp(desk, window)
    busy = desk.jobs.start(
        "x", "x", lambda tools: tools.control.proceed() and tools.control.pause(), heavy=False
    )
    backing.look()  # a light job needs the disk
    qtbot.waitUntil(lambda: busy.is_over)
    assert [job.kind for job in jobs] == ["x"]
    store.parent.mkdir(exist_ok=True)
    store.write_text("in the way")
    backing.look()
    qtbot.waitUntil(
        lambda: window.notice.text.text().startswith("No automatic backup was made."), timeout=10_000
    )
    store.unlink()
    window.notice.hide()
    backing.look()  # too soon
    backing._tried = None
    backing.look()
    qtbot.waitUntil(lambda: len(kept_backups(store)[0]) == 1, timeout=10_000)
    qtbot.waitUntil(lambda: all(job.is_over for job in jobs))
    assert [job.kind for job in jobs] == ["x", "keep", "keep"] and not window.notice.isVisible()


def test_what_was_not_verified_for_long_is_verified_while_nothing_else_is_to_do(
    window: Window, qtbot: QtBot
) -> None:
    desk, jobs = window.desk, list[Job]()
    backup = keep(desk.library, why="asked")
    write_kept(backup, verified_at="2020-01-01T00:00:00+00:00")
    for piece in (backup.path.parent / "chunks").glob("??/*"):
        piece.unlink()
    desk.jobs.started.connect(jobs.append)
    BackingUp(desk, window).look()
    qtbot.waitUntil(lambda: window.notice.text.text().startswith("Some backups are damaged."), timeout=10_000)
    assert [job.kind for job in jobs] == ["verify"] and read_kept(backup.path).lost == ("library.db",)


def test_unused_space_is_given_back_while_the_user_is_in_another_program(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, library, jobs = window.desk, window.desk.library, list[Job]()
    monkeypatch.setattr(compacting, "WORTH_BYTES", 2**16)
    add_tasks(library, [make_task(n, context="x" * 4000) for n in range(200)])
    library.write(lambda db: db.execute("DELETE FROM tasks WHERE n > 3").rowcount)
    keep(library, why="asked")  # a backup comes before it
    before = space_of(library)
    assert before.is_worth_it
    desk.jobs.started.connect(jobs.append)
    backing = BackingUp(desk, window)

    def look() -> None:
        with qtbot.waitCallback() as looked:
            decide = backing._act
            monkeypatch.setattr(backing, "_act", lambda wanted: (decide(wanted), looked(wanted)))
            backing.look()
        monkeypatch.setattr(backing, "_act", decide)
        assert looked.args == ["Compact the library"]

    look()
    assert not jobs  # the user is here
    backing._note_state(Qt.ApplicationState.ApplicationInactive)

    def user_comes_back(library: Library, *, check: Callable[[], None]) -> None:
        backing._note_state(Qt.ApplicationState.ApplicationActive)
        check()
        compact(library)

    with monkeypatch.context() as patch:
        patch.setattr(backing_up, "compact", user_comes_back)
        look()
        qtbot.waitUntil(lambda: bool(jobs) and jobs[0].is_over, timeout=10_000)
    assert jobs[0].error is None and space_of(library) == before
    backing._note_state(Qt.ApplicationState.ApplicationInactive)
    backing.look()  # too soon
    backing._tried = None
    look()
    qtbot.waitUntil(lambda: len(jobs) == 2 and jobs[1].is_over, timeout=10_000)
    assert space_of(library).size < before.size / 2 and count_tasks(library) == 3
    assert all(job.by_itself for job in jobs)


def test_the_window_says_once_what_was_restored(window: Window, qtbot: QtBot) -> None:
    window.desk.view_state.setValue(RESTORED, "The backup of yesterday")
    window.desk.view_state.setValue(BEFORE, "Kept.")
    tell_restored(window)
    assert window.notice.text.text() == "Restored: The backup of yesterday."
    assert window.notice.hint.text() == "Kept."
    qtbot.mouseClick(window.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.page is not None and window.page.name == "settings")
    window.notice.hide()
    tell_restored(window)
    assert not window.notice.isVisible()


def test_what_began_by_itself_stops_without_a_question_at_closing(window: Window, qtbot: QtBot) -> None:
    stopped: list[bool] = []

    def wait_for_stop(tools: Tools) -> None:
        told = threading.Event()
        tools.control.listen(told.set)
        stopped.append(told.wait(30))

    window.desk.jobs.start("x", "keep", wait_for_stop, heavy=False, by_itself=True)
    window.close()
    assert not window.findChildren(MessageBox)
    qtbot.waitUntil(lambda: stopped == [True], timeout=10_000)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)


def test_a_damaged_library_that_can_be_read_is_restored_in_place(
    library: Library, theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tasks(library, [make_task(n) for n in range(300)])
    keep(library, why="asked")
    library.close()
    library.path.write_bytes(library.path.read_bytes()[:-4096])  # cut off: it can only be read
    codes: list[int] = []
    monkeypatch.setattr(QCoreApplication, "exit", codes.append)
    with Library.open(library.folder) as damaged, desktop(damaged, theme) as window:
        assert damaged.is_damaged
        window.show()
        page = window.show_page("settings")
        assert isinstance(page, SettingsPage)
        dialog = restoring(page, qtbot)
        assert "what differs is unknown" in dialog.about.text() or dialog.lists[1].isVisible()
        qtbot.mouseClick(dialog.in_place, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: codes == [RESTART], timeout=10_000)
        assert str(window.desk.view_state.value(BEFORE)).startswith("The damaged state was moved")
    with Library.open(library.folder) as restored:
        assert count_tasks(restored) == 300 and len(replaced_in(restored.folder)) == 1
