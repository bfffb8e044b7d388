"""Several libraries: which one a window shows, and how to get from one to another."""

import threading
from pathlib import Path

import pytest
from new_library import new_library
from PySide6.QtCore import QCoreApplication, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.naming import get_name
from orca_desk.library.tasks import count_tasks
from orca_desk.processes.progress import Update
from orca_desk.ui import libraries
from orca_desk.ui.app import desktop
from orca_desk.ui.commands import plain
from orca_desk.ui.jobs import Tools
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.library_dialogs import BundleDialog, NewLibraryDialog, RenameDialog
from orca_desk.ui.preferences import (
    MOST_RECENT,
    known_libraries,
    note_library,
    preferences,
)
from orca_desk.ui.relocating import relocate
from orca_desk.ui.starting import RESTART
from orca_desk.ui.switcher import LibrarySwitcher
from orca_desk.ui.theme import Theme
from orca_desk.ui.tour import Tour
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window
from orca_desk.ui.words.library import library_name


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The libraries that would have been opened in a window of their own."""
    found: list[Path] = []
    monkeypatch.setattr(libraries, "open_library_window", found.append)
    return found


def act(window: Window, text: str) -> QAction:
    return next(one for one in all_actions(window) if plain(one.text()) == text)


def recent(window: Window) -> list[QAction]:
    (menu,) = [one for one in window.findChildren(QMenu) if plain(one.title()) == "Open recent"]
    menu.aboutToShow.emit()
    return menu.actions()


def test_the_title_names_the_page_and_the_library(window: Window) -> None:
    window.show_page("tasks")
    assert window.windowTitle() == "Tasks – library – Orca Desk"


def test_the_library_for_everybody_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(tmp_path / "orca-desk"))
    assert library_name(tmp_path / "orca-desk") == "My library"
    assert library_name(tmp_path / "physics") == "physics"


def test_the_title_shows_how_far_the_job_is(window: Window, qtbot: QtBot) -> None:
    def work(tools: Tools) -> None:
        tools.progress(Update(stage="count", done=42, total=100))
        told = threading.Event()
        tools.control.listen(told.set)
        told.wait(20)

    job = window.desk.jobs.start("Counting", "count", work)
    qtbot.waitUntil(lambda: window.windowTitle().startswith("42% – Home"))
    job.stop()
    qtbot.waitUntil(lambda: window.windowTitle().startswith("Home"))


@pytest.mark.parametrize(("samples", "tasks"), [(False, 0), (True, 2661)])
def test_a_new_library_is_named_and_empty_unless_samples_are_asked_for(
    window: Window, tmp_path: Path, opened: list[Path], qtbot: QtBot, samples: bool, tasks: int
) -> None:
    act(window, "New library…").trigger()
    (dialog,) = window.findChildren(NewLibraryDialog)
    assert not dialog.make.isEnabled() and not dialog.samples.isChecked()
    dialog.where.setText(str(tmp_path))
    qtbot.keyClicks(dialog.name, "My thesis: 2")
    assert dialog.path.text() == f"Its folder: {tmp_path / 'My thesis- 2'}"
    dialog.samples.setChecked(samples)
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened == [tmp_path / "My thesis- 2"])
    with Library.open(tmp_path / "My thesis- 2") as made:
        assert count_tasks(made) == tasks and get_name(made) == "My thesis: 2"


def test_a_new_library_needs_a_place_of_its_own(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    act(window, "New library…").trigger()
    (dialog,) = window.findChildren(NewLibraryDialog)
    dialog.where.setText(str(tmp_path))
    for name, said in (
        ("full", "is not empty"),
        ("..", "Give the library a name"),
        ("", "Give the library a name"),
    ):
        dialog.name.setText(name)
        assert said in dialog.path.text() and not dialog.make.isEnabled()
    dialog.name.setText("thesis")
    dialog.where.setText("here")
    assert not dialog.make.isEnabled()


def test_a_library_is_renamed_wherever_its_name_stands(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    switcher = window.findChild(QToolButton, "switcher")
    assert isinstance(switcher, QToolButton) and switcher.accessibleName() == "Library: library"
    act(window, "Rename library…").trigger()
    (dialog,) = window.findChildren(RenameDialog)
    dialog.name.setText("Thesis & more")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.windowTitle() == "Home – Thesis & more – Orca Desk")
    assert switcher.accessibleName() == "Library: Thesis & more"
    assert known_libraries(window.desk.preferences)[0].name == "Thesis & more"
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.windowTitle() == "Home – library – Orca Desk")


def test_a_library_is_packed_and_opened_elsewhere(
    window: Window, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.orcalib"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **options: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args, **options: (str(path), ""))
    act(window, "Save as bundle…").trigger()
    qtbot.waitUntil(lambda: len(window.findChildren(BundleDialog)) == 1)
    (asked,) = window.findChildren(BundleDialog)
    asked.accept()
    qtbot.waitUntil(lambda: window.notice.isVisible())
    assert window.notice.text.text() == f"Packed library into {path}"
    act(window, "Open bundle…").trigger()
    qtbot.waitUntil(lambda: len(window.findChildren(NewLibraryDialog)) == 1)
    (dialog,) = window.findChildren(NewLibraryDialog)
    assert dialog.name.text() == "library" and not dialog.samples.isVisible()
    dialog.where.setText(str(tmp_path))
    dialog.name.setText("there")
    dialog.accept()
    qtbot.waitUntil(
        lambda: window.notice.text.text() == f"Created the library library in {tmp_path / 'there'}"
    )
    assert (tmp_path / "there" / "library.db").is_file()
    path.write_bytes(b"PK\x03\x04")
    act(window, "Open bundle…").trigger()
    qtbot.waitUntil(lambda: "is damaged" in window.notice.text.text())


def test_only_a_library_is_opened(
    window: Window, tmp_path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_library(tmp_path / "other"):
        pass
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args, **options: str(tmp_path / "other"))
    act(window, "Open library…").trigger()
    assert opened == [tmp_path / "other"]
    with pytest.raises(UserError, match="There is no library in"):
        LibraryActions(window, window.desk, window.notice).open_folder(tmp_path)


def test_libraries_that_were_open_are_offered_again(
    library: Library, theme: Theme, tmp_path: Path, opened: list[Path], qtbot: QtBot
) -> None:
    with new_library(tmp_path / "a & b") as other, desktop(other, theme) as window:
        assert recent(window) == []
    with desktop(library, theme) as window:
        (action,) = recent(window)
        assert action.text() == f"a && b  ({tmp_path})"
        action.trigger()
    assert opened == [tmp_path / "a & b"]
    (tmp_path / "a & b" / "library.db").unlink()
    assert [one.folder for one in known_libraries(preferences()) if one.is_there] == [library.folder]


def test_a_recent_library_that_is_missing_says_so_and_is_taken_off(
    library: Library, theme: Theme, tmp_path: Path, opened: list[Path], qtbot: QtBot
) -> None:
    gone = tmp_path / "gone"
    note_library(preferences(), gone, "Old thesis")
    with desktop(library, theme) as window:
        with qtbot.waitExposed(window):
            window.show()
        (action,) = recent(window)
        assert action.text() == "Old thesis  (missing)"
        action.trigger()
        (box,) = window.findChildren(MessageBox)
        assert box.text() == f"Old thesis is no longer in {gone}."
        (forget,) = [one for one in box.buttons() if one.text() == "Remove it from the list"]
        qtbot.mouseClick(forget, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: recent(window) == [])
    assert opened == []


def test_the_switcher_offers_the_other_libraries(
    library: Library, theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    with new_library(tmp_path / "other") as other, desktop(other, theme):
        pass
    with desktop(library, theme) as window:
        switcher = window.findChild(LibrarySwitcher)
        assert isinstance(switcher, LibrarySwitcher)
        switcher.menu().aboutToShow.emit()
        texts = [one.text() for one in switcher.menu().actions() if one.text()]
        assert texts[:2] == ["library", f"other  ({tmp_path})"]
        assert "New library…" in texts and "Show library in folder" in texts


def test_the_window_is_as_large_in_every_library(library: Library, theme: Theme, tmp_path: Path) -> None:
    with desktop(library, theme) as window:
        window.resize(700, 500)
        window.close()
    with new_library(tmp_path / "other") as other, desktop(other, theme) as window:
        assert (window.width(), window.height()) == (700, 500)


def test_only_the_latest_libraries_are_remembered(tmp_path: Path) -> None:
    chosen = preferences()
    for number in range(MOST_RECENT + 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "library.db").touch()
        note_library(chosen, folder)
    note_library(chosen, tmp_path / "5")
    names = [one.folder.name for one in known_libraries(chosen)]
    assert names == ["5", "9", "8", "7", "6", "4", "3", "2"]


def test_theme_and_tour_are_the_same_for_the_next_library(
    library: Library, theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    with desktop(library, theme) as first:
        first.desk.choose_theme("dark")
        first.show_tour()
        tour = first.findChild(Tour)
        tour.close_overlay()
    theme.choose("system")
    with new_library(tmp_path / "other") as other, desktop(other, theme) as second:
        assert theme.is_dark and not second.begin_tour_once()
        second.desk.choose_theme("light")


def test_a_theme_that_was_stored_with_a_library_is_taken_over(
    library: Library, theme: Theme, qtbot: QtBot
) -> None:
    stored = QSettings(str(library.folder / "desktop.ini"), QSettings.Format.IniFormat)
    stored.setValue("window/theme", "dark")
    stored.setValue("window/tour", True)
    stored.sync()
    with desktop(library, theme) as window:
        assert theme.is_dark and not window.begin_tour_once()
        window.desk.choose_theme("light")
    with desktop(library, theme):
        assert not theme.is_dark  # the user has chosen since


def test_a_library_is_moved_when_nothing_is_in_the_way(
    window: Window, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(QCoreApplication, "exit", codes.append)
    act(window, "Move library…").trigger()
    (dialog,) = window.findChildren(NewLibraryDialog)
    dialog.where.setText(str(tmp_path / "disk"))
    dialog.name.setText("thesis")
    job = window.desk.jobs.start("x", "x", lambda tools: tools.control.listen(lambda: None))
    dialog.accept()
    assert "Jobs are running" in window.notice.hint.text() and not codes
    qtbot.waitUntil(lambda: job.is_over)
    actions = LibraryActions(window, window.desk, window.notice)
    actions.move_to(tmp_path / "disk" / "thesis")
    qtbot.waitUntil(lambda: codes == [RESTART])
    assert window.desk.move_to == tmp_path / "disk" / "thesis"


def test_a_closed_library_is_moved_and_the_list_of_recent_ones_follows(
    library: Library, theme: Theme, tmp_path: Path
) -> None:
    before, target = library.folder, tmp_path / "there"
    note_library(preferences(), before, "mine")
    library.close()
    at = relocate(before, target, theme)
    assert (at.folder, at.said) == (target, f"The library is now in {target}.")
    with Library.open(target) as moved, desktop(moved, theme):
        assert [one.folder for one in known_libraries(preferences())] == [target]
