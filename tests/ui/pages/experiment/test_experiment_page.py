"""The Experiment page, driven as a user drives it."""

from dataclasses import replace
from pathlib import Path

import pytest
from desktop_waits import wait_for_background
from doubles import QUICK, open_small, small_snapshot
from experiments import store_experiment
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from orca_desk.inventory.bundled import mini_student
from orca_desk.library.database import Library
from orca_desk.library.runs import list_runs
from orca_desk.library.trainings import create_training
from orca_desk.method.arms import Arm
from orca_desk.method.records import Task
from orca_desk.steps.experiment.plan import KIND, MessageKind
from orca_desk.steps.experiment.results import LostResult
from orca_desk.ui.pages.experiment.page import EMPTY, FILLED, RESULTS, ExperimentPage
from orca_desk.ui.theme import current_colours
from orca_desk.ui.window import Window

pytest.importorskip("scipy")
SLOW = 60_000  # ms


@pytest.fixture
def library(tmp_path: Path):
    with open_small(tmp_path / "library") as opened:
        yield opened


def erased_wins(arm: Arm, seed: int | None, message: MessageKind, task: Task) -> bool:
    return arm is Arm.ERASED or int(task.id, 16) % 2 == 0


def opened(window: Window, qtbot: QtBot) -> ExperimentPage:
    page = window.show_page("experiment")
    assert isinstance(page, ExperimentPage)
    with qtbot.waitActive(window):
        window.activateWindow()
    qtbot.waitUntil(lambda: window.desk.models.is_read, timeout=SLOW)
    wait_for_background(window.desk, qtbot)
    return page


def ready(page: ExperimentPage, qtbot: QtBot) -> None:
    """Wait until the form is filled."""
    qtbot.waitUntil(lambda: page.setup.seeds.text() != "" and page.setup.base.path is not None, timeout=SLOW)


@pytest.fixture
def trained(library: Library) -> str:
    """A snapshot that the bundled student was trained on."""
    snapshot = small_snapshot(library)
    create_training(library, base=mini_student(), snapshot=snapshot, settings=QUICK.to_dict())
    return snapshot


def test_without_a_snapshot_it_leads_to_training(window: Window, qtbot: QtBot) -> None:
    page = opened(window, qtbot)
    assert page.setup_stack.currentIndex() == EMPTY and page.result_stack.currentIndex() == EMPTY
    page.start()
    assert page.job is None
    page.save_report()
    assert "no experiment" in page.notice.text.text()
    qtbot.mouseClick(page.setup_stack.currentWidget().button, Qt.MouseButton.LeftButton)
    assert window.page is window.pages["training"]


def test_the_form_begins_with_the_last_training_and_says_what_it_takes(
    window: Window, trained: str, qtbot: QtBot
) -> None:
    page = opened(window, qtbot)
    ready(page, qtbot)
    form = page.setup
    assert page.setup_stack.currentIndex() == FILLED
    assert not form.arms.boxes[Arm.BEST].isChecked() and form.arms.boxes[Arm.ERASED].isChecked()
    qtbot.waitUntil(lambda: "15 trainings of 32 records" in form.estimate.text(), timeout=SLOW)
    assert form.plan().settings.rank == QUICK.rank and form.plan().snapshot == trained
    form.seeds.setText("4, five")
    qtbot.waitUntil(lambda: "not whole numbers" in form.estimate.text(), timeout=SLOW)
    form.seeds.setText("4")
    for arm in (Arm.NOT_ERASED, Arm.ANSWER_ONLY, Arm.EXPLANATION_AFTER, Arm.SHUFFLED):
        form.arms.boxes[arm].setChecked(False)
    qtbot.waitUntil(lambda: form.estimate.text().startswith("1 training of 32"), timeout=SLOW)
    assert (form.plan().seeds, form.plan().arms) == ((4,), (Arm.BASE, Arm.ERASED))
    form.arms.boxes[Arm.ERASED].setChecked(False)
    qtbot.waitUntil(lambda: "trains no student" in form.estimate.text(), timeout=SLOW)


