"""Every page has room in every window: nothing is cut, overlaps, or needs a sideways scroll bar.

A window of W x H pixels at a scale of S% is laid out as one of W/S x H/S: that is how the scales are tested
here, and one of them for real, in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from clipped import clipped
from desktop_waits import READY, settled_page, wait_for_background
from filled_library import filled_folder
from new_library import new_library
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.app import desktop
from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import on_screen
from orca_desk.ui.window import Window

# Logical pixels: the sizes at 100%, then 1440 x 900, 1280 x 720 and 1024 x 640 at 200%, the last at 250%
SIZES = ((2880, 1800), (1440, 900), (1280, 720), (1024, 640), (720, 450), (640, 360), (512, 320), (410, 256))
# Narrower tables scroll, and answers beside each other always may
WIDE = 1024
SMALL = 640
SMALLEST = 500  # below it a page that needs more scrolls as a whole
ROUNDS = 12
SIDE_BY_SIDE = "AnswerColumns", "ConversationView", "ChatColumns"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_on_a_page_with_content(shared_window: Window, qtbot: QtBot, name: str) -> None:
    assert list(cut_parts(shared_window, name, qtbot)) == []


def test_very_wide_pages_have_a_third_pane(shared_window: Window, qtbot: QtBot) -> None:
    tasks = settled_page(shared_window, "tasks", qtbot)
    records = settled_page(shared_window, "records", qtbot)
    records.tabs.setCurrentIndex(0)
    chat = settled_page(shared_window, "chat", qtbot)
    settings = settled_page(shared_window, "settings", qtbot)
    columns = settings.cards[0].parentWidget()
    seen = {}
    for width in (2880, 1440, 1024):
        shared_window.resize(width, 900)
        qtbot.waitUntil(partial(has_size, shared_window, (width, 900)))
        for page in (tasks, records, chat, settings):
            shared_window.show_page(page.name)
            QApplication.processEvents()
        side = records.side
        reasons_beside = side.verdict.x() > side.parts.x()
        third = (not tasks.view.families.isHidden(), reasons_beside, not chat.settings.pane.isHidden())
        seen[width] = (*third, columns.columns)
    assert seen == {
        2880: (True, True, True, 3),
        1440: (False, False, False, 2),
        1024: (False, False, False, 1),
    }


def test_cards_stand_at_the_left_of_their_page(shared_window: Window, qtbot: QtBot) -> None:
    settings = settled_page(shared_window, "settings", qtbot)
    for width in (1024, 2880):
        shared_window.resize(width, 900)
        qtbot.waitUntil(partial(has_size, shared_window, (width, 900)))
        left = settings.search.mapTo(settings, QPoint(0, 0)).x()
        qtbot.waitUntil(lambda left=left: settings.library.mapTo(settings, QPoint(0, 0)).x() == left)


def test_the_list_of_families_is_the_filter(shared_window: Window, qtbot: QtBot) -> None:
    page = settled_page(shared_window, "tasks", qtbot)
    listed, box = page.view.families, page.filters.family
    listed.setCurrentIndex(listed.model().index(1, 0))
    assert box.currentIndex() == 1 and page.filters.value().family
    page.clear()
    assert listed.currentIndex().row() == 0


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


def test_nothing_is_cut_with_large_text(shared_window: Window, qtbot: QtBot) -> None:
    shared_window.desk.theme.choose_text_size(150)
    try:
        sizes = ((1024, 640),)
        names = ("home", "tasks", "records", "evaluate", "settings")
        assert [line for name in names for line in cut_parts(shared_window, name, qtbot, sizes)] == []
    finally:
        shared_window.desk.theme.choose_text_size(100)


def cut_parts(
    window: Window, name: str, qtbot: QtBot, sizes: tuple[tuple[int, int], ...] = SIZES
) -> Iterator[str]:
    """Yield what is cut on a page and its tabs, at each size of the window."""
    page = settled_page(window, name, qtbot)
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

    In a very small window that is every part, and in the very smallest one the page as a whole too.
    """
    if "scrolls sideways" in line or "its content" in line:
        if width < SMALL:
            return width < SMALLEST or not line.startswith("PageArea")
        return any(name in line for name in SIDE_BY_SIDE) or (width < WIDE and "Table" in line.split("'")[0])
    return False


@pytest.mark.parametrize(("scale", "screen"), [("2.5", "1440x900")])
def test_a_real_start_at_a_scale_fits_the_screen(tmp_path: Path, scale: str, screen: str) -> None:
    """Qt scales everything in a process of its own; the screen without a screen has the size that is set."""
    places = {"ORCA_DESK_SETTINGS": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    script = Path(__file__).resolve().parents[1] / "support" / "scaled_desktop.py"
    with filled_folder() as folder:
        done = subprocess.run(
            [sys.executable, str(script), str(folder), screen],
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
