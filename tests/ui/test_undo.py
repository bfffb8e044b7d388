"""Undo: every change runs in the background, in order, and one that fails leaves the stack."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.ui.app import desktop
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import Theme
from orca_desk.ui.window import Window


@pytest.fixture
def desk(window: Window) -> Desk:
    return window.desk


def refuse(*_: object) -> None:
    raise UserError("The disk is full.", "Free some space.")


def test_a_change_is_done_undone_and_redone_off_the_event_loop(desk: Desk, qtbot: QtBot) -> None:
    library, threads = desk.library, list[threading.Thread]()
    told: list[frozenset[str]] = []
    arrived: list[object] = []
    desk.changed.connect(told.append)

    def work() -> object:
        threads.append(threading.current_thread())
        return set_setting(library, "x", 2)

    def undo(before: object) -> None:
        threads.append(threading.current_thread())
        set_setting(library, "x", before)

    set_setting(library, "x", 1)
    desk.do("Set", work, undo, "settings", then=arrived.append)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert get_setting(library, "x") == 2
    desk.undo.undo()
    qtbot.waitUntil(lambda: len(told) == 2)
    assert get_setting(library, "x") == 1
    desk.undo.redo()
    qtbot.waitUntil(lambda: len(told) == 3)
    assert get_setting(library, "x") == 2
    assert told == [frozenset({"settings"})] * 3
    assert arrived == [1], "only the first work hands over its result"
    assert threading.main_thread() not in threads


def test_changes_run_in_the_order_in_which_the_user_made_them(desk: Desk, qtbot: QtBot) -> None:
    gate, done = threading.Event(), list[str]()

    def slow() -> None:
        gate.wait(5)
        done.append("slow")

    desk.do("Slow", slow, lambda _: done.append("slow undone"))
    desk.do("Fast", lambda: done.append("fast"), lambda _: done.append("fast undone"))
    desk.undo.undo()  # long before it is written
    desk.write(lambda: done.append("written"))
    gate.set()
    qtbot.waitUntil(lambda: len(done) == 4)
    assert done == ["slow", "fast", "fast undone", "written"]
    assert (desk.undo.undoText(), desk.undo.redoText()) == ("Slow", "Fast")


def test_an_undo_that_takes_long_says_that_it_is_at_work(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.ui.undo.SLOW_MS", 0)
    gate, said = threading.Event(), list[str]()
    desk.noticed.connect(lambda text, tone: said.append(text))
    desk.do("delete much", lambda: None, lambda _: gate.wait(5))
    desk.undo.undo()
    qtbot.waitUntil(lambda: said == ["Undoing: delete much…"])
    gate.set()
    qtbot.waitUntil(lambda: said[1:] == ["Undone: delete much."])


@pytest.mark.parametrize("fails", ["work", "undo"])
def test_a_change_that_fails_leaves_the_stack(desk: Desk, qtbot: QtBot, fails: str) -> None:
    errors, done = list[Exception](), list[str]()
    desk.do("Good", lambda: done.append("good"), lambda _: done.append("good undone"))
    desk.do("Bad", refuse if fails == "work" else lambda: None, refuse, failed=errors.append)
    if fails == "undo":
        desk.undo.undo()
    qtbot.waitUntil(lambda: bool(errors))
    assert (desk.undo.count(), desk.undo.undoText(), desk.undo.canRedo()) == (1, "Good", False)
    desk.undo.undo()
    qtbot.waitUntil(lambda: done == ["good", "good undone"])


def test_an_undo_behind_a_change_that_fails_does_nothing(desk: Desk, qtbot: QtBot) -> None:
    gate, errors, undone = threading.Event(), list[Exception](), list[object]()

    def fail() -> None:
        gate.wait(5)
        refuse()

    desk.do("Bad", fail, undone.append, failed=errors.append)
    desk.undo.undo()
    gate.set()
    with qtbot.waitSignal(desk.background.writing):
        pass
    qtbot.waitUntil(lambda: bool(errors))
    assert not undone and desk.undo.count() == 0


def test_a_redo_behind_an_undo_that_fails_does_not_make_the_change_twice(desk: Desk, qtbot: QtBot) -> None:
    gate, errors, made = threading.Event(), list[Exception](), list[str]()

    def fail(_: object) -> None:
        gate.wait(5)
        refuse()

    desk.do("Add", lambda: made.append("added"), fail, failed=errors.append)
    desk.undo.undo()
    desk.undo.redo()  # before the failure is known
    gate.set()
    with qtbot.waitSignal(desk.background.writing):
        pass
    qtbot.waitUntil(lambda: bool(errors))
    assert made == ["added"] and desk.undo.count() == 0


def test_an_error_that_no_page_shows_appears_in_the_window(desk: Desk, window: Window, qtbot: QtBot) -> None:
    desk.do("Try", refuse, refuse)
    qtbot.waitUntil(lambda: window.notice.isVisible())
    assert window.notice.text.text() == "The disk is full."
    assert not desk.undo.canUndo()


def test_a_broken_handler_holds_nothing_up(desk: Desk, qtbot: QtBot) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("Internal C++ object already deleted.")

    done: list[str] = []
    with qtbot.captureExceptions() as raised:
        desk.do("First", lambda: None, lambda _: None, then=broken)
        desk.do("Second", refuse, lambda _: None, failed=broken)
        desk.do("Third", lambda: done.append("third"), lambda _: None)
        qtbot.waitUntil(lambda: done == ["third"])
        qtbot.waitUntil(lambda: len(raised) == 2)


def test_closing_writes_all_that_waits(library: Library, theme: Theme) -> None:
    gate = threading.Event()
    with desktop(library, theme) as window:
        window.desk.write(lambda: gate.wait(5))
        window.desk.do("Set", lambda: set_setting(library, "x", 1), lambda _: None)
        gate.set()
    assert get_setting(library, "x") == 1
