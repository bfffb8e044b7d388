"""The handbook's window: opened from anywhere, searched, read, and left again."""

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from window_actions import all_actions

from orca_desk.handbook import chapters
from orca_desk.ui.handbook import Handbook
from orca_desk.ui.register import NAMES
from orca_desk.ui.window import Window


@pytest.fixture
def handbook(window: Window) -> Handbook:
    window.show_handbook("index")
    return opened(window)


def test_the_question_mark_of_a_page_opens_its_chapter(window: Window) -> None:
    for name in NAMES:
        page = window.show_page(name)
        sign = page.findChild(QToolButton, "page-help")
        assert sign is not None and sign.accessibleName() == f"Handbook: {page.title}"
        QTest.mouseClick(sign, Qt.MouseButton.LeftButton)
        assert opened(window).place == (name, "") and opened(window).isVisible()


def test_it_opens_at_the_page_that_is_shown(window: Window) -> None:
    window.show_page("training")
    next(one for one in all_actions(window) if one.text() == "&Handbook").trigger()
    assert opened(window).windowTitle().startswith("Training")
    assert "Freeze" in opened(window).text.toPlainText()


def test_every_chapter_is_listed_and_shown_whole(handbook: Handbook) -> None:
    assert [one.title for one in handbook.model.entries] == [one.title for one in chapters()]
    for row, one in enumerate(chapters()):
        handbook.list.clicked.emit(handbook.model.index(row))
        assert handbook.place == (one.name, "")
        assert handbook.text.toPlainText().startswith(one.title)
        assert handbook.text.verticalScrollBar().value() == 0


def test_a_search_lists_sections_and_opens_them_where_they_begin(handbook: Handbook) -> None:
    QTest.keyClicks(handbook.search, "leak")
    first = handbook.model.entries[0]
    assert (first.title, first.detail) == ("Leak", "Glossary")
    QTest.keyClick(handbook.search, Qt.Key.Key_Return)
    assert handbook.place == ("glossary", "Leak")
    assert handbook.text.verticalScrollBar().value() > 0
    QTest.keyClicks(handbook.search, " nosuchword")
    assert handbook.nothing.isVisible() and not handbook.list.isVisible()
    handbook.search.clear()
    assert len(handbook.model.entries) == len(chapters())
    assert handbook.list.currentIndex().data() == "Glossary"


def test_links_lead_on_and_back_leads_back(handbook: Handbook) -> None:
    handbook.text.anchorClicked.emit(QUrl("records.md#why-a-record-is-in-or-out"))
    assert handbook.place == ("records", "why-a-record-is-in-or-out")
    handbook.text.anchorClicked.emit(QUrl("#review"))
    assert handbook.place == ("records", "review")
    handbook.back.click()
    handbook.back.click()
    assert handbook.place == ("index", "") and not handbook.back.isEnabled()


def test_another_theme_keeps_the_place(handbook: Handbook, window: Window) -> None:
    handbook.show_place("glossary", "parity")
    before = handbook.text.verticalScrollBar().value()
    window.desk.choose_theme("dark" if not window.desk.theme.is_dark else "light")
    assert before > 0 and handbook.text.verticalScrollBar().value() == before


def test_an_unknown_chapter_shows_the_index(handbook: Handbook) -> None:
    handbook.show_place("nosuch")
    assert handbook.text.toPlainText().startswith("Handbook")


def opened(window: Window) -> Handbook:
    found = window.findChild(Handbook)
    assert found is not None
    return found


def test_the_text_grows_and_shrinks_by_the_usual_keys(handbook: Handbook, window: Window) -> None:
    handbook.activateWindow()
    usual = handbook.text.font().pointSizeF()
    QTest.keyClick(handbook.text, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.theme.text_size > 100 and handbook.text.font().pointSizeF() > usual
    QTest.keyClick(handbook.text, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.theme.text_size == 100 and handbook.text.font().pointSizeF() == usual
