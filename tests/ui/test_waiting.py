"""Jobs that wait are stored: closing, a crash and a new start lose none of them."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from new_library import new_library
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.waiting import KEY
from orca_desk.method.records import Sampling
from orca_desk.paths import bundled_models
from orca_desk.processes.progress import Update
from orca_desk.ui.app import desktop
from orca_desk.ui.closing import fate_of
from orca_desk.ui.jobs import NO_RUN, Job, Tools
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window


def busy(window: Window, title: str = "Busy", *, returns: bool = True) -> tuple[Job, threading.Event]:
    """Start a job that runs until the event is set or it is stopped."""
    over = threading.Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        tools.progress(Update(stage="busy", done=1))
        over.wait(60)

    return window.desk.jobs.start(title, "other", work, returns=returns), over


def queue(window: Window, title: str) -> Job:
    again = ("evaluate", {"start": {"of": title}})
    return window.desk.jobs.start(title, "evaluate", lambda tools: None, again=again)


def stored(library: Library) -> list[str]:
    return [one["title"] for one in get_setting(library, KEY, [])]


def close_and_stop(window: Window, qtbot: QtBot) -> str:
    """Close the window by "Stop and close"; return what the dialog promises."""
    window.close()
    box = window.findChild(MessageBox)
    assert box is not None
    promise = box.hint()
    stop = next(one for one in box.buttons() if "Stop" in one.text())
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())
    return promise


def test_a_waiting_job_is_stored_until_it_begins_or_is_stopped(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    _, over = busy(window)
    first, second = queue(window, "First"), queue(window, "Second")
    qtbot.waitUntil(lambda: stored(library) == ["First", "Second"])
    second.stop()
    qtbot.waitUntil(lambda: stored(library) == ["First"])
    over.set()
    qtbot.waitUntil(lambda: first.is_over and stored(library) == [])


def test_a_job_that_still_prepares_has_not_begun(window: Window, library: Library, qtbot: QtBot) -> None:
    over, reports = threading.Event(), [Update(stage="evaluating", done=1), Update(stage="making a file")]

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        while reports and not tools.control.stopped:
            tools.progress(reports.pop())
            over.wait(60)
            over.clear()

    again = ("evaluate", {"start": {"of": "one"}})
    job = window.desk.jobs.start("One", "evaluate", work, again=again, begins_in="evaluating")
    qtbot.waitUntil(lambda: job.last == Update(stage="making a file"))
    assert not job.has_begun and stored(library) == ["One"]
    over.set()
    qtbot.waitUntil(lambda: job.has_begun and stored(library) == [])
    over.set()
    qtbot.waitUntil(lambda: job.is_over)


def test_a_job_that_has_no_run_is_stored_until_it_is_over(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    over = threading.Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        tools.progress(Update(stage="converting", done=1))
        over.wait(60)

    job = window.desk.jobs.start(
        "Convert", "convert", work, again=("chat", {"training": "a"}), begins_in=NO_RUN
    )
    qtbot.waitUntil(lambda: job.last is not None)
    qtbot.waitUntil(lambda: stored(library) == ["Convert"])
    assert fate_of(job) == "again"
    over.set()
    qtbot.waitUntil(lambda: job.is_over and stored(library) == [])


@pytest.mark.parametrize(
    ("page", "target", "title"),
    [
        (
            "teacher",
            {"quantise": str(bundled_models() / "mini-student" / "mini-student.gguf"), "kind": "q8_0"},
            "Quantise mini-student",
        ),
        ("training", {"checkpoints": "train-9", "per_family": 3}, "Evaluate the checkpoints of train-9"),
        (
            "records",
            {
                "record": "0" * 64,
                "regenerate": {"model": "a.gguf", "strategy": "direct", "sampling": asdict(Sampling(seed=7))},
            },
            "Regenerate an answer",
        ),
    ],
    ids=["copy", "checkpoints", "answer"],
)
def test_what_was_stored_of_a_job_starts_it(
    page: str, target: dict[str, Any], title: str, window: Window, library: Library, qtbot: QtBot
) -> None:
    busy_one, _ = busy(window)
    window.desk.open(page, **target)
    qtbot.waitUntil(lambda: stored(library) == [title])
    (job,) = window.desk.jobs.waiting
    assert job.again is not None and job.again[0] == page
    assert json.loads(json.dumps(job.again[1])) == json.loads(json.dumps(target))
    job.stop()
    busy_one.stop()
    qtbot.waitUntil(lambda: busy_one.is_over and stored(library) == [])


def test_waiting_jobs_come_back_after_closing(tmp_path: Path, theme: Theme, qtbot: QtBot) -> None:
    with new_library(tmp_path / "own") as library:
        with desktop(library, theme) as window:
            window.show()
            busy(window)
            queue(window, "First")
            queue(window, "Second")
            promise = close_and_stop(window, qtbot)
            assert promise.splitlines() == [
                "Finished work is saved, and the next start offers the rest: Busy.",
                "Not started yet; the next start offers to start: First, Second.",
            ]
        assert stored(library) == ["First", "Second"]
        with desktop(library, theme) as window:
            window.show()
            qtbot.waitUntil(window.notice.isVisible)
            assert window.notice.text.text() == "2 jobs had not started: First, Second."
            opened: list[tuple[str, object]] = []
            window.desk.page_requested.connect(lambda page, target: opened.append((page, target)))
            qtbot.mouseClick(window.notice.action, Qt.MouseButton.LeftButton)
            assert opened == [
                ("evaluate", {"start": {"of": "First"}}),
                ("evaluate", {"start": {"of": "Second"}}),
            ]
            qtbot.waitUntil(lambda: stored(library) == [])


def test_waiting_jobs_come_back_after_a_crash_and_can_be_dismissed(
    tmp_path: Path, theme: Theme, qtbot: QtBot
) -> None:
    with new_library(tmp_path / "own") as library:
        with desktop(library, theme) as window:
            _, over = busy(window)
            queue(window, "First")
            qtbot.waitUntil(lambda: stored(library) == ["First"])
            before = get_setting(library, KEY)
            over.set()
            qtbot.waitUntil(lambda: not window.desk.jobs.unfinished)
        set_setting(library, KEY, before)  # as a killed process leaves it
        with desktop(library, theme) as window:
            window.show()
            qtbot.waitUntil(window.notice.isVisible)
            qtbot.mouseClick(window.notice.dismiss, Qt.MouseButton.LeftButton)
            qtbot.waitUntil(lambda: stored(library) == [])


@pytest.mark.parametrize(
    ("titles", "promise"),
    [
        (
            (("A", True), ("B", True)),
            # B waits, and nothing would start it again
            "Finished work is saved, and the next start offers the rest: A.\n"
            "The next start does not offer the rest: B.",
        ),
        ((("A", False),), "The next start does not offer the rest: A."),
    ],
)
def test_closing_promises_no_more_than_holds(
    window: Window, qtbot: QtBot, titles: tuple[tuple[str, bool], ...], promise: str
) -> None:
    jobs = [busy(window, title, returns=returns)[0] for title, returns in titles]
    window.close()
    box = window.findChild(MessageBox)
    assert box is not None and box.hint() == promise
    for job in jobs:
        job.stop()
    box.reject()
    qtbot.waitUntil(lambda: all(job.is_over for job in jobs))
