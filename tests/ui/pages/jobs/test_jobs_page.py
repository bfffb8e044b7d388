"""The Jobs page: what runs is shown and stopped, what ran has its log, what was cut off goes on."""

import threading
from pathlib import Path
from typing import Any

import pytest
from desktop_waits import wait_for_background
from library_doubles import judged, make_record, make_task
from new_library import new_library
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.locations import training_folder
from orca_desk.library.logs import run_log
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import create_run, end_run, store_progress
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.models.hashes import HashCache
from orca_desk.processes.progress import Update
from orca_desk.steps.demo.state import mark_started
from orca_desk.ui.app import desktop
from orca_desk.ui.jobs import Tools
from orca_desk.ui.pages.jobs.page import JobsPage
from orca_desk.ui.pages.jobs.run_table import PROGRESS, STATUS
from orca_desk.ui.resuming import saved_of
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.window import Window
from orca_desk.ui.words.runs import settings_of


@pytest.fixture
def page(window: Window) -> JobsPage:
    """The page of an empty library."""
    shown = window.show_page("jobs")
    assert isinstance(shown, JobsPage)
    return shown


def failed_run(library: Library) -> str:
    run = create_run(library, "generate", {"teacher": "a" * 64, "sampling": {"temperature": 0.5, "stop": []}})
    store_progress(library, run.id, done=3, total=12, unit="answers")
    end_run(library, run.id, "failed", "The <b>teacher</b> was too slow. Buy a faster one.")
    return run.id


def test_an_empty_library_shows_what_belongs_here(page: JobsPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.empty.isVisible())
    assert not page.kind.isVisible()


def test_a_run_is_listed_in_words(page: JobsPage, window: Window, qtbot: QtBot) -> None:
    run = failed_run(window.desk.library)
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 1)
    texts = [page.runs.index(0, column).data() for column in range(7)]
    assert texts[0] == f"Teacher answers  ·  {run}" and texts[1:3] == ["–", "Failed"]
    assert texts[3].startswith("today") and texts[5] == "3 / 12 answers"
    assert texts[6] == "The <b>teacher</b> was too slow. Buy a faster one."
    assert "<b>" not in page.runs.index(0, 6).data(Qt.ItemDataRole.ToolTipRole)
    assert page.runs.index(0, 2).data(Qt.ItemDataRole.DecorationRole) is not None
    qtbot.waitUntil(lambda: page.detail.isVisible())
    assert "Temperature: 0.5" in page.detail.settings.toPlainText()
    assert "Teacher: aaaaaaaaaaaa…" in page.detail.settings.toPlainText()
    assert page.detail.log.placeholderText() == "" or page.detail.log.toPlainText() == ""


def test_the_table_keeps_to_the_rules_of_qt(
    page: JobsPage, window: Window, qtbot: QtBot, qtmodeltester: Any
) -> None:
    failed_run(window.desk.library)
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 1)
    qtmodeltester.check(page.runs)


def test_a_log_is_followed_while_its_run_continues(page: JobsPage, window: Window, qtbot: QtBot) -> None:
    library = window.desk.library
    run = create_run(library, "train", {"base": "x"})
    log = run_log(library, run.id)
    log.parent.mkdir(exist_ok=True)
    log.write_text("first line\n")
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.detail.log.toPlainText() == "first line")
    with log.open("a") as file:
        file.write("second line\n")
    qtbot.waitUntil(lambda: "second line" in page.detail.log.toPlainText(), timeout=4000)
    end_run(library, run.id, "done", "All went well.")
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.detail.outcome.text() == "All went well.")
    assert not page.detail.resume_button.isVisible()


@pytest.mark.parametrize(
    ("kind", "opened"),
    [("generate", "teacher"), ("probe", "strategies"), ("train", "training"), ("evaluate", "evaluate")],
)
def test_a_stopped_run_resumes_on_its_page(
    page: JobsPage, window: Window, qtbot: QtBot, kind: str, opened: str
) -> None:
    run = create_run(window.desk.library, kind, {"some": "settings"})
    end_run(window.desk.library, run.id, "cancelled", "")
    asked: list[tuple[str, object]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.detail.resume_button.isVisible())
    page.detail.resume_button.click()
    qtbot.waitUntil(lambda: asked == [(opened, {"resume": run.id})])


