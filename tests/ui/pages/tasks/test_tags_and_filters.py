"""The Tasks page: tags by keyboard, searches with fields, saved filters, history, and deleting for good."""

import pytest
from library_doubles import judged, make_record, make_task
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.notes import set_note
from orca_desk.library.saved_filters import saved_filters
from orca_desk.library.tasks import add_tasks, count_tasks, get_task
from orca_desk.ui.pages.tasks.forget_dialog import ForgetDialog
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.pages.tasks.tags_dialog import TagsDialog
from orca_desk.ui.widgets.asking import LineDialog
from orca_desk.ui.window import Window

TASKS = [make_task(1, tags=("hard",)), make_task(2, family="other"), make_task(3)]


@pytest.fixture
def page(window: Window, qtbot: QtBot) -> TasksPage:
    """Three tasks, one of them answered incorrectly, all listed."""
    add_tasks(window.desk.library, TASKS)
    add_records(window.desk.library, [judged(make_record(3, response="Answer: 8"), 3)])
    with qtbot.waitActive(window):
        window.activateWindow()
    made = window.show_page("tasks")
    assert isinstance(made, TasksPage)
    window.desk.tell("tasks")
    qtbot.waitUntil(lambda: listed(made) == 3)
    qtbot.waitUntil(lambda: "hard" in made.choices.tags)
    return made


def listed(page: TasksPage) -> int:
    return len(page.table.tasks.rowids)


def dialog(page: TasksPage, kind: type[QDialog], qtbot: QtBot, action: str) -> QDialog:
    page.action(action).trigger()
    qtbot.waitUntil(lambda: isinstance(page.dialogs.shown, kind) and page.dialogs.shown.isVisible())
    assert page.dialogs.shown is not None
    return page.dialogs.shown


def test_tags_are_added_and_removed_by_keyboard_with_undo(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    page.table.selectAll()
    qtbot.waitUntil(lambda: page.action("Tags…").isEnabled())
    assert page.action("Tags…").shortcut().toString() == "T"
    shown = dialog(page, TagsDialog, qtbot, "Tags…")
    assert isinstance(shown, TagsDialog) and shown.present.text() == "So far: hard (1)."
    assert not shown.accept_button.isEnabled()
    qtbot.keyClicks(shown.line, "new, -ha")
    completer = shown.line.completer()
    completer.setCompletionPrefix("ha")
    assert completer.pathFromIndex(completer.completionModel().index(0, 0)) == "new, -hard"
    shown.line.setText("new, -hard")
    qtbot.keyClick(shown.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: all(get_task(library, task.id).tags == ("new",) for task in TASKS))
    qtbot.waitUntil(lambda: page.desk.undo.canUndo())
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: all(get_task(library, task.id).tags == task.tags for task in TASKS))


def test_m_marks_the_selected_tasks_and_unmarks_them(page: TasksPage, library: Library, qtbot: QtBot) -> None:
    page.table.selectAll()
    mark = page.action("Mark or unmark")
    qtbot.waitUntil(mark.isEnabled)
    assert mark.shortcut().toString() == "M"
    mark.trigger()
    qtbot.waitUntil(lambda: all("marked" in get_task(library, task.id).tags for task in TASKS))
    page.table.selectAll()
    qtbot.waitUntil(mark.isEnabled)
    mark.trigger()
    qtbot.waitUntil(lambda: all(get_task(library, task.id).tags == task.tags for task in TASKS))
    page.desk.undo.undo()
    qtbot.waitUntil(lambda: all("marked" in get_task(library, task.id).tags for task in TASKS))


def test_a_search_with_fields_filters_and_a_wrong_one_says_why(page: TasksPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.filters.search, "family:sums wrong:yes")
    qtbot.waitUntil(lambda: listed(page) == 1)
    page.filters.search.setText("colour:red")
    qtbot.waitUntil(lambda: page.filters.problem.isVisible())
    assert page.filters.problem.text().startswith("There is no field 'colour'")
    page.filters.search.clear()
    qtbot.waitUntil(lambda: not page.filters.problem.isVisible() and listed(page) == 3)


def test_a_filter_is_saved_under_a_name_applied_and_deleted(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    saved = page.filters.saved

    def entries() -> list[str]:
        return [one.text() for one in saved.menu().actions() if one.text()]

    saved.fill()
    assert entries() == ["No saved filters yet", "Save this filter…"]
    page.filters.apply({"text": "plus", "split": "train", "tag": "hard", "gone": 1})
    qtbot.waitUntil(lambda: listed(page) == 1)
    saved.fill()
    next(one for one in saved.menu().actions() if one.text() == "Save this filter…").trigger()
    (dialog,) = saved.findChildren(LineDialog)
    dialog.line.setText("hard & fast")
    page.filters.clear()  # as a click on a notification does: what is saved is what was set
    dialog.accept()
    qtbot.waitUntil(lambda: "hard & fast" in saved_filters(library, "tasks"))
    qtbot.waitUntil(lambda: listed(page) == 3)

    def offered() -> bool:
        saved.fill()
        return entries()[0] == "hard && fast"

    qtbot.waitUntil(offered)
    saved.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: listed(page) == 1)
    assert page.filters.fields() == {"split": "train", "tag": "hard", "text": "plus"}
    saved.fill()
    gone = next(one for one in saved.menu().actions() if one.text() == "Delete").menu()
    gone.actions()[0].trigger()
    qtbot.waitUntil(lambda: saved_filters(library, "tasks") == {})
    page.desk.undo.undo()
    qtbot.waitUntil(offered)


def test_the_note_on_a_family_is_the_tip_of_its_entry(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    box = page.filters.family
    place = next(at for at in range(1, box.count()) if box.itemData(at) == {"family": "other"})
    set_note(library, "family", "other", "from <b>2019</b>")
    page.desk.tell("tasks")
    qtbot.waitUntil(
        lambda: "from &lt;b&gt;2019" in str(box.itemData(place, Qt.ItemDataRole.ToolTipRole)), timeout=10_000
    )


def test_the_history_stands_below_the_task(page: TasksPage, qtbot: QtBot) -> None:
    page.listing.show_task(TASKS[2].id)
    qtbot.waitUntil(lambda: "Answered under direct: incorrect" in page.detail.text.toPlainText())
    assert "Edits have been recorded since 20" in page.detail.text.toPlainText()


def test_tasks_are_deleted_for_good_after_a_list_and_a_typed_word(
    page: TasksPage, library: Library, qtbot: QtBot
) -> None:
    page.listing.show_task(TASKS[2].id)
    qtbot.waitUntil(lambda: page.table.selected_count() == 1 and page.table.current_rowid() is not None)
    qtbot.waitUntil(lambda: page.detail.shown is not None and page.detail.shown.task.id == TASKS[2].id)
    shown = dialog(page, ForgetDialog, qtbot, "Delete for good…")
    assert isinstance(shown, ForgetDialog)
    qtbot.waitUntil(lambda: "1 teacher record" in shown.text.toPlainText())
    assert not shown.accept_button.isEnabled() and not shown.backups.isVisible()
    qtbot.keyClicks(shown.confirmation, "delete")
    assert shown.accept_button.isEnabled()
    qtbot.keyClick(shown.confirmation, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: count_tasks(library) == 2)
    qtbot.waitUntil(lambda: listed(page) == 2)
    assert not page.desk.undo.canUndo()
