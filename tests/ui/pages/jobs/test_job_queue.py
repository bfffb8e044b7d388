"""The queue of jobs: its order is the user's, one can be taken off, and all can be stopped."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.library.settings import get_setting
from orca_desk.library.waiting import KEY
from orca_desk.processes.progress import Overall, Update
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.pages.jobs.page import JobsPage
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window


class Queued:
    """A job that runs until it is told to end, and three that wait behind it."""

    def __init__(self, window: Window) -> None:
        self.over, self.ran = threading.Event(), list[str]()
        self.jobs = window.desk.jobs
        self.busy = self._start("Busy", holds=True)
        self.waiting = [self._start(title) for title in ("First", "Second", "Third")]

    def _start(self, title: str, *, holds: bool = False) -> Job:
        def work(tools: Tools) -> None:
            self.ran.append(title)
            if holds:
                self._hold(tools)

        return self.jobs.start(title, "evaluate", work, again=("evaluate", {"start": {"of": title}}))

    def _hold(self, tools: Tools) -> None:
        tools.control.listen(self.over.set)
        tools.progress(Update(stage="busy", done=1, total=4, unit="pieces"))
        self.over.wait(60)


@pytest.fixture
def queued(window: Window) -> Iterator[Queued]:
    made = Queued(window)
    yield made
    made.over.set()
    window.desk.jobs.stop_all()


@pytest.fixture
def page(window: Window) -> JobsPage:
    shown = window.show_page("jobs")
    assert isinstance(shown, JobsPage)
    return shown


def titles(page: JobsPage) -> list[str]:
    return [page.queue.list.item(row).text() for row in range(page.queue.list.count())]


def test_the_queue_is_hidden_while_nothing_waits(page: JobsPage) -> None:
    assert page.queue.isHidden()


def test_jobs_run_in_the_order_that_the_user_gave_them(
    queued: Queued, page: JobsPage, window: Window, qtbot: QtBot
) -> None:
    assert page.queue.isVisible() and titles(page) == ["First", "Second", "Third"]
    assert page.queue.list.verticalScrollBar().maximum() == 0
    assert page.queue.title.text() == "Queue: 3 jobs waiting"
    assert not page.queue.up.isEnabled() and page.queue.down.isEnabled()
    page.queue.list.setCurrentRow(2)
    page.action("Move up in the queue").trigger()
    page.action("Move up in the queue").trigger()
    assert titles(page) == ["Third", "First", "Second"] and page.queue.list.currentRow() == 0
    qtbot.mouseClick(page.queue.down, Qt.MouseButton.LeftButton)
    assert titles(page) == ["First", "Third", "Second"]
    stored = window.desk.library
    qtbot.waitUntil(
        lambda: [one["title"] for one in get_setting(stored, KEY, [])][-3:] == ["First", "Third", "Second"]
    )
    queued.over.set()
    qtbot.waitUntil(lambda: all(job.is_over for job in queued.waiting))
    assert queued.ran == ["Busy", "First", "Third", "Second"]
    qtbot.waitUntil(page.queue.isHidden)


def test_one_job_is_taken_off_the_queue(queued: Queued, page: JobsPage, qtbot: QtBot) -> None:
    page.queue.list.setCurrentRow(1)
    page.action("Remove from the queue").trigger()
    assert titles(page) == ["First", "Third"] and queued.waiting[1].was_removed
    queued.over.set()
    qtbot.waitUntil(lambda: all(job.is_over for job in queued.waiting))
    assert queued.ran == ["Busy", "First", "Third"] and queued.busy.state == "done"


def test_all_jobs_are_stopped_after_a_question(
    queued: Queued, page: JobsPage, window: Window, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: queued.busy.has_begun)
    page.action("Stop all jobs…").trigger()
    box = page.findChild(MessageBox)
    assert box is not None and box.text() == "Stop 4 jobs?"
    assert "taken off the queue: First, Second, Third." in box.hint()
    stop = next(one for one in box.buttons() if one.text() == "Stop all")
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished)
    assert queued.ran == ["Busy"] and {job.state for job in queued.waiting} == {"stopped"}


def test_the_title_tells_the_progress_and_what_waits(queued: Queued, window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.windowTitle().startswith("25%, 3 waiting – "))
    assert window.desk.jobs.share == pytest.approx(0.25 / 4)
    window.desk.jobs.remove(queued.waiting[0])
    assert window.desk.jobs.share == pytest.approx(0.25 / 3)
    queued.over.set()
    qtbot.waitUntil(lambda: "%" not in window.windowTitle())
    assert window.desk.jobs.share is None


def test_a_job_of_several_steps_tells_how_far_it_is_as_a_whole(window: Window, qtbot: QtBot) -> None:
    over, overall = threading.Event(), Overall(step=3, steps=7, share=0.41, seconds_left=118)

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        tools.progress(Update(stage="training", done=9, total=10, unit="steps", overall=overall))
        over.wait(60)

    job = window.desk.jobs.start("The demo", "demo", work)
    qtbot.waitUntil(lambda: window.windowTitle().startswith("41% – "))
    line = "Step 3 of 7, about 41%, 2 min left · training: 9 of 10 steps"
    qtbot.waitUntil(lambda: window.status._detail.text() == line)
    job.stop()
    qtbot.waitUntil(lambda: job.is_over)