def panels(page: JobsPage) -> list[JobPanel]:
    return [one for one in page.findChildren(JobPanel) if one.isVisible()]


def test_a_job_shows_pauses_and_stops(page: JobsPage, window: Window, qtbot: QtBot) -> None:
    def work(tools: Tools) -> None:
        tools.progress(Update(stage="working", done=1, total=4, unit="pieces"))
        changed = threading.Event()
        tools.control.listen(changed.set)
        while not tools.control.stopped and changed.wait(20):
            changed.clear()

    job = window.desk.jobs.start("First", "train", work)
    assert [panel.title.text() for panel in panels(page)] == ["First"]
    (panel,) = panels(page)
    qtbot.waitUntil(lambda: "25% · working: 1 of 4 pieces" in panel.count.text())
    qtbot.mouseClick(panel.pause, Qt.MouseButton.LeftButton)
    assert job.state == "pausing" and panel.pause.text() == "Resume"
    qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: job.is_over)
    qtbot.waitUntil(lambda: panels(page) == [])


def test_the_run_of_a_paused_job_is_paused_too(page: JobsPage, window: Window, qtbot: QtBot) -> None:
    library = window.desk.library

    def work(tools: Tools) -> None:
        create_run(library, "probe", {})
        resumed = threading.Event()
        tools.control.listen(resumed.set)
        while not tools.control.stopped and resumed.wait(20):
            resumed.clear()

    job = window.desk.jobs.start("The demo", "demo", work)
    qtbot.waitUntil(lambda: page.runs.rowCount() == 1)
    assert page.runs.index(0, STATUS).data() == "Running"
    job.pause()
    assert page.runs.index(0, STATUS).data() == "Paused"
    assert page.detail.facts.text().startswith("Paused") and "running" not in page.detail.outcome.text()
    job.resume()
    assert page.runs.index(0, STATUS).data() == "Running"
    assert page.detail.facts.text().startswith("Running")
    job.stop()
    qtbot.waitUntil(lambda: job.is_over)


@pytest.mark.parametrize("size", [(800, 700), (1024, 700), (1440, 900)])
def test_the_progress_of_a_run_is_shown_whole(
    page: JobsPage, window: Window, qtbot: QtBot, size: tuple[int, int]
) -> None:
    run = failed_run(window.desk.library)
    store_progress(window.desk.library, run, done=12_280, total=12_280, unit="answers")
    window.resize(*size)
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 1)
    table = page.table
    assert page.runs.index(0, PROGRESS).data() == "12,280 / 12,280 answers"
    qtbot.waitUntil(lambda: table.viewport().width() < size[0])
    assert table.columnWidth(PROGRESS) >= table.sizeHintForColumn(PROGRESS)
    right = table.columnViewportPosition(PROGRESS) + table.columnWidth(PROGRESS)
    assert right <= table.viewport().width()
    assert table.columnWidth(STATUS) >= table.sizeHintForColumn(STATUS)


def test_runs_are_filtered_by_type_and_found_by_id(page: JobsPage, window: Window, qtbot: QtBot) -> None:
    library = window.desk.library
    for number in range(3):
        end_run(library, create_run(library, "train", {"n": number}).id, "done", "")
    end_run(library, create_run(library, "evaluate", {}).id, "done", "")
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 4)
    page.kind.setCurrentIndex(page.kind.findData("train"))
    qtbot.waitUntil(lambda: page.runs.rowCount() == 3)
    assert page.count.text() == "3 runs"
    window.desk.open("jobs", run="evaluate-1")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 4)
    assert page.detail.run and page.detail.run.id == "evaluate-1"


def test_settings_of_any_shape_become_lines(library: Library) -> None:
    run = create_run(library, "x", {"a": {"b": {"c": [1, [2, "z"]]}}, "d": None, "e": True, "f": 0.25})
    assert settings_of(run) == [("A: b: c", "1, 2 z"), ("D", "–"), ("E", "yes"), ("F", "0.25")]