def test_what_was_found_is_shown_and_saved(
    window: Window, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    run = store_experiment(library, erased_wins)
    page = opened(window, qtbot)
    view = page.results
    qtbot.waitUntil(lambda: view.found is not None, timeout=SLOW)
    assert page.tabs.currentIndex() == RESULTS and view.found.run == run
    table = [
        [view.table.data(view.table.index(row, column)) for column in range(view.table.columnCount())]
        for row in range(view.table.rowCount())
    ]
    assert [row[0] for row in table] == ["Base", "Erased", "Not erased"]
    assert [row[1] for row in table] == ["-", "0 of 3", "0 of 3"]
    assert table[1][2].startswith("100.0%")
    assert "helped" in view.conclusion.text()
    assert view.differences.plot is not None and view.differences.isVisible()
    assert "Erased" in view.panels[MessageKind.NONE].accessibleDescription()
    assert not view.resume.isVisible()
    for name, begins in (("report.html", "<!doctype html>"), ("report.md", "# Does erasing")):
        page.action("Save the report…").trigger()
        qtbot.waitUntil(lambda: any(one.isVisible() for one in page.findChildren(QFileDialog)), timeout=SLOW)
        dialog = next(one for one in page.findChildren(QFileDialog) if one.isVisible())
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile(name)
        dialog.accept()
        qtbot.waitUntil((tmp_path / name).is_file, timeout=SLOW)
        assert (tmp_path / name).read_text(encoding="utf-8").lower().startswith(begins.lower())


def test_what_the_students_lost_stands_on_the_page_as_in_the_report(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    store_experiment(library, erased_wins)
    page = opened(window, qtbot)
    view = page.results
    qtbot.waitUntil(lambda: view.found is not None, timeout=SLOW)
    assert view.lost.isHidden()  # nothing was measured
    lost = LostResult(
        message=MessageKind.NONE,
        seeds=3,
        questions=220,
        base=0.4,
        student=0.25,
        nats=0.812,
        changed=0.3,
        ratio=1.2,
        large=("divergence", "longer"),
    )
    arms = [replace(one, lost=lost if one.arm is Arm.ERASED else None) for one in view.found.arms]
    found = replace(view.found, arms=tuple(arms))
    view.lost.show_results(found)
    assert view.lost.isVisible() and view.lost.caption.text().startswith("220 general questions")
    model = view.lost.model
    shown = [str(model.index(0, column).data()) for column in range(model.columnCount())]
    assert shown == ["Erased", "40.0%", "25.0%", "0.812", "30%", "1.20", "divergence, longer"]
    large = model.index(0, model.columnCount() - 1)
    for choice in ("dark", "light"):
        window.desk.theme.choose(choice)
        assert large.data(Qt.ItemDataRole.ForegroundRole) == current_colours()("bad")
    assert model.index(0, 0).data(Qt.ItemDataRole.ForegroundRole) is None
    window.resize(1280, 768)
    table = view.lost.view
    qtbot.waitUntil(lambda: table.horizontalScrollBar().maximum() == 0, timeout=SLOW)
    assert table.verticalScrollBar().maximum() == 0
    window.resize(window.minimumSize())
    qtbot.waitUntil(lambda: table.verticalScrollBar().maximum() == 0, timeout=SLOW)


def test_an_unfinished_one_offers_to_resume(window: Window, library: Library, qtbot: QtBot) -> None:
    store_experiment(library, erased_wins, finished=False)
    page = opened(window, qtbot)
    qtbot.waitUntil(lambda: page.results.found is not None, timeout=SLOW)
    assert "Not finished" in page.results.notes.text()


def test_an_experiment_of_another_version_is_told(window: Window, trained: str, qtbot: QtBot) -> None:
    page = opened(window, qtbot)
    page.go({"start": {"base": "x"}})
    assert "Another version" in page.notice.text.text()


def test_an_experiment_is_started_stopped_and_resumed(
    window: Window, library: Library, trained: str, qtbot: QtBot
) -> None:
    page = opened(window, qtbot)
    ready(page, qtbot)
    page.setup.arms.choose((Arm.ERASED,))
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.job is not None and page.tabs.currentIndex() == RESULTS

    def stop() -> None:
        job = page.job
        assert job is not None
        qtbot.waitUntil(lambda: job.last is not None and job.last.stage != "", timeout=SLOW)
        qtbot.mouseClick(page.panel.stop, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: job.is_over, timeout=SLOW)
        assert job.error is None

    stop()
    qtbot.waitUntil(page.results.resume.isVisible, timeout=SLOW)
    assert "of 15 parts done" in page.results.progress.text()
    qtbot.mouseClick(page.results.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.job is not None and not page.job.is_over, timeout=SLOW)
    stop()
    assert [run.status for run in list_runs(library, kind=KIND)] == ["cancelled"]
