"""The widths of texts, and characters without a font."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.ui.pages.records.page import RecordsPage
from orca_desk.ui.pages.records.texts import ErasureView
from orca_desk.ui.widgets import glyphs as module
from orca_desk.ui.widgets.browser import LONGEST_LINE, Browser
from orca_desk.ui.widgets.glyphs import SCRIPTS, Glyphs
from orca_desk.ui.window import Window
from orca_desk.ui.words.fonts import fonts_hint

TEXTS = {
    "Chinese and Japanese characters": "9 ÷ 3 = 三",
    "Korean": "안녕",
    "emoji": "well done 🎉",
    "Arabic": "الجواب",
    "Hindi": "उत्तर",
    "Thai": "คำตอบ",
    "Hebrew": "תשובה",
    "Bengali": "উত্তর",
    "Tamil": "பதில்",
    "Georgian": "პასუხი",
    "Armenian": "պատասխան",
}


@pytest.mark.parametrize("width", [300, 800, 2400])
def test_no_line_is_too_long_to_read(qtbot: QtBot, width: int) -> None:
    shown = Browser()
    qtbot.addWidget(shown)
    shown.resize(width, 400)
    shown.show()
    shown.set_markdown("word " * 800)
    assert shown.viewport().width() <= LONGEST_LINE
    assert shown.viewport().width() >= min(width, LONGEST_LINE) - 40
    shown.resize(300, 400)
    assert shown.viewport().width() >= 260


def test_two_columns_have_the_room_of_two_lines(window: Window) -> None:
    page = window.show_page("records")
    assert isinstance(page, RecordsPage)
    (shown,) = page.side.findChildren(ErasureView)
    shown.resize(1500, 300)
    assert shown.viewport().width() > 1400


@pytest.fixture
def lacking(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Glyphs:
    """A system whose fonts have none of the scripts."""
    for old in qapp.findChildren(Glyphs):
        old.setParent(None)
    monkeypatch.setattr(module, "lacking_scripts", lambda: list(SCRIPTS))
    return module.glyphs()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_without_a_font_is_reported_once(lacking: Glyphs, qtbot: QtBot, script: str) -> None:
    told: list[str] = []
    lacking.missing.connect(told.append)
    lacking.look("plain words, naïve café, 5 ÷ 2 ≥ 2 → π")
    assert told == []
    shown = Browser()
    qtbot.addWidget(shown)
    for _ in range(2):
        shown.set_markdown(TEXTS[script])
        shown.clear()
    assert told == [script]


def test_the_window_says_it_once_for_all_libraries(lacking: Glyphs, window: Window) -> None:
    lacking.look(TEXTS["emoji"])
    assert window.notice.text.text() == "No font on this system shows emoji; boxes are shown instead."
    window.notice.hide()
    lacking.missing.emit("emoji")
    assert window.notice.isHidden()
    window.notice.show_message("Something else.", "", kind="warn")
    lacking.look(TEXTS["Korean"])
    assert window.notice.text.text() == "Something else."
    assert "Korean" in window.status.message.text()


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_hint_names_what_this_system_needs(script: str) -> None:
    linux, windows, mac = (fonts_hint(script, system=one) for one in ("linux", "win32", "darwin"))
    assert "fonts-noto-" in linux and "Fedora" in linux and "Arch" in linux
    assert "Optional features" in windows and "noto" not in windows
    assert "Font Book" in mac and "noto" not in mac


def test_asking_for_fonts_prints_nothing(qapp: QApplication, capfd: pytest.CaptureFixture[str]) -> None:
    assert set(module.lacking_scripts()) <= set(SCRIPTS)
    assert capfd.readouterr().err == ""