def test_a_run_names_its_model_and_what_was_asked(
    page: JobsPage, window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    library = window.desk.library
    model = tmp_path / "strong-teacher.gguf"
    model.write_bytes(b"not read here")
    sha256 = HashCache(library.folder).sha256(model)
    settings = {"teacher": sha256, "tasks": "c" * 32, "strategies": "d" * 32, "samples": 2}
    request = {"model": str(model), "family": None, "tag": "easy", "limit": 9, "strategy": None}
    end_run(library, create_run(library, "generate", settings, request).id, "done", "")
    end_run(library, create_run(library, "generate", settings).id, "done", "")  # a stage of the demo
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 2)
    assert [page.runs.index(row, 1).data() for row in range(2)] == ["strong-teacher.gguf"] * 2
    page.table.selectRow(1)
    assert page.detail.settings.toPlainText().splitlines() == [
        "Family: all",
        "Tag: easy",
        "At most: 9 tasks",
        "Strategy: each family's",
        f"Teacher: strong-teacher.gguf (SHA-256 {sha256[:12]}…)",
        "Samples: 2",
    ]
    page.table.selectRow(0)
    assert "cccc" not in page.detail.settings.toPlainText()


def test_a_training_names_its_snapshot(page: JobsPage, window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    library = window.desk.library
    add_tasks(library, [make_task(1)])
    add_records(library, [judged(make_record(1), 1)])
    snapshot = freeze(library, name="first-try", rules=SnapshotRules(only_paired=False))
    create_training(library, base=tmp_path, snapshot=snapshot.id, settings={})
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.detail.isVisible())
    named = f"Snapshot: first-try (SHA-256 {snapshot.id[:12]}…)"
    assert named in page.detail.settings.toPlainText().splitlines()


def test_what_a_measurement_and_an_evaluation_asked_is_named(library: Library) -> None:
    probe = create_run(
        library,
        "probe",
        {"tasks": "c" * 32, "strategies": [["direct", 1]]},
        {"families": ["belief"], "per_family": 20, "strategies": None},
    )
    assert settings_of(probe) == [
        ("Families", "belief"), ("Tasks per family", "20"), ("Strategies", "all"),
    ]  # fmt: skip
    evaluation = create_run(
        library, "evaluate", {"questions": "c" * 32}, {"families": ["belief", "sums"], "per_family": None}
    )
    assert settings_of(evaluation) == [("Families", "belief, sums"), ("Tasks per family", "all")]


def test_settings_have_the_names_that_the_forms_give_them(library: Library) -> None:
    run = create_run(library, "train", {"settings": {"rslora": False, "learning_rate": 0.005}})
    assert settings_of(run) == [("rsLoRA scaling", "no"), ("Learning rate", "0.005")]


def test_an_import_names_no_strategy(library: Library) -> None:
    run = create_run(library, "import", {"file": "mine.csv", "family": "sums"}, {"family": "sums"})
    assert settings_of(run) == [("Family", "sums"), ("File", "mine.csv")]


def test_a_system_message_is_one_line_of_the_settings(library: Library) -> None:
    cautious = create_run(library, "evaluate", {"system": {"kind": "cautious", "text": ""}})
    custom = create_run(library, "evaluate", {"system": {"kind": "custom", "text": "Be brief."}})
    assert settings_of(cautious) == [("System message", "cautious")]
    assert settings_of(custom) == [("System message", "Be brief.")]


def test_the_next_start_offers_to_resume(tmp_path: Path, theme: Theme, qtbot: QtBot) -> None:
    folder = tmp_path / "library"
    with new_library(folder) as library:
        run = create_run(library, "train", {"base": "x"})
        store_progress(library, run.id, done=40, total=120, unit="steps")
        for step in (25, 30):
            (training_folder(library, run.id) / "checkpoints" / f"step-{step}").mkdir(parents=True)
    with Library.open(folder) as library, desktop(library, theme) as window:
        window.show()
        qtbot.waitUntil(lambda: window.notice.isVisible())
        assert window.notice.text.text() == "Training (train-1) was not finished."
        assert window.notice.hint.text() == "It can be resumed from step 30, its last checkpoint."
        asked: list[tuple[str, object]] = []
        window.desk.page_requested.disconnect()
        window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
        qtbot.mouseClick(window.notice.action, Qt.MouseButton.LeftButton)
        assert asked == [("training", {"resume": "train-1"})] and not window.notice.isVisible()
    with Library.open(folder) as library, desktop(library, theme) as window:
        window.show()
        wait_for_background(window.desk, qtbot)
        assert not window.notice.isVisible()


