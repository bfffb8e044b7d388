"""The self-test from the menu."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.steps.demo.self_test import CheckResult
from orca_desk.ui.self_test import SelfTest
from orca_desk.ui.window import Window


@pytest.mark.slow
@pytest.mark.timeout(660)
def test_all_passes_but_for_the_library_that_is_damaged(window: Window, qtbot: QtBot) -> None:
    library = window.desk.library
    add_tasks(library, [Task(family="sums", query="1 + 1?", tags=("easy",))])
    library.write(lambda db: db.execute("DELETE FROM task_tags").rowcount)
    dialog = SelfTest(window, window.desk)
    dialog.open()
    # half a minute, but on a machine that does much else
    qtbot.waitUntil(lambda: bool(dialog.verdict.text()), timeout=600_000)
    failed = {one.name: one.detail for one in dialog.found if not one.ok}
    assert list(failed) == ["your library"] and "tags" in failed["your library"]
    assert dialog.verdict.text() == "Failed: your library."
    names = [one.name for one in dialog.found]
    assert {"window system", "generation", "training, export, parity"} < set(names) and len(names) >= 9
    assert names[-1] == "offline"
    copy = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Copy as text")
    copy.click()
    assert "ok   offline" in QGuiApplication.clipboard().text()
    assert "FAIL your library" in QGuiApplication.clipboard().text()
    dialog.reject()


def test_that_all_passes_is_the_verdict(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passes(library: object, *, on_check: Callable[[CheckResult], None], **_: Any) -> list[CheckResult]:
        on_check(CheckResult(name="disk", ok=True, detail="1 GB free", seconds=0.1))
        return []

    monkeypatch.setattr("orca_desk.ui.self_test.self_test", passes)
    dialog = SelfTest(window, window.desk)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.verdict.text() == "Everything works.")
    dialog.reject()


def test_closing_it_stops_it(window: Window, qtbot: QtBot) -> None:
    dialog = SelfTest(window, window.desk)
    dialog.open()
    dialog.reject()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished, timeout=60_000)
    assert dialog.verdict.text() == "Not finished."
