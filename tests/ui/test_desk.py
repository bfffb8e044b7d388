"""The parts that every page stands on: jobs, background work, undo, what changed, crash reports."""

import gc
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.processes.progress import Update
from orca_desk.ui.crash import CrashReport, details
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.window import Window


@pytest.fixture
def desk(window: Window) -> Desk:
    return window.desk


def ended(qtbot: QtBot, job: Job) -> Job:
    qtbot.waitUntil(lambda: job.is_over, timeout=5000)
    return job


@pytest.mark.parametrize(("finished", "state"), [(True, "done"), (False, "stopped")])
def test_what_happened_decides_how_a_stopped_job_ended(
    qtbot: QtBot, desk: Desk, finished: bool, state: str
) -> None:
    def work(tools: Tools) -> SimpleNamespace:
        tools.control.stop()
        return SimpleNamespace(finished=finished)

    assert ended(qtbot, desk.jobs.start("Job", "x", work)).state == state


def test_a_job_delivers_every_event_in_order_and_its_result(desk: Desk, qtbot: QtBot) -> None:
    events: list[int] = []

    def work(tools: Tools) -> str:
        for number in range(2000):
            tools.tell(number)
        tools.progress(Update(stage="counting", done=2000, total=2000))
        return "through"

    job = desk.jobs.start("Count", "count", work, changes={"tasks"})
    job.event_arrived.connect(events.append)
    with qtbot.waitSignal(desk.changed) as told:
        ended(qtbot, job)
    assert events == list(range(2000))
    assert (job.state, job.result, job.last and job.last.done) == ("done", "through", 2000)
    assert told.args == [frozenset({"tasks", "runs"})]
    assert desk.jobs.unfinished == []


def test_heavy_jobs_take_turns_and_light_ones_run_beside_them(desk: Desk, qtbot: QtBot) -> None:
    gate = threading.Event()
    first = desk.jobs.start("First", "x", lambda tools: gate.wait(5))
    second = desk.jobs.start("Second", "x", lambda tools: None)
    light = desk.jobs.start("Light", "x", lambda tools: None, heavy=False)
    ended(qtbot, light)
    assert (first.state, second.state) == ("running", "waiting")
    gate.set()
    ended(qtbot, second)
    assert first.state == second.state == "done"


def test_a_waiting_job_stops_at_once_and_a_running_one_at_its_next_check(desk: Desk, qtbot: QtBot) -> None:
    def work(tools: Tools) -> None:
        seen = threading.Event()
        tools.control.listen(seen.set)
        seen.wait(5)

    running = desk.jobs.start("Running", "x", work)
    waiting = desk.jobs.start("Waiting", "x", work)
    waiting.stop()
    assert waiting.state == "stopped"
    running.stop()
    ended(qtbot, running)
    assert running.state == "stopped"


def test_pause_and_resume_reach_the_control(desk: Desk, qtbot: QtBot) -> None:
    gate = threading.Event()
    job = desk.jobs.start("Job", "x", lambda tools: gate.wait(5))
    job.pause()
    assert (job.state, job.control.state) == ("pausing", "pause")
    job.resume()
    assert (job.state, job.control.state) == ("running", "run")
    gate.set()
    ended(qtbot, job)


def test_a_failed_job_has_its_error_and_a_user_error_is_not_a_crash(desk: Desk, qtbot: QtBot) -> None:
    def work(tools: Tools) -> None:
        raise UserError("There is no teacher.", "Add one.")

    job = ended(qtbot, desk.jobs.start("Job", "x", work))
    assert job.state == "failed"
    assert str(job.error) == "There is no teacher. Add one."


def test_background_work_arrives_in_the_gui_thread(desk: Desk, qtbot: QtBot) -> None:
    threads: list[Any] = []
    desk.background.run(
        desk,
        lambda: threads.append(threading.current_thread()),
        lambda _: threads.append(threading.current_thread()),
    )
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] is not threads[1] and threads[1] is threading.main_thread()


def test_only_the_newest_answer_under_a_key_arrives(desk: Desk, qtbot: QtBot) -> None:
    gate, arrived = threading.Event(), []
    desk.background.run(desk, lambda: gate.wait(5) and 1, arrived.append, only_newest="search")
    desk.background.run(desk, lambda: 2, arrived.append, only_newest="search")
    desk.background.run(desk, lambda: 3, arrived.append)
    gate.set()
    qtbot.waitUntil(lambda: len(arrived) == 2)
    assert sorted(arrived) == [2, 3]


def test_nothing_arrives_at_a_deleted_owner(desk: Desk, qtbot: QtBot) -> None:
    gate, arrived = threading.Event(), []
    owner = QObject()
    desk.background.run(owner, lambda: gate.wait(5), arrived.append)
    owner.deleteLater()
    qtbot.waitUntil(lambda: not _alive(owner))
    gate.set()
    desk.background.run(desk, lambda: "last", arrived.append)
    qtbot.waitUntil(lambda: "last" in arrived)
    assert arrived == ["last"]


def test_an_owner_that_is_gone_leaves_no_key_for_the_next_object_at_its_address(
    desk: Desk, qtbot: QtBot
) -> None:
    arrived: list[str] = []
    before = len(desk.background._newest)
    owner = QObject()
    desk.background.run(owner, lambda: "first", arrived.append, only_newest="search")
    qtbot.waitUntil(lambda: arrived == ["first"])
    del owner
    gc.collect()
    desk.background.run(desk, lambda: "second", arrived.append)
    qtbot.waitUntil(lambda: arrived == ["first", "second"])
    assert len(desk.background._newest) <= before + 1  # `desk` alone may be new


def test_a_crash_report_has_the_stack_and_no_message(qtbot: QtBot) -> None:
    try:
        {}["a task about the patient's illness"]
    except KeyError as error:
        text = details(error)
        report = CrashReport(error, "", None)
    qtbot.addWidget(report)
    assert "KeyError" in text and "test_desk.py" in text
    assert "patient" not in text and "patient" not in report.text.toPlainText()


def _alive(owner: QObject) -> bool:
    from shiboken6 import isValid

    return bool(isValid(owner))