def test_the_offer_says_what_was_saved_of_a_run(library: Library) -> None:
    training = create_run(library, "train", {})
    store_progress(library, training.id, done=29, total=645, unit="steps")
    assert saved_of(library, training) == "No checkpoint was saved, so it would start again from step 0."
    asking = store_progress(library, create_run(library, "generate", {}).id, done=3, total=9, unit="answers")
    assert saved_of(library, asking) == "3 / 9 answers finished and saved."


def test_a_read_only_library_says_so_and_offers_nothing_to_resume(
    library: Library, theme: Theme, qtbot: QtBot
) -> None:
    end_run(library, create_run(library, "train", {"base": "x"}).id, "interrupted", "")
    library.problem = UserError("It can only be read.", "Make it writable.")
    with desktop(library, theme) as window:
        window.show()
        wait_for_background(window.desk, qtbot)
        assert window.notice.text.text() == "It can only be read."
        assert window.notice.hint.text() == "Make it writable." and window.notice.action.isHidden()
        assert "no change is saved" in window.show_page("settings").about_line.text()


def test_an_interrupted_demo_resumes_as_the_demo(tmp_path: Path, theme: Theme, qtbot: QtBot) -> None:
    folder = tmp_path / "library"
    with Library.open(folder) as library:
        mark_started(library, "mini")
        create_run(library, "generate", {"model": "x"})
    with Library.open(folder) as library, desktop(library, theme) as window:
        window.show()
        page = window.show_page("jobs")
        assert isinstance(page, JobsPage)
        qtbot.waitUntil(lambda: window.notice.isVisible() and page.detail.run is not None)
        assert window.notice.text.text() == "The demo was not finished."
        asked: list[tuple[str, object]] = []
        window.desk.page_requested.disconnect()
        window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
        qtbot.mouseClick(window.notice.action, Qt.MouseButton.LeftButton)
        assert asked == [("home", {"resume": "generate-1"})] and not window.notice.isVisible()
        page.detail.resume()
        qtbot.waitUntil(lambda: len(asked) == 2)
        assert asked[1] == asked[0]
        create_run(library, "probe", {}, {"model": "x"})  # one of the user's own
        page.detail.resume()
        qtbot.waitUntil(lambda: len(asked) == 3)
        assert asked[2] == ("teacher", {"resume": "generate-1"})


def test_jobs_that_closing_stopped_are_offered_and_can_be_dismissed(
    tmp_path: Path, theme: Theme, qtbot: QtBot
) -> None:
    folder = tmp_path / "library"
    with new_library(folder) as library, desktop(library, theme) as window:
        stopped = end_run(library, create_run(library, "evaluate", {}).id, "cancelled", "")  # by the user
        qtbot.waitUntil(lambda: now() > str(stopped.ended_at))
        window.resume_offer.note_closing()
        for number in range(2):
            end_run(library, create_run(library, "generate", {"n": number}).id, "cancelled", "")
    with Library.open(folder) as library, desktop(library, theme) as window:
        window.show()
        qtbot.waitUntil(lambda: window.notice.isVisible())
        assert window.notice.text.text() == "2 jobs were not finished."
        qtbot.mouseClick(window.notice.dismiss, Qt.MouseButton.LeftButton)
    with Library.open(folder) as library, desktop(library, theme) as window:
        window.show()
        wait_for_background(window.desk, qtbot)
        assert not window.notice.isVisible()


def test_a_run_chosen_by_hand_stays_although_another_one_was_asked_for(
    page: JobsPage, window: Window, qtbot: QtBot
) -> None:
    runs = [failed_run(window.desk.library) for _ in range(3)]
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: page.runs.rowCount() == 3)
    page.go({"run": "generate-9"})  # not listed yet
    row = next(row for row, run in enumerate(page.runs.rows) if run.id == runs[0])
    qtbot.mouseClick(
        page.table.viewport(),
        Qt.MouseButton.LeftButton,
        pos=page.table.visualRect(page.runs.index(row, 0)).center(),
    )
    assert page.detail.run is not None and page.detail.run.id == runs[0]
    for count in range(4, 11):  # the seventh new run is the one that was asked for
        failed_run(window.desk.library)
        window.desk.tell("runs")
        qtbot.waitUntil(lambda count=count: page.runs.rowCount() == count)
        assert page.detail.run.id == runs[0]
