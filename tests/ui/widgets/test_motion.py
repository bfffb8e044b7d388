"""Animations stop where the system asks for it."""

import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.ui.jobs import Tools
from orca_desk.ui.widgets import motion
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.window import Window


@pytest.fixture(autouse=True)
def effects(qapp: QApplication) -> Iterator[None]:
    """The effects of menus as they were."""
    before = qapp.isEffectEnabled(Qt.UIEffect.UI_General)
    yield
    qapp.setEffectEnabled(Qt.UIEffect.UI_General, before)
    motion._still.clear()


@pytest.mark.parametrize(("told", "animated"), [("no", False), ("yes", True)])
def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch, told: str, animated: bool) -> None:
    monkeypatch.setenv("ORCA_DESK_ANIMATIONS", told)
    motion.follow_system().join()
    assert motion.is_animated() is animated


@pytest.mark.skipif(sys.platform != "linux", reason="the program that tells is Linux's")
@pytest.mark.parametrize(("answer", "animated"), [("false", False), ("true", True), ("", True)])
def test_the_system_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, animated: bool
) -> None:
    told = tmp_path / "gsettings"
    told.write_text(f"#!/bin/sh\necho {answer}\n" if answer else "#!/bin/sh\nexit 1\n", encoding="utf-8")
    told.chmod(told.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("ORCA_DESK_ANIMATIONS", raising=False)
    motion.follow_system().join()
    assert motion.is_animated() is animated


def test_a_bar_without_a_share_keeps_still(
    monkeypatch: pytest.MonkeyPatch, window: Window, qtbot: QtBot
) -> None:
    monkeypatch.setenv("ORCA_DESK_ANIMATIONS", "no")
    motion.follow_system().join()
    panel = JobPanel(window.desk)
    qtbot.addWidget(panel)
    told = threading.Event()

    def work(tools: Tools) -> None:
        told.wait(20)

    job = window.desk.jobs.start("Count", "count", work)
    panel.follow(job)
    assert panel.bar.maximum() > 0
    told.set()
    qtbot.waitUntil(lambda: job.is_over)
