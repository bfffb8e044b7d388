"""The window opens every page, and returns to the last one."""

import threading

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from orca_desk import yielding
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window


def test_a_page_that_fails_to_close_keeps_no_other_open(
    library: Library, theme: Theme, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[str] = []

    def cannot() -> None:
        raise UserError("The disk is full.", "Make room.")

    with desktop(library, theme) as window:
        window.make_page("tasks").close_page = cannot  # type: ignore[method-assign]
        window.make_page("chat").close_page = lambda: closed.append("chat")  # type: ignore[method-assign]
    assert closed == ["chat"]
    assert "tasks" in caplog.text


def test_threads_pause_while_the_window_paints(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watched(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pausing.set()
            return super().wait(timeout)

    free, pausing, passed = Watched(), threading.Event(), threading.Event()
    free.set()
    monkeypatch.setattr(yielding, "_free", free)
    monkeypatch.setattr(yielding, "PATIENCE", 30.0)
    thread = threading.Thread(target=lambda: (yielding.pause_for_ui(), passed.set()))
    painted: list[bool] = []

    class Probe(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
            if not painted:
                thread.start()
                painted.append(pausing.wait(30) and not passed.is_set())

    probe = Probe(window)
    probe.resize(10, 10)
    probe.show()
    qtbot.waitUntil(lambda: painted == [True])
    qtbot.waitUntil(passed.is_set)
    thread.join()


@pytest.fixture
def active(window: Window, qtbot: QtBot) -> Window:
    """The window with the keyboard's focus."""
    with qtbot.waitActive(window):
        window.activateWindow()
    return window


def test_a_page_that_a_key_opens_never_begins_on_a_button(active: Window, qtbot: QtBot) -> None:
    keys = Qt.KeyboardModifier.ControlModifier
    for number, name in enumerate(NAMES[:9], 1):
        qtbot.keyClick(active, Qt.Key(Qt.Key.Key_0 + number), keys)
        focus = QApplication.focusWidget()
        assert active.page is active.pages[name]
        assert focus is active.page.first_focus() and not isinstance(focus, QAbstractButton), name


def test_typing_goes_into_the_chat_that_a_key_or_a_click_opens(active: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(active, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page = active.pages["chat"]
    assert isinstance(page, ChatPage) and page.composer.input.hasFocus()
    page.top.history.setFocus()
    qtbot.keyClick(active, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert page.composer.input.hasFocus()
    for name in ("home", "chat"):
        qtbot.mouseClick(active.findChild(QToolButton, f"nav-{name}"), Qt.MouseButton.LeftButton)
        assert QApplication.focusWidget() is active.pages[name].first_focus()


def test_the_arrow_keys_walk_through_the_sidebar_and_stay_there(active: Window, qtbot: QtBot) -> None:
    for name in NAMES[: NAMES.index("training")]:
        made = active.findChild(QToolButton, f"nav-{name}")
        if name == "home":
            made.setFocus()
        assert made.hasFocus() and active.page is active.pages[name]
        qtbot.keyClick(made, Qt.Key.Key_Down)


def test_opening_the_current_page_again_keeps_the_focus(active: Window) -> None:
    page = active.enter_page("tasks")
    assert isinstance(page, TasksPage)
    page.filters.search.setFocus()
    active.desk.open("tasks", family="")
    assert page.filters.search.hasFocus()


def test_the_last_page_and_theme_are_restored(library: Library, theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as first:
        first.show_page("jobs")
        first.desk.choose_theme("dark")
        first.close()
    with desktop(library, theme) as second:
        assert second.page is second.pages["jobs"]
        assert theme.is_dark
        second.desk.choose_theme("light")


def waiting_job(window: Window) -> Job:
    """A job that runs until it is told to stop."""

    def work(tools: Tools) -> None:
        told = threading.Event()
        tools.control.listen(told.set)
        if not tools.control.stopped:  # it may be told before the thread has come this far
            told.wait(20)

    return window.desk.jobs.start("Counting", "count", work)


def answer(window: Window, text: str, qtbot: QtBot) -> None:
    """Press a button of the question that closing asks."""
    box = window.findChild(MessageBox)
    assert box is not None and "Counting" in box.text()
    button = next(one for one in box.buttons() if one.text().replace("&", "") == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_closing_during_a_job_asks_and_staying_changes_nothing(window: Window, qtbot: QtBot) -> None:
    job = waiting_job(window)
    window.close()
    assert window.isVisible()
    answer(window, "Stay open", qtbot)
    assert window.isVisible() and job.state == "running"
    job.stop()
    qtbot.waitUntil(lambda: job.is_over)


def test_the_job_can_be_stopped_and_the_window_then_closes(window: Window, qtbot: QtBot) -> None:
    job = waiting_job(window)
    window.close()
    answer(window, "Stop and close", qtbot)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert job.state == "stopped"


def test_the_question_follows_the_jobs_while_it_is_open(window: Window, qtbot: QtBot) -> None:
    first, second = waiting_job(window), waiting_job(window)
    window.close()
    window.close()
    (box,) = window.findChildren(MessageBox)
    assert box.text() == "2 jobs are not finished."
    first.stop()
    qtbot.waitUntil(lambda: box.text() == "A job is not finished: Counting.")
    second.stop()
    qtbot.waitUntil(lambda: box.text() == "All jobs have finished." and box.hint() == "")
    close = next(one for one in box.buttons() if one.text() == "Close")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_the_window_can_wait_for_the_job(window: Window, qtbot: QtBot) -> None:
    job = waiting_job(window)
    window.close()
    answer(window, "Close when done", qtbot)
    assert window.isVisible() and job.state == "running"
    job.stop()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_staying_open_cancels_the_close_after_the_job(window: Window, qtbot: QtBot) -> None:
    job = waiting_job(window)
    for text in ("Close when done", "Close when done", "Stay open"):
        window.close()
        answer(window, text, qtbot)
        qtbot.waitUntil(lambda: window.findChild(MessageBox) is None)
    job.stop()
    with qtbot.waitSignal(window.desk.jobs.ended):
        pass
    QCoreApplication.processEvents()
    assert window.isVisible()
    window.close()
    assert not window.isVisible()


def test_the_status_bar_says_that_the_window_will_close(window: Window, qtbot: QtBot) -> None:
    job, status = waiting_job(window), window.status
    assert status.stay.isHidden()
    window.close()
    answer(window, "Close when done", qtbot)
    assert status.closing.isVisible()
    assert status.closing.text() == "Orca Desk will close when the job finishes."
    qtbot.mouseClick(status.stay, Qt.MouseButton.LeftButton)
    assert status.closing.isHidden() and status.stay.isHidden()
    job.stop()
    with qtbot.waitSignal(window.desk.jobs.ended):
        pass
    QCoreApplication.processEvents()
    assert window.isVisible()


def test_the_end_of_a_job_is_announced(window: Window, qtbot: QtBot) -> None:
    job = waiting_job(window)
    job.stop()
    with qtbot.waitSignal(window.desk.jobs.ended):
        pass
    assert window.status.message.text() == "Counting: stopped."


def test_a_second_start_keeps_the_window_open(window: Window, qtbot: QtBot) -> None:
    for text in ("Close when done", "Stop and close"):
        job = waiting_job(window)
        window.close()
        answer(window, text, qtbot)
        window.come_back()
        assert window.status.closing.isHidden()
        job.stop()
        qtbot.waitUntil(lambda job=job: job.is_over)
        QCoreApplication.processEvents()
        assert window.isVisible()
        qtbot.waitUntil(lambda: window.findChild(MessageBox) is None)
