"""The Tasks page: find, read, edit, undo, import and export, by keyboard and by mouse."""

from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import judged, make_record
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDialog, QPushButton
from pytestqt.qtbot import QtBot
from task_files import read_tasks
from window_actions import all_actions, choose_format

from orca_desk.library.database import Library
from orca_desk.library.families import rename_family
from orca_desk.library.new_records import add_records
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.records import get_record
from orca_desk.library.runs import list_runs
from orca_desk.library.samples import add_samples
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    families,
    get_task,
    iterate_tasks,
    task_rowids,
)
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.tasks.bulk_edit_dialog import BulkEditDialog
from orca_desk.ui.pages.tasks.edit_dialog import TaskEditor
from orca_desk.ui.pages.tasks.families_dialog import COLUMNS, FamiliesDialog
from orca_desk.ui.pages.tasks.import_dialog import ImportDialog
from orca_desk.ui.pages.tasks.import_tables import PreviewModel
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.pages.tasks.table import TaskModel, TaskTable
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.family_choice import FamilyChoice
from orca_desk.ui.widgets.row_table import ROW
from orca_desk.ui.widgets.rows import RowsModel
from orca_desk.ui.window import Window
from orca_desk.ui.words.runs import page_of

SUMS = [
    Task(
        family="sums",
        query=f"What is {n} plus {n}?",
        answer=str(2 * n),
        split="heldout" if n % 5 == 0 else "train",
    )
    for n in range(30)
]
RIDDLES = [
    Task(family="riddles", query=f"Riddle {n}: who am I?", context="A <b>dark</b> room.", tags=("hard",))
    for n in range(10)
]


@pytest.fixture(autouse=True)
def active(request: pytest.FixtureRequest, qtbot: QtBot) -> None:
    """Keys reach their actions in the active window only."""
    if "window" in request.fixturenames:
        window = request.getfixturevalue("window")
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)


@pytest.fixture
def page(window: Window, library: Library, qtbot: QtBot) -> TasksPage:
    """The page on a library of forty tasks."""
    add_tasks(library, [*SUMS, *RIDDLES])
    return opened(window, qtbot, 40)


def opened(window: Window, qtbot: QtBot, count: int) -> TasksPage:
    """Show the page and wait until it lists `count` tasks."""
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    shows(page, qtbot, count)
    qtbot.waitUntil(lambda: bool(page.choices.strategies))
    return page


def shows(page: TasksPage, qtbot: QtBot, count: int) -> None:
    qtbot.waitUntil(lambda: page.table.tasks.rowCount() == count, timeout=5000)


def select(page: TasksPage, qtbot: QtBot, *rows: int) -> None:
    page.table.clearSelection()
    page.table.setCurrentIndex(page.table.tasks.index(rows[0], 0))
    for row in rows[1:]:
        page.table.selectionModel().select(
            page.table.tasks.index(row, 0),
            page.table.selectionModel().SelectionFlag.Select | page.table.selectionModel().SelectionFlag.Rows,
        )
    assert page.table.selected_count() == len(rows)


def dialog_of(page: TasksPage, qtbot: QtBot, kind: type[QDialog]) -> QDialog:
    qtbot.waitUntil(lambda: isinstance(page.dialogs.shown, kind) and page.dialogs.shown.isVisible())
    assert page.dialogs.shown is not None
    return page.dialogs.shown


def import_dialog(page: TasksPage, qtbot: QtBot) -> ImportDialog:
    qtbot.waitUntil(lambda: page.files.dialog is not None and page.files.dialog.isVisible())
    dialog = page.files.dialog
    assert dialog is not None
    return dialog


def previewed(page: TasksPage, qtbot: QtBot, ready: Callable[[ImportDialog], bool]) -> ImportDialog:
    dialog = import_dialog(page, qtbot)
    qtbot.waitUntil(lambda: ready(dialog))
    return dialog


def texts(page: TasksPage, column: int, rows: int) -> list[str]:
    model = page.table.tasks
    return [model.data(model.index(row, column)) for row in range(rows)]


def test_asking_for_a_deleted_task_shows_a_notice(page: TasksPage, qtbot: QtBot) -> None:
    page.go({"task": "gone"})
    qtbot.waitUntil(lambda: page.notice.isVisible())
    assert page.notice.text.text() == "This task is no longer in the library."


def test_tasks_are_shown_with_their_own_strategy_or_their_familys(page: TasksPage, qtbot: QtBot) -> None:
    QAbstractItemModelTester(page.table.tasks)
    set_pairings(
        page.desk.library,
        [Pairing(family="sums", strategy="direct", evidence=(), reason="chosen")],
        source="chosen",
    )
    page.desk.tell("pairings")
    qtbot.waitUntil(lambda: texts(page, 5, 1) == ["direct"], timeout=5000)
    model = page.table.tasks
    qtbot.waitUntil(lambda: texts(page, 0, 1) == ["What is 0 plus 0?"])
    assert texts(page, 2, 2) == ["Held-out", "Train"]
    assert model.data(model.index(0, 5), Qt.ItemDataRole.FontRole).italic()
    assert model.data(model.index(30, 0)) == "Riddle 0: who am I? A <b>dark</b> room."
    assert "&lt;b&gt;" in model.data(model.index(30, 0), Qt.ItemDataRole.ToolTipRole)
    assert page.view.count_label.text() == "40 tasks"


