"""While jobs run: the system is kept awake, the task bar shows how far they are, and their end is told."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.machine import awake
from orca_desk.processes.progress import Update
from orca_desk.ui import awake as desktop_awake
from orca_desk.ui import notify, task_bar
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.notify import place_of
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.task_bar import TaskBar
from orca_desk.ui.window import Window


class Held:
    """A job that runs until `over` is set."""

    def __init__(self, window: Window, kind: str = "train", **about: object) -> None:
        self.over = threading.Event()
        self.result: object = None
        self.job: Job = window.desk.jobs.start("Train it", kind, self._work, **about)  # type: ignore[arg-type]

    def _work(self, tools: Tools) -> object:
        tools.control.listen(self.over.set)
        tools.progress(Update(stage="training", done=1, total=4, unit="steps"))
        self.over.wait(60)
        return self.result


@pytest.fixture
def held(window: Window, qtbot: QtBot) -> Iterator[Held]:
    made = Held(window)
    yield made
    made.over.set()
    qtbot.waitUntil(lambda: made.job.is_over)


class Kept:
    """Stands for the hold on the system's sleep."""

    made: list["Kept"]

    def __init__(self, reason: str, refused: object) -> None:
        self.reason, self.refused, self.is_held = reason, refused, True
        Kept.made.append(self)

    def end(self, *, wait: bool = True) -> None:
        self.is_held = False


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Kept]:
    Kept.made = []
    monkeypatch.delenv(awake.VARIABLE)
    monkeypatch.setattr(desktop_awake, "KeptAwake", Kept)
    return Kept.made


def test_the_system_stays_awake_while_a_job_runs(kept: list[Kept], held: Held, qtbot: QtBot) -> None:
    assert [(one.reason, one.is_held) for one in kept] == [("Train it", True)]
    held.job.pause()
    assert not kept[0].is_held  # a paused job needs nothing
    held.job.resume()
    assert [one.is_held for one in kept] == [False, True]
    held.over.set()
    qtbot.waitUntil(lambda: not kept[1].is_held)


def test_the_user_may_let_it_sleep(window: Window, kept: list[Kept], qtbot: QtBot) -> None:
    page = window.show_page("settings")
    assert isinstance(page, SettingsPage) and page.jobs.awake.isChecked()
    one = Held(window)
    assert kept[0].is_held
    page.jobs.awake.setChecked(False)
    assert not kept[0].is_held and not awake.keeps_awake()
    one.over.set()
    qtbot.waitUntil(lambda: one.job.is_over)


def test_that_the_system_may_sleep_is_said_once(
    window: Window, kept: list[Kept], held: Held, qtbot: QtBot
) -> None:
    said: list[str] = []
    window.desk.noticed.connect(lambda text, tone: said.append(text))
    refused = kept[0].refused
    assert callable(refused)
    for _ in range(2):
        thread = threading.Thread(target=refused, args=("Access denied",))
        thread.start()
        thread.join()
    qtbot.waitUntil(lambda: bool(said))
    assert said == [
        "The computer may go to sleep while this runs: nothing here can prevent it (Access denied)."
    ]


def test_the_task_bar_shows_the_progress_until_nothing_runs(window: Window, qtbot: QtBot) -> None:
    shown: list[int | None] = []
    bar = TaskBar(window, window.desk.jobs, shown.append)
    one = Held(window)
    qtbot.waitUntil(lambda: shown == [25])
    one.over.set()
    qtbot.waitUntil(lambda: shown == [25, None])
    bar.deleteLater()


def test_the_signal_for_docks_names_the_app_and_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[QDBusMessage] = []

    class Bus:
        def send(self, message: QDBusMessage) -> None:
            sent.append(message)

    monkeypatch.setattr(QDBusConnection, "sessionBus", Bus)
    task_bar._show_by_bus(41)
    task_bar._show_by_bus(None)
    assert [one.member() for one in sent] == ["Update", "Update"]
    assert sent[0].interface() == "com.canonical.Unity.LauncherEntry"
    assert sent[0].arguments() == [
        "application://orca-desk.desktop",
        {"progress": 0.41, "progress-visible": True, "urgent": False},
    ]
    assert sent[1].arguments()[1]["progress-visible"] is False


@dataclass
class Trained:
    """What a training returns."""

    run: str


def test_the_end_of_a_job_leads_to_its_result(
    window: Window, held: Held, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts: list[object] = []
    monkeypatch.setattr(notify.QApplication, "alert", alerts.append)
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    held.result = Trained("train-7")
    held.over.set()
    qtbot.waitUntil(lambda: held.job.is_over)
    assert alerts == [window]
    asked: list[tuple[str, object]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda page, target: asked.append((page, target)))
    window.notifications.open_result()
    assert asked == [("training", {"training": "train-7"})]
    window.notifications.open_result()  # the result has been shown
    assert len(asked) == 1


@pytest.mark.parametrize("why", ["the window is in front", "the user wants none"])
def test_nothing_is_told_of_a_job(
    window: Window, held: Held, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    alerts: list[object] = []
    monkeypatch.setattr(notify.QApplication, "alert", alerts.append)
    monkeypatch.setattr(window, "isActiveWindow", lambda: why == "the window is in front")
    if why == "the user wants none":
        page = window.make_page("settings")
        (box,) = [one for one in page.findChildren(QCheckBox) if one.text() == "Notify when a job ends"]
        box.setChecked(False)
    held.over.set()
    qtbot.waitUntil(lambda: held.job.is_over)
    assert alerts == []


def test_the_place_of_a_result(window: Window, held: Held) -> None:
    job = held.job
    assert place_of(job) == ("training", {})
    job.error = UserError("No memory.", "Close something.")
    assert place_of(job) == ("jobs", {})
    job.shows = ("models", {"model": "x.gguf"})
    assert place_of(job) == ("models", {"model": "x.gguf"})
    job.error = None
