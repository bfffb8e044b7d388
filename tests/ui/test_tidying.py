"""Deleting, renaming and noting by keys and menus; Ctrl+Z says what it took back and shows it."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTableView, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from tidy_library import fill

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.deleting import trash
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.trash import list_trash
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.notes import note_on
from orca_desk.library.records import count_records
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.snapshots import list_snapshots
from orca_desk.library.trainings import list_trainings
from orca_desk.steps.tidy import deletion
from orca_desk.steps.tidy.deletion import delete, plan_deletion, restore
from orca_desk.ui.app import desktop
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import tidying
from orca_desk.ui.widgets.asking import LineDialog, NoteDialog
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.tidying import DeletionDialog
from orca_desk.ui.window import Window

D = TypeVar("D", bound=QWidget)


@pytest.fixture
def library(library: Library) -> Library:
    """A library with something of every kind."""
    fill(library)
    return library


def select(view: QTableView, row: int) -> None:
    """Select a row as a click does."""
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    view.setFocus()
    view.selectionModel().setCurrentIndex(view.model().index(row, 0), flags)


def open_dialog(kind: type[D], qtbot: QtBot, press: Callable[[], object]) -> D:
    """Do what opens a dialog, and return it."""
    press()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind))
    found = QApplication.activeModalWidget()
    assert isinstance(found, kind)
    return found


def rows_are(view: QTableView, count: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: view.model().rowCount() == count)


def test_a_training_goes_with_what_was_made_of_it_and_ctrl_z_shows_it_again(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    page = window.show_page("training")
    page.show_training("train-1")
    qtbot.waitUntil(lambda: page.run_view is not None and "base on both" in page.run_view.heading.text())
    page.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: page.history is not None)
    table = page.history.table
    rows_are(table, 1, qtbot)
    select(table, 0)
    dialog = open_dialog(DeletionDialog, qtbot, lambda: QTest.keyClick(table, Qt.Key.Key_Delete))
    told = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "Delete training train-1?" in told
    assert "1 evaluation (evaluate-2)" in told
    assert "Keeps its figures" in told and "evaluate-1" in told and "10 bytes of files" in told
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    rows_are(table, 0, qtbot)
    assert list_trainings(library) == []
    qtbot.waitUntil(lambda: page.run_view is None)  # it showed the deleted one
    qtbot.waitUntil(lambda: page.notice.text.text() == "Deleted training train-1 and 1 evaluation.")
    window.show_page("evaluate")
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.page is page)
    rows_are(table, 1, qtbot)
    qtbot.waitUntil(lambda: window.status.message.text() == "Undone: delete training train-1.")
    window.show_page("home")
    window.desk.undo.redo()
    qtbot.waitUntil(lambda: window.status.message.text() == "Redone: delete training train-1.")
    qtbot.waitUntil(lambda: window.page is page)
    rows_are(table, 0, qtbot)


def test_an_undo_says_what_did_not_come_back(window: Window, library: Library, qtbot: QtBot) -> None:
    page = window.show_page("training")
    page.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: page.history is not None)
    table = page.history.table
    rows_are(table, 1, qtbot)
    select(table, 0)
    open_dialog(DeletionDialog, qtbot, page.history.tidying.delete).accept()
    rows_are(table, 0, qtbot)
    (entry,) = list_trash(library)
    shutil.rmtree(entry.files[0])  # by hand, in the folder of the library
    window.desk.undo.undo()
    rows_are(table, 1, qtbot)
    told = "Restored 1 training. 1 file could not be found: train-1."
    qtbot.waitUntil(lambda: page.notice.text.text() == told)
    select(table, 0)
    open_dialog(DeletionDialog, qtbot, page.history.tidying.delete).accept()
    rows_are(table, 0, qtbot)
    qtbot.waitUntil(lambda: window.desk.undo.undoText() == "delete training train-1")
    restore(library, list_trash(library)[0].n)
    window.show_page("home")
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.page is page)
    qtbot.waitUntil(lambda: "it was already restored" in page.notice.text.text())
    rows_are(table, 1, qtbot)


def test_a_training_gets_a_name_and_a_note(window: Window, library: Library, qtbot: QtBot) -> None:
    page = window.show_page("training")
    page.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: page.history is not None)
    history = page.history
    rows_are(history.table, 1, qtbot)
    select(history.table, 0)
    dialog = open_dialog(LineDialog, qtbot, lambda: QTest.keyClick(history.table, Qt.Key.Key_F2))
    dialog.line.setText("sums, rank 8")
    QTest.keyPress(dialog, Qt.Key.Key_Return)  # it takes no key while it stores, not even this one's release
    qtbot.waitUntil(lambda: history.model.index(0, 0).data() == "sums, rank 8 (train-1)")
    select(history.table, 0)
    note = open_dialog(NoteDialog, qtbot, history.tidying.note_action.trigger)
    note.text.setPlainText("x" * 20_001)
    note.accept()
    assert note.isVisible() and "20,001 characters" in note.problem.text(), "what was written is not lost"
    note.text.setPlainText("learns fast\nforgets too")
    library.problem = UserError("The disk is full.", "Make room.")
    note.accept()
    qtbot.waitUntil(lambda: "The disk is full." in note.problem.text())
    library.problem = None
    asked = open_dialog(MessageBox, qtbot, lambda: QTest.keyClick(note, Qt.Key.Key_Escape))
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    assert note.isVisible() and note.text.toPlainText() == "learns fast\nforgets too"
    note.accept()
    qtbot.waitUntil(lambda: get_run(library, "train-1").note == "learns fast\nforgets too")
    window.desk.undo.undo()
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: history.model.index(0, 0).data() == "train-1")
    assert note_on(library, "run", "train-1") == ""


def test_a_snapshot_is_renamed_and_deleted_from_the_menu_beside_it(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    page = window.show_page("training")
    tidying = page.set_up.tidying
    qtbot.waitUntil(lambda: page.set_up.snapshot.count() == 1)
    assert any(
        one.accessibleName() == "Rename, note or delete the snapshot"
        for one in page.findChildren(QToolButton)
    )
    dialog = open_dialog(LineDialog, qtbot, tidying.rename)
    dialog.line.setText("sums")
    dialog.accept()
    qtbot.waitUntil(lambda: "sums" in page.set_up.snapshot.currentText())
    note = open_dialog(NoteDialog, qtbot, tidying.note_action.trigger)
    note.text.setPlainText("only sums")
    note.accept()
    qtbot.waitUntil(lambda: page.set_up.content.note.text() == "Note: only sums")
    question = open_dialog(DeletionDialog, qtbot, tidying.delete)
    question.accept()
    qtbot.waitUntil(lambda: list_snapshots(library) == [])
    qtbot.waitUntil(lambda: page.set_up.snapshot.count() == 0)
    deleted = "Deleted snapshot sums, 1 training and 1 evaluation."
    qtbot.waitUntil(lambda: page.notice.text.text() == deleted)
    assert page.notice.isVisible(), "it is not within what has gone with the last snapshot"
    assert window.status.message.text() == deleted
    assert page.set_up.facts is None, "what was read of the snapshot is gone with it"
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: "sums" in page.set_up.snapshot.currentText())
    qtbot.waitUntil(lambda: page.set_up.facts is not None)
    assert [one.id for one in list_trainings(library)] == ["train-1"]


def test_records_go_but_for_those_that_a_snapshot_holds(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    page = window.show_page("records")
    table = page.table
    rows_are(table, 6, qtbot)
    select(table, 0)
    note = open_dialog(NoteDialog, qtbot, page.tidying.note_action.trigger)
    note.text.setPlainText("odd wording")
    note.accept()
    qtbot.waitUntil(lambda: page.side.verdict.note.text() == "Note: odd wording")
    assert page.side.verdict.note.isVisibleTo(page)
    table.selectAll()
    dialog = open_dialog(DeletionDialog, qtbot, page.tidying.delete)
    told = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert "Delete 1 record?" in told and "5 records are frozen in the snapshot both." in told
    dialog.accept()
    rows_are(table, 5, qtbot)
    assert count_records(library) == 5
    window.desk.undo.undo()
    rows_are(table, 6, qtbot)


def test_a_long_deletion_says_how_far_it_is_and_can_be_stopped(
    window: Window, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(library, plan_deletion(library, Kind.SNAPSHOT, [list_snapshots(library)[0].id]))
    monkeypatch.setattr(tidying, "MANY", 5)
    monkeypatch.setattr(deletion, "RECORDS_AT_ONCE", 2)
    monkeypatch.setattr(trash, "SHARE", 0.0)
    page = window.show_page("records")
    rows_are(page.table, 6, qtbot)
    page.table.selectAll()
    said: list[str] = []
    window.desk.noticed.connect(lambda text, _: said.append(text))
    held, others = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        held.set()
        others.wait()

    writing = threading.Thread(target=library.write, args=(hold,))
    writing.start()
    held.wait()
    page.tidying.delete()
    qtbot.waitUntil(lambda: page.notice.text.text() == "Deleting 6 records…")
    assert page.notice.action.text() == "Stop"
    page.notice.action.click()
    others.set()
    writing.join()
    qtbot.waitUntil(lambda: page.notice.text.text() == "Stopped. Nothing was deleted.")
    assert count_records(library) == 6 and len(list_trash(library)) == 1
    page.table.selectAll()
    page.tidying.delete()
    rows_are(page.table, 0, qtbot)
    qtbot.waitUntil(lambda: page.notice.text.text() == "Deleted 6 records.")
    assert said.count("Deleting 6 records: 67%") == 1
    window.desk.undo.undo()
    rows_are(page.table, 6, qtbot)
    assert "Restoring 6 records: 67%" in said


def test_the_window_closes_when_a_long_deletion_is_complete(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    page = window.show_page("evaluate")
    table = page.results.table
    rows_are(table, 2, qtbot)
    held, others = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        held.set()
        others.wait()

    writing = threading.Thread(target=library.write, args=(hold,))
    writing.start()
    held.wait()
    window.desk.do(
        "delete evaluation evaluate-1",
        lambda: delete(library, plan_deletion(library, Kind.EVALUATION, ["evaluate-1"])),
        lambda entry: restore(library, entry),
        "evaluations",
    )
    window.close()
    assert window.isVisible() and "will close when the last change is stored" in window.status.closing.text()
    window.status.stay.click()
    window.close()
    library.problem = UserError("The disk is full.", "Make room.")
    others.set()
    writing.join()
    qtbot.waitUntil(lambda: window.notice.text.text() == "The disk is full.")
    assert window.isVisible() and not window.status.closing.isVisible(), "it stays to say so"
    library.problem = None
    window.desk.do(
        "delete evaluation evaluate-1",
        lambda: delete(library, plan_deletion(library, Kind.EVALUATION, ["evaluate-1"])),
        lambda entry: restore(library, entry),
        "evaluations",
    )
    window.close()
    qtbot.waitUntil(window.isHidden)
    assert [one.id for one in list_evaluations(library)] == ["evaluate-2"]


def test_the_next_start_says_which_deletion_was_cut_off(library: Library, theme: Theme, qtbot: QtBot) -> None:
    class KilledError(BaseException):
        """Stands for an end of the process."""

    def kill(done: int, steps: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        delete(library, plan_deletion(library, Kind.EVALUATION, ["evaluate-1"]), on_step=kill)
    library.close()
    with Library.open(library.folder) as again, desktop(again, theme) as window:
        window.show()
        told = "Orca Desk ended while it deleted evaluation tuned: nothing was deleted."
        qtbot.waitUntil(lambda: window.notice.text.text() == told)
        assert len(list_evaluations(again)) == 2


def test_an_evaluation_and_a_job_go_and_what_may_not_says_why(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    jobs = window.show_page("jobs")
    rows_are(jobs.table, 4, qtbot)
    names = [jobs.runs.rows[row].id for row in range(4)]
    select(jobs.table, names.index("generate-1"))
    QTest.keyClick(jobs.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: jobs.notice.text.text() == "Nothing was deleted.")
    assert "its answers are frozen in the snapshot both" in jobs.notice.hint.text()
    select(jobs.table, names.index("evaluate-1"))
    QTest.keyClick(jobs.table, Qt.Key.Key_Delete)
    rows_are(jobs.table, 3, qtbot)
    assert [one.id for one in list_evaluations(library)] == ["evaluate-2"]
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.page is not None and window.page.name == "evaluate")
    assert len(list_runs(library)) == 4
    rows_are(window.page.results.table, 2, qtbot)


def test_rows_have_menus_of_what_can_be_done_with_them(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    def actions_of(page: str) -> list[str]:
        shown = window.show_page(page)
        table = shown.proposals.table if page == "grow" else shown.table
        offered = table.row_actions() if callable(table.row_actions) else table.row_actions
        return [one.text().replace("&", "") for one in offered if one is not None]

    assert {"Use as teacher", "Chat with the model", "Remove from list"} <= set(actions_of("models"))
    assert {"Accept proposal", "Reject proposal", "Edit proposal…"} <= set(actions_of("grow"))
    assert {"Resume the run", "Open folder", "Rename…", "Note…", "Delete"} <= set(actions_of("jobs"))
    records = window.show_page("records")
    rows_are(records.table, 6, qtbot)
    records.table.customContextMenuRequested.emit(records.table.rect().center())
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    texts = [one.text().replace("&", "") for one in menu.actions()]
    assert {"Keep", "Drop", "Regenerate…", "Note…", "Delete"} <= set(texts)
    menu.close()


def test_a_field_undoes_its_own_text_and_not_the_library(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    window.desk.do(
        "delete training train-1",
        lambda: delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"])),
        lambda entry: restore(library, entry),
        "trainings",
    )
    qtbot.waitUntil(lambda: list_trainings(library) == [])
    page = window.show_page("records")
    field = page.search_field()
    assert field is not None
    field.setFocus()
    QTest.keyClicks(field, "zebra")
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == ""
    assert window.desk.undo.undoText() == "delete training train-1" and window.page is page
