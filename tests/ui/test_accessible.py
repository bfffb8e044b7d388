"""What a screen reader finds, what the keyboard reaches and how text stands out, on every page."""

from collections.abc import Iterator

import pytest
from clipped import describe
from desktop_waits import READY, settled_page, wait_for_background
from painted import faint_text
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QTableView, QTabWidget
from pytestqt.qtbot import QtBot
from screen_reader import not_reached, stops, unreadable

from orca_desk.ui import theme
from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Choice
from orca_desk.ui.widgets.row_table import RowTable
from orca_desk.ui.window import Window


@pytest.fixture(scope="module")
def window(shared_window: Window) -> Iterator[Window]:
    """The window of all tests here, active and of the usual size."""
    shared_window.resize(1280, 800)
    yield shared_window
    shared_window.desk.theme.choose("system")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_read_and_walked_through(window: Window, qtbot: QtBot, name: str) -> None:
    page = settled_page(window, name, qtbot)
    with qtbot.waitActive(window):
        window.activateWindow()
    for _ in tabs(page, window, qtbot):
        root = QAccessible.queryAccessibleInterface(page)
        assert list(unreadable(root)) == []
        missed, trapped = not_reached(page)
        assert trapped == ""
        assert [describe(widget) for widget in missed] == []
        assert [describe(view) for view in page.findChildren(QTableView) if not has_menu(view)] == []


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_text_stands_out_from_its_ground(window: Window, qtbot: QtBot, choice: Choice) -> None:
    """Measured in what is painted: the ink that differs most from the ground of each label and button."""
    window.desk.theme.choose(choice)
    faint = []
    for name in NAMES:
        page = settled_page(window, name, qtbot)
        for _ in tabs(page, window, qtbot):
            QApplication.processEvents()
            faint += [f"{name}: {line}" for line in faint_text(window)]
    assert faint == []


def test_the_focus_can_be_seen(window: Window, qtbot: QtBot) -> None:
    """On each page the controls differ with the focus, whatever kind they are of."""
    with qtbot.waitActive(window):
        window.activateWindow()
    seen = set()
    unseen = []
    for name in NAMES:
        page = settled_page(window, name, qtbot)
        for widget in stops(page):
            kind = (type(widget), widget.property("kind"))
            if kind in seen or not widget.visibleRegion().contains(widget.rect()):
                continue
            seen.add(kind)
            page.setFocus()
            QApplication.processEvents()
            before = widget.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            QApplication.processEvents()
            if widget.grab().toImage() == before:
                unseen.append(describe(widget))
    assert unseen == []


def test_the_theme_follows_the_system_while_the_app_runs(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system itself cannot be asked for another look here: what it is asked for says another one."""
    look, hints = window.desk.theme, theme.system_hints()
    look.choose("system")
    monkeypatch.setattr(theme, "_system_is_dark", lambda: True)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.is_dark and look.colours.name == "dark"
    monkeypatch.setattr(theme, "_system_wants_contrast", lambda: True)
    hints.accessibility().contrastPreferenceChanged.emit(Qt.ContrastPreference.HighContrast)
    assert look.colours.name == "dark contrast"
    assert window.palette().window().color() == look.colours("background")
    look.choose("light")
    assert look.colours.name == "light contrast"
    monkeypatch.undo()
    hints.accessibility().contrastPreferenceChanged.emit(Qt.ContrastPreference.NoPreference)
    assert look.colours.name == "light"


def has_menu(view: QTableView) -> bool:
    """Whether a right click on a row, or the menu key, opens a menu."""
    return isinstance(view, RowTable) or view.contextMenuPolicy() != Qt.ContextMenuPolicy.DefaultContextMenu


def tabs(page: Page, window: Window, qtbot: QtBot) -> Iterator[None]:
    """Show the tabs of a page one after the other."""
    found = next((one for one in page.findChildren(QTabWidget) if one.isVisible()), None)
    for place in range(found.count() if found is not None else 1):
        if found is not None:
            found.setCurrentIndex(place)
            if page.name not in READY:
                wait_for_background(window.desk, qtbot)
        yield
