"""Esc works alike on every page with long jobs: it asks first, so that a stray key stops nothing."""

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.ui import window as window_module
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.page import Page
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window


class BusyPage(Page):
    """A page with a job."""

    name = "models"
    title = "Models"
    offers = (stop_command(lambda page: page.job),)
    job: Job | None = None


def question(page: Page, qtbot: QtBot) -> MessageBox:
    page.window().activateWindow()  # offscreen, nobody else does when a dialog has closed
    qtbot.waitUntil(page.isActiveWindow)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    box = page.findChild(MessageBox)
    assert box is not None and "Work" in box.text()
    return box


@pytest.fixture
def page(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> BusyPage:
    """A page of a window that takes keys."""
    monkeypatch.setattr(window_module, "make_page", lambda name, desk: BusyPage(desk))
    page = window.show_page("models")
    assert isinstance(page, BusyPage)
    with qtbot.waitActive(window):
        window.activateWindow()
    return page


def start(page: BusyPage, *changes: str) -> tuple[Job, threading.Event]:
    """Start a job that runs until the event is set, or it is stopped, and give the page its Esc."""
    over = threading.Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        over.wait(60)

    job = page.desk.jobs.start("Work", "work", work, changes=changes)
    page.job = job
    return job, over


def test_a_second_esc_keeps_the_job_running(page: BusyPage, qtbot: QtBot) -> None:
    job, _ = start(page, "records")
    box = question(page, qtbot)
    assert "is saved" in box.hint()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.findChild(MessageBox) is None)
    assert job.state == "running"
    qtbot.mouseClick(question(page, qtbot).buttons()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: job.state == "stopped")
    qtbot.waitUntil(lambda: page.findChild(MessageBox) is None)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.findChild(MessageBox) is None


def test_the_question_closes_with_the_job(page: BusyPage, qtbot: QtBot) -> None:
    job, over = start(page)
    assert question(page, qtbot).hint() == ""  # it saves nothing
    over.set()
    qtbot.waitUntil(lambda: job.state == "done" and page.findChild(MessageBox) is None)


def test_every_page_with_long_jobs_has_it(window: Window) -> None:
    for name in ("home", "strategies", "teacher", "training", "evaluate"):
        (action,) = [one for one in window.show_page(name).commands if one.shortcut().toString() == "Esc"]
        assert action.text() == "S&top the current job…", name
