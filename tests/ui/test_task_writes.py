"""Writes in the background: what failed leaves nothing to undo or to do again."""

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.ui.pages.task_writes import Writes
from orca_desk.ui.window import Window


def refuse(*_: object) -> None:
    raise UserError("The disk is full.")


@pytest.mark.parametrize("is_undo", [False, True])
def test_a_failed_write_leaves_no_dead_entry(window: Window, qtbot: QtBot, is_undo: bool) -> None:
    errors: list[Exception] = []
    stack, parent = window.desk.undo, QObject(window)
    writes = Writes(window.desk, parent, failed=errors.append)
    done: list[str] = []
    writes.do("Good", lambda: done.append("good"), lambda _: done.append("back"))
    writes.do("Bad", (lambda: None) if is_undo else refuse, refuse)
    if is_undo:
        qtbot.waitUntil(lambda: not writes._running)
        stack.undo()
    qtbot.waitUntil(lambda: bool(errors))
    assert (stack.count(), stack.undoText(), stack.canRedo()) == (1, "Good", False)
    stack.undo()
    qtbot.waitUntil(lambda: done == ["good", "back"])
