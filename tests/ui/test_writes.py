"""Writes in the background: what failed leaves nothing to undo or to do again."""

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.ui.window import Window
from orca_desk.ui.writes import Writes


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


def test_what_waits_is_written_whatever_a_handler_does(window: Window, qtbot: QtBot) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("Internal C++ object already deleted.")

    told: list[frozenset[str]] = []
    window.desk.changed.connect(told.append)
    writes = Writes(window.desk, QObject(window), failed=broken)
    done: list[str] = []
    with qtbot.captureExceptions() as raised:
        writes.do("First", lambda: None, lambda _: None, "tasks", then=broken)
        writes.do("Second", refuse, lambda _: None)
        writes.do("Third", lambda: done.append("third"), lambda _: None)
        qtbot.waitUntil(lambda: done == ["third"] and not writes._running)
    assert len(raised) == 2 and frozenset({"tasks"}) in told
