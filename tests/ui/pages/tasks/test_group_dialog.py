"""Grouping on the Tasks page: a proposal, changed by hand with undo, applied with undo."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

pytest.importorskip("sklearn")

from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, families
from orca_desk.method.records import Task
from orca_desk.ui.pages.tasks.families_dialog import FamiliesDialog
from orca_desk.ui.pages.tasks.group_dialog import GroupDialog
from orca_desk.ui.window import Window

FRUIT = ("apples", "pears", "plums")
TASKS = [
    *(Task(family="general", query=f"What is {n} plus {n % 7} {FRUIT[n % 3]}?") for n in range(30)),
    *(Task(family="general", query=f"Take {n} steps left. Do you come back?") for n in range(20)),
    *(Task(family="general", query=f"Sort these {n} words alphabetically: pear, fig") for n in range(10)),
]


@pytest.fixture
def dialog(library: Library, window: Window, qtbot: QtBot) -> Iterator[GroupDialog]:
    """The dialog with its proposal for sixty tasks of three kinds."""
    add_tasks(library, TASKS)
    made = GroupDialog(window.desk, window, families=["general"], family="general")
    made.open()
    qtbot.mouseClick(made.group_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: made.model.rowCount() == 3 and made.apply_button.isEnabled(), timeout=60_000)
    yield made
    made.close()


def sizes(dialog: GroupDialog) -> list[int]:
    return [one.tasks for one in dialog.model.rows]


def counts(library: Library) -> dict[str, int]:
    return {one.family: one.tasks for one in families(library)}


def test_groups_are_changed_by_hand_and_become_families(
    dialog: GroupDialog, library: Library, qtbot: QtBot
) -> None:
    assert sizes(dialog) == [30, 20, 10]
    assert "60 tasks in 3 groups, well apart" in dialog.summary.text()
    assert "What is" in dialog.examples.toPlainText()
    dialog.select(1, 2)
    qtbot.mouseClick(dialog.merge_button, Qt.MouseButton.LeftButton)
    assert sizes(dialog) == [30, 30]
    dialog.undo()
    assert sizes(dialog) == [30, 20, 10]
    dialog.select(0)
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "sums")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.model.rows[0].name == "sums"
    assert counts(library) == {"general": 60}
    stack = dialog.desk.undo
    qtbot.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert counts(library)["sums"] == 30
    assert sum(counts(library).values()) == 60
    with qtbot.waitSignal(dialog.desk.background.writing, check_params_cb=lambda busy: not busy):
        stack.undo()
    assert counts(library) == {"general": 60}


def test_a_group_that_would_join_another_family_is_told_and_a_group_is_split_again(
    dialog: GroupDialog, qtbot: QtBot
) -> None:
    dialog.family.addItem("sums")
    dialog.select(0)
    dialog.name.setText("sums")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.summary.text().endswith("sums is a family already, which its tasks join.")
    dialog.undo()
    assert "already" not in dialog.summary.text()
    dialog.select(0)
    qtbot.mouseClick(dialog.split_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 4, timeout=60_000)
    assert sum(sizes(dialog)) == 60
    qtbot.mouseClick(dialog.undo_button, Qt.MouseButton.LeftButton)
    assert sizes(dialog) == [30, 20, 10]
    assert not dialog.undo_button.isEnabled()
    dialog.select(1)
    qtbot.mouseClick(dialog.split_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.notice.isVisible, timeout=60_000)
    assert "worded too much alike" in dialog.notice.text.text()


def test_it_opens_from_the_families(library: Library, window: Window, qtbot: QtBot) -> None:
    add_tasks(library, TASKS[:3])
    families_dialog = FamiliesDialog(window.desk, window, show=lambda family: None)
    families_dialog.open()
    qtbot.waitUntil(lambda: families_dialog.group_button.isEnabled())
    qtbot.mouseClick(families_dialog.group_button, Qt.MouseButton.LeftButton)
    assert families_dialog.grouping.family.currentText() == "general"
    assert not families_dialog.grouping.apply_button.isEnabled()
    families_dialog.grouping.reject()
    families_dialog.close()