def test_searching_and_filtering_by_keyboard(page: TasksPage, qtbot: QtBot) -> None:
    qtbot.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.filters.search.hasFocus()
    qtbot.keyClicks(page.filters.search, "riddle")
    shows(page, qtbot, 10)
    assert page.view.count_label.text() == "10 of 40 tasks"
    assert page.view.clear_button.isVisible()
    qtbot.keyClick(page.filters.search, Qt.Key.Key_Return)
    assert page.table.hasFocus() and page.table.selected_count() == 1
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    shows(page, qtbot, 40)
    assert not page.view.clear_button.isVisible() and page.filters.search.text() == ""
    page.filters.split.setCurrentIndex(2)
    shows(page, qtbot, 6)
    page.filters.answer.setCurrentIndex(2)
    shows(page, qtbot, 0)
    qtbot.waitUntil(page.view.no_match.isVisible)
    qtbot.mouseClick(page.view.no_match.button, Qt.MouseButton.LeftButton)
    shows(page, qtbot, 40)
    assert page.table.isVisible()


def test_a_click_on_a_heading_orders_by_it(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    header = page.table.horizontalHeader()
    add_tasks(library, [Task(family="Zoo", query="a first one?"), Task(family="apes", query="Zebras?")])
    page.desk.tell("tasks")
    shows(page, qtbot, 42)

    def click(column: int) -> None:
        where = QPoint(header.sectionViewportPosition(column) + 12, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)

    select(page, qtbot, 41)
    chosen = page.table.current_rowid()
    click(0)
    qtbot.waitUntil(lambda: texts(page, 0, 1) == ["a first one?"])
    assert page.table.order == (0, False)
    assert page.table.current_rowid() == chosen and page.table.currentIndex().row() == 41
    click(0)
    qtbot.waitUntil(lambda: texts(page, 0, 1) == ["Zebras?"])
    assert page.table.currentIndex().row() == 0
    page.go({"task": SUMS[7].id})
    qtbot.waitUntil(lambda: page.table.tasks.data(page.table.currentIndex()) == SUMS[7].query)
    page.table.setFocus()
    select(page, qtbot, 0)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    shows(page, qtbot, 41)
    assert page.table.currentIndex().row() == 0
    click(0)
    qtbot.waitUntil(lambda: texts(page, 0, 1) == [SUMS[0].query])
    assert page.table.order is None
    click(1)
    qtbot.waitUntil(lambda: texts(page, 1, 1) == ["riddles"])


@pytest.mark.parametrize("first", [500, 10])
def test_another_order_begins_at_the_top_and_keeps_what_is_selected(
    page: TasksPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr("orca_desk.ui.pages.tasks.listing.FIRST", first)
    count = page.table.tasks.rowCount()
    select(page, qtbot, 2)
    chosen = page.table.current_rowid()

    for column in (0, 1):
        for descending in (False, True):
            page.table.order_by((column, descending))
            qtbot.waitUntil(lambda: page.table.tasks.rowCount() == count and page.table._sorted is None)
            assert page.table.current_rowid() == chosen
            assert list(page.table.selected_rowids()) == [chosen]
            assert page.table.verticalScrollBar().value() == 0


def test_the_first_tasks_in_another_order_have_no_other_task_selected(page: TasksPage, qtbot: QtBot) -> None:
    table = page.table
    select(page, qtbot, 30)
    whole = table.tasks.rowids[:]
    turned = array("q", reversed(whole))

    table.order_changed.disconnect()
    table.order_by((0, True))
    table.show_rowids(turned[:5], more_follow=True)
    assert table.selected_count() == 0 and table.current_rowid() is None
    table.show_more(turned)

    assert table.current_rowid() == whole[30]
    table.order_by((0, False))
    table.show_rowids(whole[:5], more_follow=True)
    table.selectRow(1)
    table.show_more(whole)
    assert table.current_rowid() == whole[1]  # the user chose another one meanwhile
    table.clearSelection()
    table.order_by((0, True))
    table.show_rowids(turned)
    assert table.current_rowid() == turned[0]


def test_the_question_has_the_most_room(page: TasksPage, qtbot: QtBot) -> None:
    page.table.resize(720, 400)
    widths = [page.table.columnWidth(column) for column in range(6) if not page.table.isColumnHidden(column)]
    assert widths[0] > 380 and widths[0] > sum(widths) / 2


def test_the_selected_task_is_read_beside_the_table(page: TasksPage, qtbot: QtBot) -> None:
    select(page, qtbot, 31)
    qtbot.waitUntil(lambda: "Riddle 1" in page.detail.text.toPlainText())
    assert "A <b>dark</b> room." in page.detail.text.toPlainText()
    select(page, qtbot, 1)
    qtbot.waitUntil(lambda: "What is 1 plus 1?" in page.detail.text.toPlainText())
    assert "Graded as number (detected)" in page.detail.text.toPlainText()
    select(page, qtbot, 1, 2, 3)
    assert page.detail.heading.text() == "3 tasks selected"


def test_an_answer_in_mathematics_is_tried_off_the_event_loop(page: TasksPage, qtbot: QtBot) -> None:
    qtbot.keyClick(
        page.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    editor = dialog_of(page, qtbot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    editor.query.setPlainText("Simplify the root of 12.")
    editor.answer.setPlainText(r"2\sqrt{3}")
    assert "Graded as mathematics" in editor.graded.text()
    editor.attempt.setText(r"\boxed{\sqrt{12}}")
    assert editor.verdict.text() == "Comparing…"
    qtbot.waitUntil(lambda: editor.verdict.text().startswith("Correct."), timeout=60_000)
    editor.attempt.setText(r"\boxed{\sqrt{13}}")
    qtbot.waitUntil(lambda: editor.verdict.text().startswith("Incorrect."), timeout=60_000)
    editor.answer.setPlainText("5")
    editor.attempt.setText("Answer: 5")
    assert editor.verdict.text().startswith("Correct.")  # no older comparison arrives and replaces it
    editor.reject()


def test_adding_a_task_and_undoing_it(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    qtbot.keyClick(
        page.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    editor = dialog_of(page, qtbot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    editor.accept()
    assert editor.isVisible() and editor.notice.text.text() == "A task needs a question."
    editor.query.setPlainText("What is 0 plus 0?")
    editor.family.setCurrentText("sums")
    editor.accept()
    qtbot.waitUntil(lambda: "already has a task with this family" in editor.notice.text.text())
    editor.query.setPlainText("What is one half plus one?")
    editor.answer.setPlainText("1.5")
    assert "Graded as number" in editor.graded.text()
    editor.attempt.setText("Answer: 3/2")
    assert editor.verdict.text().startswith("Correct.")
    editor.attempt.setText("Answer: 2")
    assert editor.verdict.text().startswith("Incorrect.")
    editor.tags.setText("new, fractions,new")
    qtbot.keyClick(editor.query, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    shows(page, qtbot, 41)
    added = list(iterate_tasks(library))[-1]
    assert (added.query, added.answer, added.tags) == (
        "What is one half plus one?",
        "1.5",
        ("new", "fractions"),
    )
    qtbot.waitUntil(lambda: page.table.current_rowid() == page.table.tasks.rowids[-1])
    page.desk.undo.undo()
    shows(page, qtbot, 40)
    page.desk.undo.redo()
    shows(page, qtbot, 41)


def test_editing_keeps_the_id_and_what_was_not_edited(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    odd = Task(family="sums", query="Two\r\nlines?", tags=("a, b",), answer="1")
    add_tasks(library, [odd])
    page.desk.tell("tasks")
    shows(page, qtbot, 41)
    select(page, qtbot, 40)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    editor = dialog_of(page, qtbot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    editor.answer.setPlainText("2")
    editor.accept()
    qtbot.waitUntil(lambda: list(iterate_tasks(library))[-1] == replace(odd, answer="2"))
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: list(iterate_tasks(library))[-1] == odd)


def test_an_edited_reference_grades_the_records_and_says_so(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    task = SUMS[1]
    record = make_record(1, task_id=task.id, user=task.user_text, response="Answer: 2")
    add_records(library, [judged(record, 2)])
    said: list[str] = []
    page.desk.noticed.connect(lambda text, tone: said.append(text))
    told: list[frozenset[str]] = []
    page.desk.changed.connect(told.append)
    page.edits.edit(replace(task, answer="3"))
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Under the present reference answers, 1 record received a different verdict."]
    assert told == [frozenset({"tasks", "records", "pairings"})]
    verdict = get_record(library, record.id).verdict
    assert verdict is not None and not verdict.correct
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: "Undone: edit a task." in said)
    verdict = get_record(library, record.id).verdict
    assert verdict is not None and verdict.correct


def test_a_duplicate_must_differ(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    select(page, qtbot, 3)
    qtbot.keyClick(page.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    editor = dialog_of(page, qtbot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    assert editor.query.toPlainText() == SUMS[3].query
    editor.accept()
    qtbot.waitUntil(lambda: bool(editor.notice.text.text()))
    editor.query.setPlainText("What is 3 plus 4?")
    editor.accept()
    shows(page, qtbot, 41)
    assert list(iterate_tasks(library))[-1].answer == "6"


def test_deleting_by_key_keeps_the_position_and_can_be_undone(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    select(page, qtbot, 5, 6, 7)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    shows(page, qtbot, 37)
    assert page.table.currentIndex().row() == 5
    assert page.table.selected_count() == 1
    select(page, qtbot, 20)
    page.desk.undo.undo()
    shows(page, qtbot, 40)
    assert list(iterate_tasks(library)) == [*SUMS, *RIDDLES]
    qtbot.waitUntil(lambda: page.table.currentIndex().row() == 5)  # the first that came back


def test_the_selection_survives_a_refresh(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    select(page, qtbot, 10, 11, 20)
    chosen = page.table.selected_rowids()
    delete_tasks(library, [SUMS[0].id, SUMS[1].id])
    page.desk.tell("tasks")
    shows(page, qtbot, 38)
    assert page.table.selected_rowids() == chosen
    page.filters.family.setCurrentIndex(page.filters.family.findText("sums", Qt.MatchFlag.MatchStartsWith))
    shows(page, qtbot, 28)
    assert page.table.selected_rowids() == chosen


def test_the_table_does_not_scroll_while_tasks_arrive(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="more", query=f"More {n}?") for n in range(200)])
    page.desk.tell("tasks")
    shows(page, qtbot, 240)
    select(page, qtbot, 2)
    page.table.verticalScrollBar().setValue(100 * ROW + 7)
    before = page.table.tasks.rowids[page.table.rowAt(0)]
    delete_tasks(library, [SUMS[5].id])
    add_tasks(library, [Task(family="more", query="One more?")])
    delete_tasks(library, [SUMS[6].id])
    page.desk.tell("tasks")
    shows(page, qtbot, 239)
    assert page.table.tasks.rowids[page.table.rowAt(0)] == before
    assert page.table.rowViewportPosition(page.table.rowAt(0)) == -7
    assert page.table.currentIndex().row() == 2


def test_selecting_very_many_rows_asks_the_header_for_none(window: Window, qtbot: QtBot) -> None:
    table = TaskTable(window.desk)
    qtbot.addWidget(table)
    table.show_rowids(array("q", range(400_000)))
    table.resize(600, 400)
    table.show()
    table.selectAll()
    table.grab()
    assert (
        not table.horizontalHeader().selectionModel().hasSelection()
    )  # it would take half a minute to paint
    assert table.selected_count() == 400_000
    assert table.selected_rowids() == table.tasks.rowids


def test_a_failed_export_shows_the_error(page: TasksPage, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "taken.jsonl").mkdir()
    export_to(page, qtbot, tmp_path / "taken.jsonl")
    qtbot.waitUntil(lambda: "cannot be written" in page.notice.text.text())


def export_to(page: TasksPage, qtbot: QtBot, path: Path) -> None:
    """Export what is listed or selected by the dialog."""
    page.export()
    qtbot.waitUntil(lambda: page.files.exports.dialog is not None)
    dialog = page.files.exports.dialog
    assert dialog is not None
    if path.suffix == ".csv":
        choose_format(dialog, "csv")
    dialog.place.setText(str(path))
    qtbot.waitUntil(dialog.export_button.isEnabled)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)


def test_editing_many_at_once(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    page.table.selectAll()
    page.dialogs.edit()
    dialog = dialog_of(page, qtbot, BulkEditDialog)
    assert isinstance(dialog, BulkEditDialog)
    assert not dialog.save_button.isEnabled()
    dialog.split.setCurrentIndex(2)
    dialog.add_tags.setText("new")
    dialog.remove_tags.setText("hard")
    dialog.strategy.setCurrentIndex(dialog.strategy.findData("direct"))
    dialog.accept()
    everywhere = TaskFilter(split="heldout", tag="new", strategy="direct")
    qtbot.waitUntil(lambda: count_tasks(library, everywhere) == 40)
    assert count_tasks(library, TaskFilter(tag="hard")) == 0
    with qtbot.waitSignal(page.desk.background.writing, check_params_cb=lambda busy: not busy):
        for step in (page.desk.undo.undo, page.desk.undo.redo, page.desk.undo.undo):  # none waits for another
            step()
    assert list(iterate_tasks(library)) == [*SUMS, *RIDDLES]


def test_families_are_renamed_merged_and_held_out(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    page.dialogs.manage_families()
    dialog = dialog_of(page, qtbot, FamiliesDialog)
    assert isinstance(dialog, FamiliesDialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    QAbstractItemModelTester(dialog.model)
    dialog.select("sums")
    dialog.name.setCurrentText("riddles")
    assert dialog.rename_button.text() == "Merge"
    qtbot.mouseClick(dialog.rename_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [one.family for one in families(library)] == ["riddles"])
    qtbot.waitUntil(lambda: dialog.family() == "riddles")
    assert dialog.notice.text.text() == "Moved 30 tasks from sums to riddles."
    dialog.percent.setValue(100)
    assert dialog.percent.lineEdit().textMargins().left() > 0  # the text does not touch the edge
    qtbot.mouseClick(dialog.hold_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: count_tasks(library, TaskFilter(split="heldout")) == 40)
    for _ in range(2):
        page.desk.undo.undo()
    qtbot.waitUntil(lambda: list(iterate_tasks(library)) == [*SUMS, *RIDDLES])
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    dialog.select("riddles")
    qtbot.mouseClick(dialog.show_button, Qt.MouseButton.LeftButton)
    shows(page, qtbot, 10)
    assert current_pairings(library) == {}


def test_a_new_task_is_not_added_beside_the_same_one_of_a_renamed_family(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    rename_family(library, "sums", "plus")
    page.dialogs.add()
    editor = dialog_of(page, qtbot, TaskEditor)
    assert isinstance(editor, TaskEditor)
    editor.query.setPlainText("What is 3 plus 3?")
    editor.family.setCurrentText("plus")
    editor.accept()
    qtbot.waitUntil(lambda: "already has a task with this family" in editor.notice.text.text())
    qtbot.mouseClick(editor.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: page.table.current_rowid() == task_rowids(library, TaskFilter(ids=(SUMS[3].id,)))[0]
    )


def test_a_family_is_deleted_and_brought_back(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    page.dialogs.manage_families()
    dialog = dialog_of(page, qtbot, FamiliesDialog)
    assert isinstance(dialog, FamiliesDialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    dialog.select("sums")
    qtbot.mouseClick(dialog.delete_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [one.family for one in families(library)] == ["riddles"])
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1)
    assert dialog.notice.text.text() == "Deleted 30 tasks of sums."
    qtbot.mouseClick(dialog.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: list(iterate_tasks(library)) == [*SUMS, *RIDDLES])


def test_a_change_of_families_is_reported_after_the_dialog_is_closed(
    page: TasksPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    page.dialogs.manage_families()
    dialog = dialog_of(page, qtbot, FamiliesDialog)
    assert isinstance(dialog, FamiliesDialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    dialog.select("riddles")
    dialog.percent.setValue(100)
    said: list[str] = []
    window.desk.noticed.connect(lambda text, tone: said.append(text))
    dialog.hold_button.click()
    dialog.accept()
    QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: said == ["Changed the split of 10 tasks in riddles. Press Ctrl+Z to undo."])
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: said[1:] == ["Undone: hold out 100% of riddles."])
    assert list(iterate_tasks(library)) == [*SUMS, *RIDDLES]
    window.desk.undo.redo()
    qtbot.waitUntil(lambda: said[2:] == ["Redone: hold out 100% of riddles."])


def test_one_task_is_counted_in_the_singular(
    window: Window, library: Library, qtbot: QtBot, tmp_path: Path
) -> None:
    add_tasks(library, RIDDLES[:1])
    page = opened(window, qtbot, 1)
    export_to(page, qtbot, tmp_path / "one.jsonl")
    qtbot.waitUntil(lambda: page.notice.text.text() == "Wrote 1 task to one.jsonl.")
    page.dialogs.manage_families()
    dialog = dialog_of(page, qtbot, FamiliesDialog)
    assert isinstance(dialog, FamiliesDialog)
    qtbot.waitUntil(lambda: dialog.family() == "riddles")
    dialog.percent.setValue(100)
    dialog.hold_button.click()
    qtbot.waitUntil(dialog.notice.isVisible)
    assert dialog.notice.text.text() == "Changed the split of 1 task in riddles."


def test_the_import_says_how_a_file_is_read_and_which_rows_are_refused(
    page: TasksPage, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"query": "Où ?", "note": "x"}\n{"query": "Qui ?"}\n{"query": ""}\n'.encode("cp1252"))
    page.go({"do": "import", "files": [path]})
    dialog = previewed(page, qtbot, lambda one: one.preview is not None)
    assert dialog.summary.text().startswith(
        "JSONL in Windows-1252 (Western) (recognised, not certain), 3 rows: 1 refused."
    )
    assert dialog.remarks.text().splitlines() == [
        "'query' is empty. Fill it in, or choose another column for the question.",
        "Columns not read: note.",
        "2 tasks have no reference answer, so answers to them are not graded.",
    ]
    assert dialog.choices.family.currentText() == "latin"
    refused = tmp_path / "refused.jsonl"
    job = page.files.save_refused(dialog.request(), refused)
    qtbot.waitUntil(lambda: job.is_over)
    assert refused.read_text() == '{"query": ""}\n'
    box = dialog.choices.encoding
    box.setCurrentIndex(box.findData("cp850"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: "DOS 850" in dialog.summary.text())
    assert dialog.rows.data(dialog.rows.index(0, 1)) == b"O\xf9 ?".decode("cp850")


def test_a_very_long_family_name_is_shortened(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    name = "one\ntwo " * 1_250
    task = Task(family=name, query="What then?")
    add_tasks(library, [task])
    page.desk.tell("tasks")
    page.go({"task": task.id})
    qtbot.waitUntil(lambda: page.detail.shown is not None and page.detail.shown.task == task)
    shown = page.detail.text.toPlainText()
    assert "one two" in shown and len(shown) < 1_000
    choice = FamilyChoice()
    qtbot.addWidget(choice)
    choice.show_families({name: 1_234, "sums": 5})
    text = choice.item(0).text()
    assert text.startswith("one two") and text.endswith("…  (1,234)")
    assert choice.fontMetrics().horizontalAdvance(text) < choice.item(0).sizeHint().width()


def test_a_pasted_csv_is_mapped_manually_and_imported(window: Window, library: Library, qtbot: QtBot) -> None:
    page = window.show_page("tasks")
    assert isinstance(page, TasksPage)
    qtbot.waitUntil(page.view.empty.isVisible)
    shown_buttons = [made.text() for made in page.findChildren(QPushButton) if made.isVisible()]
    assert shown_buttons == ["Add a task…", "Import tasks…"]
    QGuiApplication.clipboard().setText("Rätsel;Ergebnis\nEins und eins?;2\n;3\nZwei und zwei?;4\n")
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    dialog = previewed(page, qtbot, lambda one: one.preview is not None)
    QAbstractItemModelTester(dialog.rows)
    assert not dialog.import_button.isEnabled()
    assert "Select the column with the question" in dialog.summary.text()
    for field, column in (("query", "Rätsel"), ("answer", "Ergebnis")):
        box = dialog.fields.boxes[field]
        box.setCurrentIndex(box.findData(column))
        box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: bool(dialog.preview and dialog.preview.preview.good == 2))
    qtbot.waitUntil(lambda: dialog.fields.boxes["answer"].currentData() == "Ergebnis")
    assert dialog.tabs.tabText(1) == "Problems (1)"
    assert dialog.rows.data(dialog.rows.index(1, 1)).startswith("'Rätsel' is empty")
    dialog.choices.family.setCurrentText("german")
    dialog.choices.hold.setChecked(True)
    dialog.choices.percent.setValue(100)
    qtbot.waitUntil(lambda: dialog.rows.data(dialog.rows.index(0, 5)) == "Held-out")
    qtbot.waitUntil(lambda: dialog.summary.text().endswith("2 of 2 tasks held out."))
    qtbot.waitUntil(lambda: dialog.rows.data(dialog.rows.index(0, 4)) == "german")
    qtbot.mouseClick(dialog.import_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=5000)
    assert page.notice.text.text() == "Added 2 tasks from pasted text, 2 of them held out."
    assert "Line 3: 'Rätsel' is empty." in page.notice.hint.text()
    shows(page, qtbot, 2)
    assert [(task.query, task.answer, task.family, task.split) for task in iterate_tasks(library)] == [
        ("Eins und eins?", "2", "german", "heldout"),
        ("Zwei und zwei?", "4", "german", "heldout"),
    ]


def test_each_dropped_file_opens_its_own_dialog(
    page: TasksPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    good, same, broken = tmp_path / "good.jsonl", tmp_path / "same.jsonl", tmp_path / "broken.parquet"
    good.write_text('{"query": "New?", "answer": "yes"}\n')
    same.write_text('{"query": "What is 1 plus 1?", "family": "sums", "answer": "3"}\n')
    broken.write_bytes(b"PAR1 and more")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (good, broken, same)])
    event = QDropEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(event)
    first = previewed(page, qtbot, lambda one: one.import_button.isEnabled())
    first.accept()
    second = previewed(page, qtbot, lambda one: one is not first and one.notice.isVisible())
    assert (
        second.notice.isVisible()
        and "broken.parquet" in second.notice.text.text()
        and not second.import_button.isEnabled()
    )
    qtbot.mouseClick(second.skip_button, Qt.MouseButton.LeftButton)
    third = previewed(page, qtbot, lambda one: one is not second and one.import_button.isEnabled())
    third.choices.existing.setCurrentIndex(1)
    third.accept()
    shows(page, qtbot, 1)
    assert page.filters.value().family == "good"  # what was added is shown
    assert count_tasks(library) == 41
    qtbot.waitUntil(lambda: count_tasks(library, TaskFilter(text="1 plus 1")) == 1)
    qtbot.waitUntil(lambda: "different content, replaced: 1 task" in page.notice.hint.text(), timeout=5000)
    assert next(task for task in iterate_tasks(library) if task.id == SUMS[1].id).answer == "3"
    assert page.files.dialog is None


def test_files_that_are_dropped_together_share_one_report(
    page: TasksPage, tmp_path: Path, qtbot: QtBot
) -> None:
    """The first is imported long before the user confirms the second, whose report replaced it unseen."""
    paths = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for path in paths:
        path.write_text(f'{{"query": "Is this {path.stem}?", "answer": "yes"}}\n')
    page.files.import_from([TaskSource.of_file(path) for path in paths])
    first = previewed(page, qtbot, lambda one: one.import_button.isEnabled())
    assert first.all_alike.text() == "Import the other file in the same way"
    first.accept()
    qtbot.waitUntil(lambda: "first.jsonl" in page.notice.text.text())
    previewed(page, qtbot, lambda one: one is not first and one.import_button.isEnabled()).accept()
    qtbot.waitUntil(lambda: "second.jsonl" in page.notice.text.text())
    assert page.notice.text.text() == "Added 1 task from first.jsonl. Added 1 task from second.jsonl."
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    shows(page, qtbot, 2)  # those of both families, and no other
    assert page.filters.value() == TaskFilter(text="run:import-1,import-2")
    third = tmp_path / "third.jsonl"
    third.write_text('{"query": "And this?", "answer": "no"}\n')
    imported(page, qtbot, third)
    qtbot.waitUntil(lambda: page.notice.text.text() == "Added 1 task from third.jsonl.")


def test_very_many_files_leave_the_buttons_in_sight(page: TasksPage, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "one.csv"
    path.write_text("question,answer\nIs this one?,yes\n")
    page.files.import_from([TaskSource.of_file(path)] * 80)
    dialog = previewed(page, qtbot, lambda one: one.import_button.isEnabled())
    height = dialog.height()
    dialog.all_alike.click()
    qtbot.waitUntil(lambda: dialog.others.text().count("one.csv") == 80 - 1)
    assert dialog.sizeHint().height() < height + 200
    dialog.reject()
    assert page.files.dialog is None, "Cancel ends it for all files"


def test_files_that_are_dropped_together_can_be_one_import(
    page: TasksPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"frage,answer\nIs this {name}?,yes\n")
    (tmp_path / "odd.csv").write_bytes(b"\x00\x01")
    names = ("one.csv", "two.csv", "odd.csv")
    page.files.import_from([TaskSource.of_file(tmp_path / name) for name in names])
    dialog = previewed(page, qtbot, lambda one: "frage" in one.fields.boxes["query"].itemText(1))
    assert dialog.all_alike.text() == "Import the 2 other files in the same way"
    dialog.fields.choose("query", "frage")
    dialog.all_alike.click()
    qtbot.waitUntil(lambda: "two.csv: CSV" in dialog.others.text() and dialog.import_button.isEnabled())
    assert "1 row: none refused" in dialog.others.text() and "odd.csv is left out: " in dialog.others.text()
    assert dialog.import_button.text() == "Import 2 files"
    assert [one.name for one in dialog.request().sources] == ["one.csv", "two.csv"]
    assert dialog.others.text().startswith("Rows without a family go to the family one,")
    dialog.skip()
    second = previewed(page, qtbot, lambda one: one is not dialog)
    second.skip()
    third = previewed(page, qtbot, lambda one: one not in (dialog, second))
    assert not (third.all_alike.isVisible() or third.skip_button.isVisible())
    third.reject()
    page.files.import_from([TaskSource.of_file(tmp_path / name) for name in names[:2]])
    dialog = previewed(page, qtbot, lambda one: one not in (dialog, second, third))
    dialog.fields.choose("query", "frage")
    dialog.all_alike.click()
    qtbot.waitUntil(lambda: "two.csv" in dialog.others.text() and dialog.import_button.isEnabled())
    dialog.accept()
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("Added 2 tasks from 2 files."))
    assert page.files.dialog is None and len(list_runs(library, kind="import")) == 1
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: count_tasks(library) == 40)


def imported(page: TasksPage, qtbot: QtBot, path: Path) -> None:
    """Import a file by its dialog, and wait for the result."""
    page.go({"do": "import", "files": [path]})
    previewed(page, qtbot, lambda one: one.import_button.isEnabled()).accept()
    qtbot.waitUntil(lambda: page.files.dialog is None and page.notice.isVisible(), timeout=5000)


def test_an_import_is_a_run_that_is_shown_and_can_be_undone(
    page: TasksPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("question,answer\nMine one?,1\nMine two?,2\nMine two?,2\n")
    imported(page, qtbot, path)
    shows(page, qtbot, 2)
    assert page.notice.text.text() == "Added 2 tasks from mine.csv. Already in the library: 1."
    assert page.notice.action.text() == "Show them"
    page.filters.clear()
    shows(page, qtbot, 42)
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    shows(page, qtbot, 2)
    (run,) = list_runs(library, kind="import")
    assert (run.status, run.done, run.total, run.unit) == ("done", 3, 3, "rows")
    assert page.desk.undo.undoText() == "import mine.csv"
    added = [task for task in iterate_tasks(library) if task.family == "mine"]
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: count_tasks(library) == 40)
    qtbot.waitUntil(page.notice.isHidden)  # it is no longer true
    assert list(iterate_tasks(library)) == [*SUMS, *RIDDLES]
    page.desk.undo.redo()
    qtbot.waitUntil(lambda: count_tasks(library) == 42)
    assert [task for task in iterate_tasks(library) if task.family == "mine"] == added


def test_a_second_import_shows_its_tasks_where_the_first_one_set_the_filter(
    page: TasksPage, tmp_path: Path, qtbot: QtBot
) -> None:
    def of(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("question,answer,family\n" + "".join(f"{line}\n" for line in lines))
        return path

    imported(page, qtbot, of("one.csv", "One?,1,first", "Two?,2,first"))
    shows(page, qtbot, 2)
    imported(page, qtbot, of("two.csv", "Three?,3,second"))
    shows(page, qtbot, 1)
    assert page.filters.value() == TaskFilter(family="second")
    imported(page, qtbot, of("three.csv", "Four?,4,third", "Five?,5,fourth"))
    shows(page, qtbot, 45)
    page.filters.set(TaskFilter(family="sums"))  # as the user does
    shows(page, qtbot, 30)
    imported(page, qtbot, of("four.csv", "Six?,6,fifth"))
    qtbot.waitUntil(lambda: "four.csv" in page.notice.text.text())
    assert page.filters.value() == TaskFilter(family="sums")


def test_undoing_an_import_restores_what_it_replaced(
    page: TasksPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "sums.jsonl"
    path.write_text('{"query": "What is 1 plus 1?", "family": "sums", "answer": "3"}\n')
    page.go({"do": "import", "files": [path]})
    dialog = previewed(page, qtbot, lambda one: one.import_button.isEnabled())
    dialog.choices.existing.setCurrentIndex(1)
    dialog.accept()
    qtbot.waitUntil(lambda: get_task(library, SUMS[1].id).answer == "3")
    qtbot.waitUntil(page.desk.undo.canUndo)
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: get_task(library, SUMS[1].id) == SUMS[1])


def test_an_import_that_was_cut_off_goes_on_where_it_was(
    page: TasksPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"query": "Number {n}?"}}\n' for n in range(25_000)))
    control = JobControl()
    request = ImportRequest(source=TaskSource.of_file(path), family="many", heldout=20)
    stopped = request.run(
        library,
        progress=lambda update: control.stop() if update.stage == "importing" and update.done else None,
        control=control,
    )
    assert (stopped.finished, stopped.rows, stopped.added) == (False, 24_000, 24_000)
    (run,) = list_runs(library, kind="import")
    assert (run.status, run.done, run.total, page_of(run)) == ("cancelled", 24_000, 25_000, "tasks")
    page.go({"resume": run.id})
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=10_000)
    assert page.notice.text.text().startswith("Added 25,000 tasks from many.jsonl")
    (run,) = list_runs(library, kind="import")
    assert (run.status, run.done) == ("done", 25_000)
    family = TaskFilter(family="many")
    assert count_tasks(library, family) == 25_000
    assert count_tasks(library, replace(family, split="heldout")) == 5_000


def test_an_import_that_closing_stopped_is_offered_at_the_next_start(
    library: Library, theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"query": "Number {n}?"}}\n' for n in range(150_000)))
    with desktop(library, theme) as first:
        first.show()
        page = first.show_page("tasks")
        assert isinstance(page, TasksPage)
        job = page.files.start(ImportRequest(source=TaskSource.of_file(path), family="many"))
        assert job.returns  # what the question at closing promises

        def close_early() -> None:
            if count_tasks(library) and not job.is_over:
                first.resume_offer.note_closing()
                first.desk.jobs.stop_all()

        job.updated.connect(close_early)  # at once: a wait that looks now and then can come too late
        qtbot.waitUntil(lambda: job.is_over, timeout=20_000)
        first.close()
    there = count_tasks(library)
    assert 0 < there < 150_000
    with desktop(library, theme) as second:
        second.show()
        qtbot.waitUntil(second.notice.isVisible, timeout=5_000)
        assert second.notice.text.text() == "Import (import-1) was not finished."
        assert second.notice.hint.text() == f"{there:,} / 150,000 rows finished and saved."
        qtbot.mouseClick(second.notice.action, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: count_tasks(library) == 150_000, timeout=60_000)
        qtbot.waitUntil(lambda: not second.desk.jobs.unfinished, timeout=20_000)


def test_pasted_lines_are_one_task_each(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("Who are you, really?\nWhat is 2 + 2?\nWhy?\n")
    page.paste()
    previewed(page, qtbot, lambda one: one.import_button.isEnabled()).accept()
    shows(page, qtbot, 3)
    assert [task.query for task in iterate_tasks(library)][-3:] == [
        "Who are you, really?", "What is 2 + 2?", "Why?"
    ]  # fmt: skip


def test_one_of_several_lists_is_chosen(page: TasksPage, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "lists.json"
    path.write_text('{"easy": [{"question": "1?"}], "hard": [{"question": "2?"}, {"question": "3?"}]}')
    page.go({"do": "import", "files": [path]})
    dialog = previewed(page, qtbot, lambda one: one.notice.isVisible())
    assert "several lists of rows: easy (1), hard (2)" in dialog.notice.text.text()
    assert dialog.notice.y() < dialog.height() / 2  # an error stands at the top
    box = dialog.choices.rows_in
    box.setCurrentIndex(box.findData("hard"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(dialog.import_button.isEnabled)
    assert dialog.import_button.text() == "Import 2 tasks"
    dialog.reject()


def test_the_first_row_can_be_told_to_be_a_task(page: TasksPage, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "capitals.csv"
    path.write_text("Paris,France\nRome,Italy\n")
    page.go({"do": "import", "files": [path]})
    dialog = previewed(page, qtbot, lambda one: one.preview is not None)
    assert dialog.choices.header.isVisible() and dialog.choices.header.isChecked()
    assert not dialog.import_button.isEnabled()
    qtbot.mouseClick(dialog.choices.header, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.import_button.isEnabled)
    assert dialog.import_button.text() == "Import 2 tasks"
    assert "No header was found" in dialog.remarks.text()
    dialog.reject()


def test_the_samples_can_be_removed_and_brought_back(window: Window, library: Library, qtbot: QtBot) -> None:
    add_samples(library)
    add_tasks(library, SUMS[:1])
    page = opened(window, qtbot, 2662)
    page.action("Remove the sample tasks").trigger()
    shows(page, qtbot, 1)
    page.desk.undo.undo()
    shows(page, qtbot, 2662)
    page.action("Remove the sample tasks").trigger()
    shows(page, qtbot, 1)
    page.action("Add the sample tasks").trigger()
    shows(page, qtbot, 2662)
    page.desk.undo.undo()
    shows(page, qtbot, 1)


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.csv"])
def test_the_listed_tasks_are_exported(page: TasksPage, tmp_path: Path, qtbot: QtBot, name: str) -> None:
    page.filters.family.setCurrentIndex(page.filters.family.findText("sums", Qt.MatchFlag.MatchStartsWith))
    shows(page, qtbot, 30)
    export_to(page, qtbot, tmp_path / name)
    qtbot.waitUntil(lambda: page.notice.text.text() == f"Wrote 30 tasks to {name}.")
    assert list(read_tasks(tmp_path / name)) == SUMS


def test_copied_tasks_can_be_pasted(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    select(page, qtbot, 0, 1)
    QGuiApplication.clipboard().clear()
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().count("\n") == 2)
    page.paste()
    dialog = previewed(page, qtbot, lambda one: one.import_button.isEnabled())
    dialog.accept()
    qtbot.waitUntil(lambda: "Already in the library: 2" in page.notice.text.text(), timeout=5000)
    assert count_tasks(library) == 40


def test_other_pages_can_open_a_task_or_a_family(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    page.go({"family": "riddles"})
    shows(page, qtbot, 10)
    page.go({"task": SUMS[7].id})  # hidden by the filter, which gives way
    shows(page, qtbot, 40)
    qtbot.waitUntil(lambda: page.table.currentIndex().row() == 7)
    page.go({"task": "gone"})
    page.go({"unknown": 1})


def test_no_two_actions_share_a_shortcut(page: TasksPage, window: Window) -> None:
    keys = [action.shortcut().toString() for action in page.commands if not action.shortcut().isEmpty()]
    assert len(keys) == len(set(keys))
    others = [
        action.shortcut().toString()
        for action in all_actions(window)
        if isinstance(action, QAction) and action not in page.commands and not action.shortcut().isEmpty()
    ]
    assert not set(keys) & set(others)


def test_column_widths_survive_a_restart(library: Library, theme: Theme, qtbot: QtBot) -> None:
    add_tasks(library, SUMS)
    with desktop(library, theme) as first:
        first.show()
        page = opened(first, qtbot, 30)
        header = page.table.horizontalHeader()
        edge = QPoint(header.sectionViewportPosition(1) + header.sectionSize(1) - 1, header.height() // 2)
        wide = edge + QPoint(177 - header.sectionSize(1), 0)
        qtbot.mousePress(header.viewport(), Qt.MouseButton.LeftButton, pos=edge)
        qtbot.mouseMove(header.viewport(), wide)
        qtbot.mouseRelease(header.viewport(), Qt.MouseButton.LeftButton, pos=wide)
        first.close()
    with desktop(library, theme) as second:
        second.show()
        page = opened(second, qtbot, 30)
        assert page.table.columnWidth(1) == 177


def test_the_models_keep_to_the_contract_of_qt(
    window: Window, library: Library, theme: Theme, qtbot: QtBot
) -> None:
    add_tasks(library, SUMS)
    model = TaskModel(window.desk)
    QAbstractItemModelTester(model)
    model.set_rowids(task_rowids(library))
    qtbot.waitUntil(lambda: model.item(0) is not None)
    count = RowsModel(COLUMNS)
    QAbstractItemModelTester(count)
    count.show(families(library))
    rows = PreviewModel(theme, ("Line", "Question"))
    QAbstractItemModelTester(rows)
    rows.set_rows([("1", "a"), ("2", "b")], {1})
