"""Several libraries: which one a window shows, and how to get from one to another."""

import threading
from pathlib import Path

import pytest
from new_library import new_library
from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.tasks import count_tasks
from orca_desk.processes.progress import Update
from orca_desk.ui import libraries
from orca_desk.ui.app import desktop
from orca_desk.ui.commands import plain
from orca_desk.ui.jobs import Tools
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.preferences import MOST_RECENT, note_library, preferences, recent_libraries
from orca_desk.ui.theme import Theme
from orca_desk.ui.tour import Tour
from orca_desk.ui.window import Window
from orca_desk.ui.words.library import library_name


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The libraries that would have been opened in a window of their own."""
    found: list[Path] = []
    monkeypatch.setattr(libraries, "open_library_window", found.append)
    return found


def act(window: Window, text: str) -> QAction:
    return next(one for one in window.all_actions() if plain(one.text()) == text)


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


def test_a_new_library_gets_an_empty_folder(
    window: Window, tmp_path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **options: (str(tmp_path / "new"), ""))
    act(window, "New library…").trigger()
    assert opened == [tmp_path / "new"]
    act(window, "New library without samples…").trigger()
    assert opened == [tmp_path / "new"] * 2
    with Library.open(tmp_path / "new") as made:
        assert count_tasks(made) == 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(UserError, match="is not empty"):
        LibraryActions(window, window.desk).make(tmp_path / "full")


def test_only_a_library_is_opened(
    window: Window, tmp_path: Path, opened: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_library(tmp_path / "other"):
        pass
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args, **options: str(tmp_path / "other"))
    act(window, "Open library…").trigger()
    assert opened == [tmp_path / "other"]
    with pytest.raises(UserError, match="There is no library in"):
        LibraryActions(window, window.desk).open_folder(tmp_path)


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
    assert recent_libraries(preferences()) == [library.folder]


def test_only_the_latest_libraries_are_remembered(tmp_path: Path) -> None:
    chosen = preferences()
    for number in range(MOST_RECENT + 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "library.db").touch()
        note_library(chosen, folder)
    note_library(chosen, tmp_path / "5")
    names = [folder.name for folder in recent_libraries(chosen)]
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
