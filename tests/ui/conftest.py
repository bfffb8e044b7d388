"""The desktop in tests: a real window on a real library, without a screen."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filled_library import filled_folder
from new_library import new_library
from PySide6 import QtCore, QtGui, QtNetwork, QtSvg, QtWidgets
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import on_screen
from orca_desk.ui.window import Window

VERY_LARGE = QtCore.QRect(0, 0, 4000, 3000)  # px, a screen
NUMBERS = itertools.count()

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for module in (QtCore, QtGui, QtNetwork, QtSvg, QtWidgets):
    for name in dir(module):
        getattr(
            module, name
        )  # as in the app, no thread creates a type of PySide (see orca_desk/ui/__init__.py)


@pytest.fixture(scope="session", autouse=True)
def empty_clipboard(qapp: QApplication) -> Iterator[None]:
    """Nothing on the clipboard at the end: Qt would delete Python's object after Python itself, and crash."""
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """New settings of the user's for each test; the folder is made only if the test writes some."""
    place = tmp_path_factory.getbasetemp() / f"settings-{next(NUMBERS)}"
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(place))


@pytest.fixture(autouse=True)
def large_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual screen: the one without a screen has 800 x 800 pixels."""
    monkeypatch.setattr(on_screen, "room_on", lambda screen: QtCore.QRect(0, 0, 1920, 1080))


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The theme, with the app's fonts. Afterwards every widget of the test is gone.

    A window that waits for its deletion would be styled again by the theme of the next test, which took
    longer than most tests.
    """
    made = Theme(qapp)
    yield made
    made.deleteLater()
    qapp.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library with the bundled strategies and no tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def window(library: Library, theme: Theme, qtbot: QtBot) -> Iterator[Window]:
    """A window on `library`. The test fails when the app meets a bug, as a user would see a crash report."""
    crashes: list[BaseException] = []
    with desktop(library, theme) as opened:
        opened.desk.crashed.disconnect()
        opened.desk.crashed.connect(crashes.append)
        with qtbot.waitExposed(opened):
            opened.show()
        yield opened
    if crashes:
        raise crashes[0]


@pytest.fixture(scope="module")
def filled() -> Iterator[Path]:
    """The folder of a library with something on every page."""
    with filled_folder() as folder:
        yield folder


@pytest.fixture
def filled_window(filled: Path, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window on the filled library, on a very large screen."""
    monkeypatch.setattr(on_screen, "room_on", lambda screen: VERY_LARGE)
    with Library.open(filled) as opened, desktop(opened, theme) as window:
        window.resize(1280, 800)
        window.show()
        window.notice.hide()
        yield window


@pytest.fixture(scope="module")
def shared_window(qapp: QApplication) -> Iterator[Window]:
    """One window on the filled library for all tests of a file, which leave nothing behind in it."""
    patch = pytest.MonkeyPatch()
    patch.setattr(on_screen, "room_on", lambda screen: VERY_LARGE)
    theme = Theme(qapp)
    with filled_folder() as folder, Library.open(folder) as opened, desktop(opened, theme) as window:
        window.resize(1280, 800)
        window.show()
        window.notice.hide()
        yield window
    patch.undo()
    theme.deleteLater()
    qapp.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)
