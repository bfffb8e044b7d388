"""The window fits every screen, and its pages scroll rather than being cut."""

import pytest
from desktop_waits import wait_for_background
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.register import NAMES
from orca_desk.ui.self_test import SelfTest
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import on_screen
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.on_screen import FRAME, keep_on_screen, within
from orca_desk.ui.widgets.page_area import WIDEST, PageArea
from orca_desk.ui.widgets.text import button
from orca_desk.ui.window import Window

PLACES = st.integers(-4000, 4000)
SIDES = st.integers(300, 4000)


@given(PLACES, PLACES, SIDES, SIDES, PLACES, PLACES, SIDES, SIDES)
def test_a_window_lies_within_the_room_and_keeps_what_fits(
    x: int, y: int, width: int, height: int, left: int, top: int, wide: int, high: int
) -> None:
    wanted, room = QRect(x, y, width, height), QRect(left, top, wide, high)
    found = within(wanted, room)
    assert room.contains(found)
    assert (found.width(), found.height()) == (min(width, wide), min(height, high))
    if room.contains(wanted):
        assert found == wanted


@pytest.mark.parametrize("size", [(1024, 700), (800, 600), (720, 450), (1366, 720), (500, 400)])
def test_a_first_start_fits_the_screen(
    library: Library, theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    room = QRect(0, 0, *size)
    monkeypatch.setattr(on_screen, "room_on", lambda screen: room)
    with desktop(library, theme) as window:
        window.show()
        qtbot.waitExposed(window)
        assert room.contains(window.geometry().marginsAdded(FRAME))


def test_a_library_that_was_used_on_a_larger_screen_fits_a_smaller_one(
    library: Library, theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desktop(library, theme) as window:
        window.setGeometry(400, 100, 1500, 900)
        window.show()
        window.close()
    room = QRect(0, 24, 1024, 676)
    monkeypatch.setattr(on_screen, "room_on", lambda screen: room)
    with desktop(library, theme) as window:
        window.show()
        qtbot.waitUntil(lambda: room.contains(window.geometry()))
        assert window.geometry().top() >= room.top() + FRAME.top()  # its title can be grasped


def test_a_screen_that_shrinks_takes_the_window_along(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = QRect(0, 0, 900, 600)
    monkeypatch.setattr(on_screen, "room_on", lambda screen: room)
    window.windowHandle().screen().availableGeometryChanged.emit(room)
    assert room.contains(window.geometry())


@pytest.mark.parametrize("name", NAMES)
def test_every_page_can_be_reached_in_a_small_window(shared_window: Window, qtbot: QtBot, name: str) -> None:
    window = shared_window
    window.resize(800, 600)
    page = window.show_page(name)
    wait_for_background(window.desk, qtbot)
    area = page.parentWidget().parentWidget()
    assert isinstance(area, PageArea)
    QApplication.processEvents()
    reach = QPoint(area.horizontalScrollBar().maximum(), area.verticalScrollBar().maximum())
    corner = reach + area.viewport().rect().bottomRight()
    assert corner.x() >= page.width() - 1 and corner.y() >= page.height() - 1
    assert page.width() >= page.minimumSizeHint().width()
    assert window.size().width() == 800 and window.size().height() == 600


def test_the_sidebar_shows_icons_alone_in_a_narrow_window(window: Window, qtbot: QtBot) -> None:
    nav = window.findChild(QToolButton, "nav-tasks")
    assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon and not nav.toolTip()
    wide = nav.width()
    window.resize(1000, 700)
    assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    assert nav.toolTip() == "Tasks" and nav.accessibleName() == "Tasks"
    qtbot.waitUntil(lambda: nav.width() < wide / 2)
    window.resize(1280, 820)
    assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon


def test_the_sidebar_shows_all_pages_on_a_small_screen(window: Window, qtbot: QtBot) -> None:
    buttons = [window.findChild(QToolButton, f"nav-{name}") for name in NAMES]
    height = buttons[0].height()

    def all_in_view() -> bool:
        return all(one.visibleRegion().boundingRect() == one.rect() for one in buttons)

    window.resize(1024, 640)
    qtbot.waitUntil(all_in_view)
    assert 24 <= buttons[0].height() < height
    buttons[0].setFocus()
    QApplication.processEvents()
    assert all_in_view()
    window.resize(1280, 820)
    qtbot.waitUntil(lambda: buttons[0].height() == height)


def test_the_sidebar_scrolls_to_the_current_page_in_a_low_window(window: Window, qtbot: QtBot) -> None:
    window.resize(700, 350)
    window.show_page("settings")
    nav = window.findChild(QToolButton, "nav-settings")
    qtbot.waitUntil(lambda: not nav.visibleRegion().isEmpty())


@pytest.fixture
def area(qtbot: QtBot) -> PageArea:
    """The room of a page that needs 600 x 400 pixels."""
    page = QWidget()
    page.setMinimumSize(600, 400)
    QVBoxLayout(page)
    made = PageArea(page)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("room", "size"),
    [
        ((800, 500), (800, 500)),
        ((600, 400), (600, 400)),
        ((500, 500), (600, None)),
        ((700, 300), (None, 400)),
        ((WIDEST + 900, 500), (WIDEST, 500)),
    ],
)
def test_a_page_gets_the_room_there_is_or_the_least_that_it_needs(
    area: PageArea, room: tuple[int, int], size: tuple[int | None, int | None]
) -> None:
    area.resize(*room)
    area.show()
    QApplication.processEvents()
    for found, wanted in zip((area.page.width(), area.page.height()), size, strict=True):
        assert wanted is None or found == wanted
    sideways, down = area.horizontalScrollBar().maximum(), area.verticalScrollBar().maximum()
    assert (sideways > 0, down > 0) == (room[0] < 600, room[1] < 400)


def test_what_scrolls_up_and_down_is_never_narrower_than_its_content(qtbot: QtBot) -> None:
    content = QWidget()
    content.setMinimumWidth(500)
    area = scrolled(content)
    qtbot.addWidget(area)
    assert area.minimumSizeHint().width() >= 500


def test_what_scrolls_grows_with_its_content(qtbot: QtBot) -> None:
    """Content that arrives later, such as the examples of a chat, was cut: its page kept the old width."""
    page, content = QWidget(), QWidget()
    qtbot.addWidget(page)
    QVBoxLayout(content)
    QVBoxLayout(page).addWidget(scrolled(content))
    page.show()
    wide = QLabel("wide")
    wide.setMinimumWidth(500)
    layout = content.layout()
    assert layout is not None
    layout.addWidget(wide)
    qtbot.waitUntil(lambda: page.minimumSizeHint().width() >= 500)


@pytest.mark.parametrize("count", [2, 4, 10])
def test_the_last_entry_of_a_choice_is_in_sight(theme: Theme, qtbot: QtBot, count: int) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    theme.apply_to(box)
    choice = QComboBox(box)
    choice.addItems([f"entry {number}" for number in range(count)])
    box.show()
    choice.showPopup()
    view = choice.view()
    assert isinstance(view, QListView)
    last = view.visualRect(view.model().index(count - 1, 0))
    assert view.viewport().rect().contains(last)
    parts = [one.metaObject().className() for one in choice.findChildren(QWidget)]
    assert "QComboBoxPrivateScroller" not in parts  # its arrows would cover the last entry
    choice.hidePopup()


def test_a_choice_with_more_entries_than_it_shows_has_a_scroll_bar(theme: Theme, qtbot: QtBot) -> None:
    """Without one the list seems to end with its tenth entry."""
    box = QWidget()
    qtbot.addWidget(box)
    theme.apply_to(box)
    choice = QComboBox(box)
    choice.addItems([f"entry {number}" for number in range(13)])
    box.show()
    choice.showPopup()
    qtbot.waitUntil(lambda: choice.view().verticalScrollBar().isVisible())
    choice.hidePopup()


def test_a_dialog_is_cut_to_the_screen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    room = QRect(0, 0, 640, 480)
    monkeypatch.setattr(on_screen, "room_on", lambda screen: room)
    dialog = QDialog()
    qtbot.addWidget(dialog)
    dialog.setGeometry(100, 200, 900, 700)
    dialog.show()
    keep_on_screen(dialog)
    assert room.contains(dialog.geometry())


def test_the_self_test_scrolls_its_checks(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SelfTest, "_work", lambda self, tools: [])
    dialog = SelfTest(window, window.desk)
    dialog.show()
    assert dialog.minimumSizeHint().height() < 400
    dialog.resize(600, 400)
    qtbot.waitUntil(lambda: dialog.verdict.text() != "")
    assert dialog.rect().contains(dialog.verdict.geometry())
    dialog.close()


def test_the_buttons_of_dialogs_have_the_order_of_the_system(qtbot: QtBot) -> None:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    done: list[str] = []
    accept = button("Freeze", lambda: done.append("freeze"))
    row = dialog_buttons(dialog, accept)
    assert [one.text() for one in row.buttons()] == ["Freeze", "Cancel"] and accept.isDefault()
    accept.click()
    assert done == ["freeze"]
    with qtbot.waitSignal(dialog.rejected):
        row.buttons()[1].click()


def test_the_sidebar_can_be_folded_by_hand_and_stays_so(library: Library, theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as first:
        first.show()
        nav = first.findChild(QToolButton, "nav-tasks")
        fold = next(one for one in all_actions(first) if one.text() == "Fold side&bar")
        assert fold.shortcut().toString() == "Ctrl+B"
        fold.trigger()
        assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        first.close()
    with desktop(library, theme) as second:
        second.show()
        nav = second.findChild(QToolButton, "nav-tasks")
        assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        fold = next(one for one in all_actions(second) if one.text() == "Fold side&bar")
        second.resize(1280, 820)
        qtbot.waitUntil(fold.isEnabled)  # a narrow window shows icons alone in any case
        fold.trigger()
        assert nav.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
