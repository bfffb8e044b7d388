"""Text grows and shrinks everywhere at once, by keys, menu and settings, and the user keeps the choice."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QTableView, QWidget
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.models.page import ModelsPage
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.theme import POINTS, TEXT_SIZES, Theme, font, grown, text_size_choice
from orca_desk.ui.window import Window


def action(window: Window, text: str) -> QAction:
    (found,) = [one for one in all_actions(window) if one.text().replace("&", "") == text]
    return found


def sizes(widget: QWidget) -> list[float]:
    return [round(one.font().pointSizeF(), 2) for one in widget.findChildren(QLabel) if one.text()]


def test_all_text_of_a_page_follows_at_once(window: Window) -> None:
    page = window.show_page("records")
    (table, *_) = page.findChildren(QTableView)
    rows, before = table.verticalHeader().defaultSectionSize(), sizes(page)
    window.desk.choose_text_size(150)
    assert sizes(page) == [round(1.5 * size, 2) for size in before]
    assert table.verticalHeader().defaultSectionSize() == round(1.5 * rows)
    assert table.font().pointSizeF() == pytest.approx(1.5 * POINTS["body"])
    assert grown(20) == 30
    window.desk.choose_text_size(100)
    assert sizes(page) == before
    assert table.verticalHeader().defaultSectionSize() == rows


def test_icons_and_boxes_grow_with_the_text(window: Window) -> None:
    chat = window.show_page("chat")
    assert isinstance(chat, ChatPage)
    new, box = chat.top.new, chat.settings.system.whole

    def box_width() -> int:
        return box.sizeHint().width() - box.fontMetrics().horizontalAdvance(box.text())

    side, width = new.iconSize().height(), box_width()
    window.desk.choose_text_size(200)
    later = window.show_page("models")
    assert isinstance(later, ModelsPage)
    assert new.iconSize().height() == later.add_file.iconSize().height() == 2 * side
    assert new.icon().actualSize(new.iconSize()).height() == 2 * side
    assert box_width() >= width + 16
    window.desk.choose_text_size(100)
    assert new.iconSize().height() == later.add_file.iconSize().height() == side


def test_columns_and_filters_grow_with_the_text(window: Window) -> None:
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    window.resize(1900, 1000)
    header, family = page.table.horizontalHeader(), page.filters.family
    (column,) = [c for c, title in page.table.titles().items() if title == "Family"]
    width, least = header.sectionSize(column), family.minimumWidth()
    window.desk.choose_text_size(150)
    assert header.sectionSize(column) > 1.2 * width and family.minimumWidth() > 1.4 * least
    window.desk.choose_text_size(100)
    assert header.sectionSize(column) == width and family.minimumWidth() == least


def test_a_page_made_later_is_as_large_as_one_that_followed(window: Window) -> None:
    window.desk.choose_text_size(125)
    page = window.show_page("training")
    assert max(sizes(page)) == pytest.approx(1.25 * POINTS["title"], abs=0.01)


def test_keys_and_menu_step_through_the_sizes(window: Window) -> None:
    shown = []
    for name in ("Larger text", "Larger text", "Smaller text", "Normal text size", "Smaller text"):
        action(window, name).trigger()
        shown.append(window.desk.theme.text_size)
    assert shown == [110, 125, 110, 100, 90]
    assert action(window, "90%").isChecked()
    keys = [key.toString() for key in action(window, "Larger text").shortcuts()]
    assert keys == ["Ctrl++", "Ctrl+="]
    action(window, "200%").trigger()
    action(window, "Larger text").trigger()
    assert window.desk.theme.text_size == TEXT_SIZES[-1]
    assert "200%" in window.status.message.text()


def test_settings_show_and_change_it(window: Window) -> None:
    page = window.show_page("settings")
    assert isinstance(page, SettingsPage)
    box = page.appearance.text_size
    box.setCurrentText("125%")
    box.activated.emit(box.currentIndex())
    assert window.desk.theme.text_size == 125
    window.desk.choose_text_size(100)
    assert box.currentText() == "100%"
    page.appearance.as_written.click()
    assert window.desk.theme.as_written and action(window, "Answers as plain text").isChecked()


def test_the_user_keeps_the_choice_in_any_library(library: Library, theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as window:
        window.desk.choose_text_size(150)
        window.desk.choose_as_written(True)
    theme.choose_text_size(100)
    theme.choose_as_written(False)
    with desktop(library, theme) as window:
        assert window.desk.theme.text_size == 150
        assert window.desk.theme.as_written
        assert window.page is not None
        assert max(sizes(window.page)) == pytest.approx(1.5 * POINTS["title"], abs=0.01)


@pytest.mark.parametrize("stored", [None, "", "abc", "99", 1000, "-5", [], "²"])
def test_a_stored_size_that_is_none_is_the_usual_one(stored: object) -> None:
    assert text_size_choice(stored) == 100


def test_smaller_text_keeps_the_room_of_fields(theme: Theme) -> None:
    theme.choose_text_size(80)
    assert font("body").pointSizeF() == pytest.approx(8.0)
    assert grown(20) == 20
