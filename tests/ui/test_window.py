"""The window opens every page, and comes back where it was left."""

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.theme import Theme
from orca_desk.ui.window import PAGES, Window


@pytest.mark.parametrize("name", [entry[0] for entry in PAGES if entry])
def test_every_page_opens(window: Window, qtbot: QtBot, name: str) -> None:
    page = window.show_page(name)
    assert page.isVisible() and window.page is page


def test_the_last_page_and_theme_come_back(library: Library, theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as first:
        first.show_page("jobs")
        first.choose_theme("dark")
        first.close()
    with desktop(library, theme) as second:
        assert second.page is second.pages["jobs"]
        assert theme.is_dark
        second.choose_theme("light")
