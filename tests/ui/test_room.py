"""Every page has room in every window: nothing is cut, overlaps, or needs a sideways scroll bar.

A window of W x H pixels at a scale of S% is laid out as one of W/S x H/S: that is how the scales are tested
here, and one of them for real, in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clipped import clipped, describe
from desktop_waits import wait_for_background
from new_library import new_library
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QPushButton, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.app import desktop
from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import on_screen
from orca_desk.ui.window import Window

# Logical pixels: the sizes at 100%, then 1440 x 900, 1280 x 720 and 1024 x 640 at 200%
SIZES = ((2880, 1800), (1440, 900), (1280, 720), (1024, 640), (720, 450), (640, 360), (512, 320))
READY: dict[str, Callable[[Any], bool]] = {
    "grow": lambda page: page.proposals.model.rowCount() > 0,
    "strategies": lambda page: page.pairing.model.rowCount() > 0,
}
# Narrower tables scroll, and answers beside each other always may
WIDE = 1024
SMALL = 640
NEED_MORE = "grow", "strategies", "experiment"  # they scroll sideways in the smallest window
ROUNDS = 12
SIDE_BY_SIDE = "AnswerColumns", "ConversationView", "ChatColumns"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_on_a_page_with_content(filled_window: Window, qtbot: QtBot, name: str) -> None:
    sizes = SIZES[:-1] if name in NEED_MORE else SIZES
    assert list(cut_parts(filled_window, name, qtbot, sizes)) == []


def test_nothing_is_cut_on_empty_pages(
    tmp_path: Path, theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_screen, "room_on", lambda screen: QRect(0, 0, 4000, 3000))
    with new_library(tmp_path / "library") as library, desktop(library, theme) as window:
        window.show()
        window.notice.hide()
        sizes = (SIZES[3], SIZES[-1])
        names = [name for name in NAMES if name not in READY]
        assert [line for name in names for line in cut_parts(window, name, qtbot, sizes)] == []


def test_nothing_is_cut_with_large_text(filled_window: Window, qtbot: QtBot) -> None:
    filled_window.desk.theme.choose_text_size(150)
    try:
        sizes = ((1024, 640),)
        names = ("home", "tasks", "records", "evaluate", "settings")
        assert [line for name in names for line in cut_parts(filled_window, name, qtbot, sizes)] == []
    finally:
        filled_window.desk.theme.choose_text_size(100)


DIALOGS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "families": ("tasks", lambda page: page.dialogs.manage_families()),
    "a task": ("tasks", lambda page: page.dialogs.add()),
    "exporting": ("tasks", lambda page: page.export()),
    "rules": ("records", lambda page: page.edit_rules()),
    "freezing": ("training", lambda page: page.freeze()),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_fits_a_small_screen(
    filled_window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    where, open_it = DIALOGS[name]
    page: Any = filled_window.show_page(where)
    wait_for_background(filled_window.desk, qtbot)
    room = QRect(0, 0, 640, 360)
    monkeypatch.setattr(on_screen, "room_on", lambda screen: room)
    open_it(page)
    qtbot.waitUntil(lambda: bool(dialogs(filled_window)))
    dialog = dialogs(filled_window)[0]
    on_screen.keep_on_screen(dialog)
    qtbot.waitUntil(lambda: room.contains(dialog.geometry()))
    for press in (one for one in dialog.findChildren(QPushButton) if one.isVisible()):
        assert press.width() >= press.minimumSizeHint().width(), describe(press)
    dialog.reject()


def dialogs(window: Window) -> list[QDialog]:
    """Return the dialogs that are open."""
    return [one for one in window.findChildren(QDialog) if one.isVisible()]


def cut_parts(
    window: Window, name: str, qtbot: QtBot, sizes: tuple[tuple[int, int], ...] = SIZES
) -> Iterator[str]:
    """Yield what is cut on a page and its tabs, at each size of the window."""
    page: Any = window.show_page(name)
    if name in READY:  # what a worker finds out, such as the generators there are, takes seconds
        qtbot.waitUntil(lambda: READY[name](page), timeout=20_000)
    else:
        wait_for_background(window.desk, qtbot)
    for place, tab in enumerate(tabs_of(page)):
        if tab is not None:
            tab.setCurrentIndex(place)
            if name not in READY:
                wait_for_background(window.desk, qtbot)
        for width, height in sizes:
            window.resize(width, height)
            wanted = (width, height)
            qtbot.waitUntil(partial(has_size, window, wanted))
            for line in settled(window, width):
                yield f"{width}x{height} {name}/{place}: {line}"


def has_size(window: Window, wanted: tuple[int, int]) -> bool:
    """Whether the window has got the size that was asked for."""
    return (window.width(), window.height()) == wanted


def settled(window: Window, width: int) -> list[str]:
    """Return what is cut when the layouts have settled: one may ask the one around it for more room."""
    found: list[str] = []
    for _ in range(ROUNDS):
        QApplication.processEvents()
        found = [line for line in clipped(window) if not may_scroll(line, width)]
        if not found:
            break
    return found


def tabs_of(page: Page) -> list[QTabWidget | None]:
    """Return the tabs of a page once for each tab; a page without any has [None]."""
    tabs = next((one for one in page.findChildren(QTabWidget) if one.isVisible()), None)
    return [tabs] * tabs.count() if tabs is not None else [None]


def may_scroll(line: str, width: int) -> bool:
    """Whether a line of `clipped` tells of what scrolls sideways by itself, as it should.

    In the very smallest window only the page as a whole may not.
    """
    if width < SMALL:
        return not line.startswith("PageArea")
    if "scrolls sideways" in line or "its content is" in line:
        return any(name in line for name in SIDE_BY_SIDE) or (width < WIDE and "Table" in line.split("'")[0])
    return False


@pytest.mark.parametrize(("scale", "screen"), [("2.5", "1440x900")])
def test_a_real_start_at_a_scale_fits_the_screen(
    filled: Path, tmp_path: Path, scale: str, screen: str
) -> None:
    """Qt scales everything in a process of its own; the screen without a screen has the size that is set."""
    places = {"ORCA_DESK_SETTINGS": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    script = Path(__file__).resolve().parents[1] / "support" / "scaled_desktop.py"
    done = subprocess.run(
        [sys.executable, str(script), str(filled), screen],
        env=os.environ | places,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, []), done.stderr


def test_a_part_that_is_cut_is_found(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    row = QHBoxLayout(box)
    words, press = QLabel("A sentence that needs its room"), QPushButton("Press this button")
    row.addWidget(words)
    row.addWidget(press)
    box.show()
    assert clipped(box) == []
    words.setFixedWidth(20)
    press.setFixedWidth(20)
    QApplication.processEvents()
    found = clipped(box)
    assert any("A sentence" in line for line in found) and any("Press this" in line for line in found)
    press.setParent(box)
    press.setGeometry(box.width() - 5, 0, 50, 20)
    assert any("leaves its parent's" in line for line in clipped(box))
