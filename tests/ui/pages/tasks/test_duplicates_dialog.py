"""Duplicates on the Tasks page: found in the background, marked by keyboard, deleted with undo."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from orca_desk.library.benchmarks import list_benchmarks
from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, add_tasks, count_tasks, delete_rows, task_rowids
from orca_desk.method.records import Task
from orca_desk.ui.pages.tasks.duplicates_dialog import OLD, DuplicatesDialog
from orca_desk.ui.pages.tasks.duplicates_search import Sought
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.window import Window

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked twenty?"
)
TASKS = [
    Task(family="loaves", query=STORY, answer="9"),
    Task(family="loaves", query=STORY.upper(), split="heldout"),
    Task(family="loaves", query=STORY.replace("hospital", "library"), answer="9"),
    Task(family="loaves", query="Who left?", answer="Ann"),
    Task(family="other", query="who left", answer="Ann"),
]
LOAVES = TaskFilter(family="loaves")


@pytest.fixture
def dialog(library: Library, window: Window, qtbot: QtBot) -> Iterator[DuplicatesDialog]:
    """The dialog with two clusters: a story in both splits with a near copy, and a short question."""
    add_tasks(library, TASKS)
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    page.dialogs.find_duplicates()
    made = page.dialogs.shown
    assert isinstance(made, DuplicatesDialog)
    qtbot.mouseClick(made.find_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made.view.model.rowCount() > 0 and made.apply_button.isEnabled(), timeout=60_000)
    yield made
    if isValid(made):  # it is deleted once it is closed
        made.close()


def standings(dialog: DuplicatesDialog) -> list[str]:
    model = dialog.view.members_model
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_copies_are_marked_by_keyboard_and_deleted_with_undo(
    dialog: DuplicatesDialog, library: Library, qtbot: QtBot
) -> None:
    first = dialog.view.cluster()
    assert first
    assert [one.task_id for one in first.tasks] == [task.id for task in TASKS[:3]]
    assert standings(dialog) == ["Keep", "Delete", "Keep"]
    dialog.view.near_too.click()
    assert standings(dialog) == ["Keep", "Delete", "Delete"]
    dialog.view.members.selectRow(1)
    qtbot.keyClick(dialog.view.members, Qt.Key.Key_K)
    assert standings(dialog) == ["Keep", "Keep", "Delete"]
    dialog.view.members.selectRow(2)
    qtbot.waitUntil(lambda: "library" in dialog.view.text.toPlainText())
    assert "hospital" in dialog.view.text.toPlainText()  # what the kept one says instead
    count = count_tasks(library)
    marked = len(dialog.view.to_delete())
    assert dialog.apply_button.text() == f"Delete {marked} tasks"
    desk = dialog.desk
    qtbot.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: count_tasks(library) == count - marked)
    assert count_tasks(library, LOAVES) == 3
    qtbot.waitUntil(desk.undo.canUndo)
    desk.undo.undo()
    qtbot.waitUntil(lambda: count_tasks(library) == count)


def test_another_task_is_kept_in_place_of_the_first(dialog: DuplicatesDialog, qtbot: QtBot) -> None:
    dialog.view.members.selectRow(0)
    assert not dialog.view.drop_button.isEnabled()
    dialog.view.drop()
    assert "Choose another one to keep" in dialog.notice.text.text()
    dialog.view.members.selectRow(1)
    qtbot.keyClick(dialog.view.members, Qt.Key.Key_P)
    chosen = dialog.view.cluster()
    assert chosen
    assert chosen.keep
    assert chosen.keep.task_id == TASKS[1].id
    assert standings(dialog) == ["Keep", "Delete", "Keep"]


def test_a_file_is_compared_and_made_a_benchmark(
    dialog: DuplicatesDialog, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "leaving.jsonl"
    path.write_text(json.dumps({"question": "WHO LEFT"}), encoding="utf-8")
    dialog.compare_with(path)
    qtbot.waitUntil(lambda: "question of the file" in dialog.summary.text(), timeout=60_000)
    (cluster,) = dialog.view.clusters
    assert cluster.question == "WHO LEFT"
    assert standings(dialog) == ["Delete", "Delete"]
    qtbot.waitUntil(dialog.name_button.isEnabled)
    qtbot.mouseClick(dialog.name_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "leaving is now a benchmark" in dialog.notice.text.text(), timeout=60_000)
    qtbot.waitUntil(lambda: dialog.benchmarks.currentText() == "leaving (1)")
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "leaving is no longer a benchmark" in dialog.notice.text.text())
    qtbot.waitUntil(dialog.benchmark_row.isHidden)
    assert list_benchmarks(library) == []
    desk = dialog.desk
    desk.undo.undo()
    qtbot.waitUntil(lambda: dialog.benchmarks.currentText() == "leaving (1)")
    dialog.remove_benchmark()
    dialog.close()  # before it is written
    qtbot.waitUntil(lambda: not isValid(dialog) and not desk.background.is_writing)
    assert list_benchmarks(library) == []


def test_a_list_of_a_file_with_several_is_chosen(
    dialog: DuplicatesDialog, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "both.json"
    path.write_text(json.dumps({"easy": [{"question": "WHO LEFT"}], "hard": [{"question": "Why?"}]}))
    dialog.compare_with(path)
    qtbot.waitUntil(dialog.rows_in.isVisible, timeout=60_000)
    assert [dialog.rows_in.itemText(row) for row in range(3)] == ["Select one", "easy", "hard"]
    qtbot.waitUntil(dialog.find_button.isEnabled)
    dialog.rows_in.setCurrentIndex(1)
    dialog.rows_in.activated.emit(1)
    qtbot.waitUntil(lambda: "question of the file" in dialog.summary.text(), timeout=60_000)
    qtbot.waitUntil(dialog.name_button.isEnabled)
    qtbot.mouseClick(dialog.name_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "both easy is now a benchmark" in dialog.notice.text.text(), timeout=60_000)
    dialog.compare_with(None)
    assert not dialog.rows_in.isVisible()


def test_a_search_goes_on_while_its_dialog_is_closed(
    dialog: DuplicatesDialog, library: Library, window: Window, qtbot: QtBot
) -> None:
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    search = page.dialogs.duplicates
    dialog.near.setValue(90)
    dialog.search()
    assert search.job is not None
    assert search.job.comes_back
    dialog.close()
    delete_rows(library, task_rowids(library, TaskFilter(ids=(TASKS[3].id,))))
    window.desk.tell("tasks")
    qtbot.waitUntil(lambda: search.found is not None, timeout=60_000)
    assert search.job.shows is not None
    window.desk.open(search.job.shows[0], **search.job.shows[1])
    again = page.dialogs.shown
    assert isinstance(again, DuplicatesDialog)
    assert again is not dialog
    assert again.near.value() == 90
    qtbot.waitUntil(lambda: again.view.model.rowCount() > 0)
    questions = [one.tasks[0].query for one in again.view.clusters]
    assert questions == [STORY], "nothing is left of what the copy of a deleted task asks"
    assert OLD in again.summary.text()
    assert search.job.again is not None
    assert Sought.from_json(search.job.again[1]) == search.sought
    qtbot.mouseClick(again.apply_button, Qt.MouseButton.LeftButton)
    assert search.found is None  # what is deleted is not offered again
