"""Find by keyboard alone: what was found of each kind, why there is nothing, and opening a hit."""

import sqlite3

import pytest
from library_doubles import judged, make_record, make_task
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.library.new_records import add_records
from orca_desk.library.tasks import add_tasks
from orca_desk.ui.find import FindOverlay
from orca_desk.ui.indexing import TextIndexing
from orca_desk.ui.window import Window

TASK = make_task(1, query="Which numbat sleeps?")


@pytest.fixture
def overlay(window: Window, qtbot: QtBot) -> FindOverlay:
    """Find, over a library with a task and its two records."""
    add_tasks(window.desk.library, [TASK])
    add_records(
        window.desk.library,
        [
            judged(make_record(n, task_id=TASK.id, response=f"The numbat. Answer: {n}"), 1)
            for n in (1, 2)
        ],
    )  # fmt: skip
    window.show_page("jobs")
    action = next(one for one in all_actions(window) if one.text().replace("&", "") == "Find everywhere…")
    action.trigger()
    (made,) = window.findChildren(FindOverlay)
    return made


def titles(overlay: FindOverlay) -> list[str]:
    return [entry.title for entry in overlay.model.entries]


def opens(window: Window) -> list[tuple[str, dict[str, str]]]:
    asked: list[tuple[str, dict[str, str]]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    return asked


def test_hits_are_listed_by_kind_and_opened_by_keyboard(
    overlay: FindOverlay, window: Window, qtbot: QtBot
) -> None:
    asked = opens(window)
    qtbot.keyClicks(overlay.search, "numbat")
    qtbot.waitUntil(lambda: "2 teacher records" in titles(overlay))
    assert titles(overlay)[:2] == ["1 task", "Which numbat sleeps?"]
    assert overlay.list.currentIndex().row() == 1, "a heading is never selected"
    qtbot.keyClick(overlay.search, Qt.Key.Key_Down)
    assert overlay.list.currentIndex().row() == 3, "over the heading of the records"
    qtbot.keyClick(overlay.search, Qt.Key.Key_Return)
    assert asked == [("records", {"record": "record-00002"})]
    qtbot.waitUntil(lambda: not window.findChildren(FindOverlay))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("colour:red", "There is no field 'colour' to search by; the fields are family"),
        ("zzzz", "Nothing was found."),
        ("leaked:yes zzzz", "No chats: they have nothing like leaked:"),
        ("", "Words, “exact words” and fields: family, split"),
    ],
)
def test_why_there_is_nothing_is_told(
    overlay: FindOverlay, typed: str, told: str, qtbot: QtBot
) -> None:  # fmt: skip
    qtbot.keyClicks(overlay.search, typed)
    qtbot.waitUntil(lambda: told in overlay.note.text())
    assert overlay.note.isVisible() and not overlay.list.isVisible()
    qtbot.keyClick(overlay.search, Qt.Key.Key_Return)  # nothing to open
    assert overlay.isVisible()


def test_what_an_older_version_left_is_indexed_in_the_background(
    overlay: FindOverlay, window: Window, qtbot: QtBot
) -> None:
    library = window.desk.library

    def forget(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO records_text (records_text) VALUES ('delete-all')")
        db.execute("UPDATE text_indexes SET below = 100, top = 100 WHERE name = 'records'")

    library.write(forget)
    qtbot.keyClicks(overlay.search, "numbat")
    qtbot.waitUntil(lambda: "still being indexed: 0%" in overlay.indexing.text())
    qtbot.waitUntil(lambda: "2 teacher records" in titles(overlay))
    TextIndexing(window.desk, window, first=0)
    qtbot.waitUntil(lambda: not library.rows("SELECT 1 FROM text_indexes WHERE below > 0"))
    overlay.search.setText("the numbat")
    qtbot.waitUntil(lambda: not overlay.indexing.isVisible() and "2 teacher records" in titles(overlay))
