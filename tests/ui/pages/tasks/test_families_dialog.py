"""Families by hand: Enter does what the field says, and every change comes back as it was."""

from collections.abc import Iterator

import pytest
from library_doubles import judged, make_record, make_task
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QVBoxLayout
from pytestqt.qtbot import QtBot

from orca_desk.library.checkers import family_checkers
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.notes import note_on
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.records import iterate_records
from orca_desk.library.tasks import add_tasks, delete_tasks, families
from orca_desk.method.pairing import Pairing
from orca_desk.ui.pages.tasks.families_dialog import FamiliesDialog
from orca_desk.ui.widgets.asking import NoteDialog
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.window import Window


def names(library: Library) -> list[str]:
    """The names of the families."""
    return [one.family for one in families(library)]


@pytest.fixture
def dialog(library: Library, window: Window, qtbot: QtBot) -> Iterator[FamiliesDialog]:
    """The dialog on two families, of which the first has a record and a strategy."""
    add_tasks(library, [make_task(n, family="a" if n < 5 else "b") for n in range(10)])
    add_records(library, [judged(make_record(1, family="a", task_id=make_task(1, family="a").id), 1)])
    pairing = Pairing(family="a", strategy="direct", evidence=(), reason="")
    set_pairings(library, [pairing], source="chosen")
    made = FamiliesDialog(window.desk, window, show=lambda family: None)
    made.open()
    qtbot.waitUntil(lambda: made.model.rowCount() == 2)
    made.select("a")
    yield made
    made.close()


@pytest.mark.parametrize("name", ["new", "b"])
def test_enter_renames_beside_a_banner_with_undo(
    dialog: FamiliesDialog, library: Library, qtbot: QtBot, name: str
) -> None:
    dialog.percent.setValue(100)
    qtbot.mouseClick(dialog.hold_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.action.isVisible())
    dialog.select("a")
    line = dialog.name.lineEdit()
    assert line is not None
    line.setFocus()
    qtbot.keyClicks(line, name)
    with qtbot.waitSignal(dialog.desk.background.writing, check_params_cb=lambda busy: not busy):
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert names(library) == sorted({"b", name})
    assert dialog.desk.undo.undoText() == f"rename a to {name}"
    assert [one.record.family for one in iterate_records(library)] == [name]
    assert current_pairings(library).keys() == {name}


@pytest.mark.parametrize("name", ["new", "b"])
def test_undo_restores_tasks_records_and_strategies(
    dialog: FamiliesDialog, library: Library, qtbot: QtBot, name: str
) -> None:
    dialog.name.setCurrentText(name)
    qtbot.mouseClick(dialog.rename_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.action.isVisible())
    assert names(library) == sorted({"b", name})
    with qtbot.waitSignal(dialog.desk.background.writing, check_params_cb=lambda busy: not busy):
        qtbot.mouseClick(dialog.notice.action, Qt.MouseButton.LeftButton)
    assert names(library) == ["a", "b"]
    assert [one.record.family for one in iterate_records(library)] == ["a"]
    assert current_pairings(library).keys() == {"a"}


def test_the_keys_of_undo_work_right_after_a_renaming(
    dialog: FamiliesDialog, library: Library, qtbot: QtBot
) -> None:
    line = dialog.name.lineEdit()
    assert line is not None
    line.setFocus()
    qtbot.keyClicks(line, "new")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(library) == ["b", "new"])
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Z, control)
    qtbot.waitUntil(lambda: names(library) == ["a", "b"])
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Z, control | shift)
    qtbot.waitUntil(lambda: names(library) == ["b", "new"])


def test_enter_in_any_dialog_presses_no_banner(window: Window, qtbot: QtBot) -> None:
    dialog = QDialog(window)
    layout = QVBoxLayout(dialog)
    line, notice, pressed = QLineEdit(), Notice(window.desk), []
    layout.addWidget(line)
    layout.addWidget(notice)
    notice.show_message("Done.", action="Undo", run=lambda: pressed.append(True))
    dialog.open()
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not pressed
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    assert pressed
    dialog.close()


def test_a_banner_undoes_its_own_change_or_none(
    dialog: FamiliesDialog, library: Library, qtbot: QtBot
) -> None:
    for percent in (100, 0):
        dialog.percent.setValue(percent)
        qtbot.mouseClick(dialog.hold_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: dialog.notice.action.isVisible())
    other = make_task(77, family="c")
    dialog.desk.do(
        "add a task",
        lambda: add_tasks(library, [other]),
        lambda _: delete_tasks(library, [other.id]),
        "tasks",
    )
    assert not dialog.notice.isVisible()
    qtbot.waitUntil(lambda: names(library) == ["a", "b", "c"])
    dialog.notice.offer_undo("Done.", change="hold out 0% of a")
    assert dialog.notice.isVisible() and not dialog.notice.action.isVisible()
    dialog.notice.offer_undo("Done.", change="add a task")
    qtbot.mouseClick(dialog.notice.action, Qt.MouseButton.LeftButton)
    assert not dialog.notice.isVisible()
    qtbot.waitUntil(lambda: names(library) == ["a", "b"])


def test_a_checker_is_chosen_for_a_family_and_undone(
    dialog: FamiliesDialog, library: Library, qtbot: QtBot
) -> None:
    family = dialog.family()
    assert family is not None
    qtbot.waitUntil(lambda: dialog.checker.currentData() == "auto")
    place = dialog.checker.findData("arithmetic")
    dialog.checker.setCurrentIndex(place)
    dialog.checker.activated.emit(place)
    qtbot.waitUntil(lambda: family_checkers(library) == {family: "arithmetic"})
    qtbot.waitUntil(lambda: dialog.checker_help.text() == "Works out every equation again.")
    dialog.desk.undo.undo()
    qtbot.waitUntil(lambda: dialog.checker.currentData() == "auto")
    assert family_checkers(library) == {}


def test_a_note_stands_below_its_family(dialog: FamiliesDialog, library: Library, qtbot: QtBot) -> None:
    assert dialog.note.isHidden()
    qtbot.mouseClick(dialog.note_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), NoteDialog))
    asked = QApplication.activeModalWidget()
    assert isinstance(asked, NoteDialog)
    asked.text.setPlainText("From the exam of 2019")
    asked.accept()
    qtbot.waitUntil(lambda: dialog.note.text() == "Note: From the exam of 2019")
    assert dialog.note.isVisible() and dialog.desk.undo.undoText() == "note on family a"
    dialog.select("b")
    assert dialog.note.isHidden()
    dialog.select("a")
    dialog.desk.undo.undo()
    qtbot.waitUntil(dialog.note.isHidden)
    assert note_on(library, "family", "a") == ""
