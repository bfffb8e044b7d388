"""The Evaluate page: set up, run real models, read results and answers, export."""

import csv
import threading
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import Any

import pytest
from library_doubles import update_tasks
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.families import rename_family
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.pairings import set_pairings
from orca_desk.library.runs import EndStatus, create_run, end_run, newest_request
from orca_desk.library.snapshots import freeze
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import add_tasks, delete_tasks, restore_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.library.waiting import waiting_jobs
from orca_desk.method.erasure import EMPTY
from orca_desk.method.grading import grade
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import FinishReason, Provenance, Sampling, Task, TeacherRecord
from orca_desk.models.hashes import HashCache
from orca_desk.paths import bundled_models
from orca_desk.processes.progress import Update
from orca_desk.steps.evaluate.comparison import list_with_answers
from orca_desk.steps.evaluate.evaluation import STAGE
from orca_desk.steps.evaluate.plan import Candidate, Plan, last_plan, plan_to_json, queued_behind
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.jobs import Tools
from orca_desk.ui.pages.evaluate.page import ANSWERS, RESULTS, SETUP, EvaluatePage
from orca_desk.ui.pages.evaluate.page import EMPTY as EMPTY_VIEW
from orca_desk.ui.pages.evaluate.tables import HEADING, MatrixTable, result_view
from orca_desk.ui.theme import GRID, font
from orca_desk.ui.widgets.answer_dialog import AnswerDialog
from orca_desk.ui.widgets.family_chart import legend_text
from orca_desk.ui.window import Window

TASKS = [
    Task(
        family="sums" if number < 4 else "tens",
        query=f"What is {number} plus {number}?",
        answer=str(2 * number),
        answer_kind="number",
        split="heldout",
    )
    for number in range(6)
]
PAIRED = {"sums": "direct", "tens": "step-by-step"}
STUDENT = bundled_models() / "mini-student" / "mini-student.gguf"


def evaluation(
    library: Library,
    marks: str,
    *,
    adapter: Path | None = None,
    finish: FinishReason = "stop",
    name: str = "",
    status: EndStatus = "done",
) -> str:
    """An evaluation of the tasks: "1" is correct, "0" incorrect, "-" unanswered."""
    made = create_evaluation(
        library,
        model=STUDENT,
        adapter=adapter,
        system_kind="cautious",
        system="Be careful.",
        questions=[Question.of(task, PAIRED[task.family]) for task in TASKS],
        settings={"questions": "those", "adapter": str(adapter), "name": name},
        name=name,
    )
    answers = [
        Answered(
            task_id=task.id,
            response=f"Answer: {task.answer if mark == '1' else 'none <b>at all</b>'}",
            correct=mark == "1",
            reason="The answer is as expected." if mark == "1" else "It is not.",
            recognised="direct",
            completion_tokens=4,
            finish_reason=finish,
        )
        for task, mark in zip(TASKS, marks, strict=True)
        if mark != "-"
    ]
    add_answers(library, made.id, answers)
    end_run(library, made.id, status, "It was done.")
    return made.id


@pytest.fixture
def tasks(library: Library) -> list[Task]:
    add_tasks(library, TASKS)
    pairings = [
        Pairing(family=family, strategy=strategy, evidence=(), reason="chosen")
        for family, strategy in PAIRED.items()
    ]
    set_pairings(library, pairings, source="chosen")
    return TASKS


@pytest.fixture
def pair(library: Library, tasks: list[Task]) -> list[str]:
    """A base that answers the second half correctly, and a tuned student that misses one task."""
    tuned = library.folder / "trainings" / "train-1" / "adapter.gguf"
    return [evaluation(library, "000111"), evaluation(library, "111011", adapter=tuned, finish="length")]


@pytest.fixture
def training(library: Library, tasks: list[Task]) -> str:
    """A finished training of the bundled student, on one record that the bundled teacher wrote."""
    teacher = bundled_models() / "mini-teacher" / "mini-teacher.gguf"
    made_with = Provenance(
        model_sha256=HashCache(library.folder).sha256(teacher),
        quantisation="F16",
        template_sha256="template",
        sampling=Sampling(),
        engine="engine",
        batch=1,
        prompt_tokens=9,
        completion_tokens=4,
        finish_reason="stop",
        created_at="2026-01-31T12:00:00.000+00:00",
    )
    task = Task(family="sums", query="What is 7 plus 7?", answer="14")
    add_tasks(library, [task])
    record = TeacherRecord(
        id="record",
        task_id=task.id,
        family="sums",
        strategy="direct",
        strategy_version=1,
        sample=0,
        system="Answer at once.",
        user=task.user_text,
        response="Answer: 14",
        provenance=made_with,
    )
    add_records(library, [NewRecord(record=record, verdict=grade(record.response, "14"))])
    snapshot = freeze(library, name="one", instruction=EMPTY).id
    made = create_training(
        library, base=STUDENT.parent, snapshot=snapshot, settings=TrainSettings().to_dict()
    )
    set_adapter(library, made.id, adapter=made.folder, gguf=made.folder / "adapter.gguf", sha256="0")
    return made.id


def open_page(window: Window, qtbot: QtBot) -> EvaluatePage:
    page = window.show_page("evaluate")
    assert isinstance(page, EvaluatePage)
    read = (page.setup.quick, page.setup.untrained)
    qtbot.waitUntil(
        lambda: not all(one.isHidden() for one in read) and window.desk.models.is_read, timeout=10_000
    )
    return page


def shown(page: EvaluatePage, qtbot: QtBot, count: int) -> None:
    qtbot.waitUntil(
        lambda: page.answers.count.text() == ("1 task" if count == 1 else f"{count} tasks"), timeout=5_000
    )


def save_as(page: EvaluatePage, qtbot: QtBot, path: Path) -> None:
    """Answer the file dialog that is open."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in page.findChildren(QFileDialog)))
    dialog = next(one for one in page.findChildren(QFileDialog) if one.isVisible())
    dialog.setDirectory(str(path.parent))
    dialog.selectFile(str(path))
    dialog.accept()


def test_without_held_out_tasks_it_leads_to_the_tasks(window: Window, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    assert page.tabs.currentIndex() == SETUP
    assert page.setup_stack.currentIndex() == EMPTY_VIEW
    empty = page.setup_stack.currentWidget()
    qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)
    assert window.page is window.pages["tasks"]


def test_without_a_student_it_leads_to_training(window: Window, tasks: list[Task], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    assert page.setup.untrained.isVisible() and not page.setup.quick.isVisible()
    page.tabs.setCurrentIndex(RESULTS)
    assert page.result_stack.currentIndex() == EMPTY_VIEW
    page.tabs.setCurrentIndex(SETUP)
    qtbot.mouseClick(page.setup.train, Qt.MouseButton.LeftButton)
    assert window.page is window.pages["training"]


def test_real_models_are_evaluated_one_after_the_other(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    setup = page.setup
    qtbot.waitUntil(lambda: len(setup.candidates.rows) == 1)
    qtbot.mouseClick(setup.add, Qt.MouseButton.LeftButton)
    first, second = setup.candidates.rows
    assert (first.name, second.name) == ("base", "tuned")
    second.name_box.setCurrentText("teacher")
    assert second.system.currentData() == "strategy"
    second.model.choose(bundled_models() / "mini-teacher" / "mini-teacher.gguf")
    setup.limit.setValue(1)
    setup.sampling.control("max_tokens").setValue(12)
    assert setup.estimate.text() == "2 tasks × 2 models: 4 answers to generate"
    setup.families.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert setup.families.chosen() == ("sums",)
    assert setup.estimate.text() == "1 task × 2 models: 2 answers to generate"
    setup.families.check_all(True)
    qtbot.mouseClick(setup.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.jobs.is_running)
    assert page.panel.isVisible() and not setup.start.isEnabled()
    qtbot.waitUntil(lambda: not page.jobs.is_running and len(page.rows.chosen) == 2, timeout=60_000)
    assert page.tabs.currentIndex() == RESULTS
    qtbot.waitUntil(lambda: len(page.results.found.summaries) == 2)
    qtbot.waitUntil(lambda: page.results.families.rowCount() == 3)
    assert [one.name for one in page.results.found.summaries] == ["base", "teacher"]
    assert setup.start.isEnabled() and not page.panel.isVisible()
    plan = last_plan(library)
    assert plan is not None and plan.candidates[1].system.kind == "strategy" and plan.per_family == 1


def test_base_tuned_and_teacher_of_a_training_are_filled_in(
    window: Window, training: str, qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.setup.candidates.set_candidates([])
    window.desk.open("evaluate", training=training)
    qtbot.waitUntil(lambda: len(page.setup.candidates.rows) == 3, timeout=10_000)
    base, tuned, teacher = page.setup.plan().candidates
    assert [candidate.name for candidate in (base, tuned, teacher)] == ["base", "tuned", "teacher"]
    assert (base.model, base.adapter, base.system.kind) == (STUDENT, None, "empty")
    assert tuned.adapter is not None and tuned.adapter.name == "adapter.gguf"
    assert (teacher.model.stem, teacher.system.kind) == ("mini-teacher", "strategy")
    tuned_row = page.setup.candidates.rows[1]
    assert tuned_row.adapter.currentText() == training
    qtbot.mouseClick(tuned_row.remove, Qt.MouseButton.LeftButton)
    assert [candidate.name for candidate in page.setup.plan().candidates] == ["base", "teacher"]


def test_an_adapter_selects_its_base_model(window: Window, training: str, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: len(page.setup.candidates.rows) == 3, timeout=10_000)
    row = page.setup.candidates.rows[2]
    row.adapter.setCurrentText(training)
    row.adapter.activated.emit(row.adapter.currentIndex())
    assert row.candidate().model == STUDENT.parent


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda setup: setup.candidates.set_candidates([]), "No model is selected."),
        (lambda setup: setup.families.check_all(False), "No family is selected."),
        (lambda setup: setup.candidates.rows[0].name_box.setCurrentText(" "), "A model has no name."),
        (lambda setup: setup.candidates.add().name_box.setCurrentText("base"), "2 models are named base."),
        (
            lambda setup: setup.candidates.rows[0].system.setCurrentIndex(
                setup.candidates.rows[0].system.findData("own")
            ),
            "The system message of base is blank.",
        ),
    ],
)
def test_the_form_shows_what_cannot_be_evaluated(
    window: Window, tasks: list[Task], qtbot: QtBot, spoil: object, message: str
) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: len(page.setup.candidates.rows) == 1)
    spoil(page.setup)
    page.setup.run()
    assert page.setup.notice.isVisible() and page.setup.notice.text.text() == message
    assert not page.jobs.is_running


def test_a_family_without_a_strategy_is_refused(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="new", query="Why?", answer="so", split="heldout")])
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: len(page.setup.candidates.rows) == 1)
    assert not page.setup.unpaired.isVisible()
    page.setup.candidates.rows[0].system.setCurrentIndex(2)
    qtbot.waitUntil(page.setup.unpaired.isVisible)
    assert page.setup.unpaired.text() == "No strategy yet for new."
    page.setup.run()
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=20_000)
    assert page.notice.text.text().startswith("new: no strategy yet")
    assert not window.desk.jobs.all and page.setup.start.isEnabled()
    opened: list[tuple[str, object]] = []
    window.desk.page_requested.connect(lambda name, target: opened.append((name, target)))
    qtbot.mouseClick(page.setup.pair, Qt.MouseButton.LeftButton)
    assert opened == [("strategies", {"family": "new"})]
    pairing = Pairing(family="new", strategy="direct", evidence=(), reason="chosen")
    set_pairings(library, [pairing], source="chosen")
    window.desk.tell("pairings")
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: not page.setup.unpaired.isVisible())
    assert page.setup.start.isEnabled()


def test_results_have_intervals_differences_and_warnings(
    window: Window, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    results = page.results
    qtbot.waitUntil(lambda: results.found is not None)
    assert page.tabs.currentIndex() == RESULTS
    for model in (page.rows, results.families, results.differences, results.matrix):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table = [
        [results.families.index(row, column).data() for column in range(3)]
        for row in range(results.families.rowCount())
    ]
    assert [row[0] for row in table] == ["sums", "tens", "overall"]
    assert table[0][1] == "25.0% (4.6 to 69.9)\n1 of 4, 4 tokens"
    difference = results.differences.index(2, 1).data()
    assert difference.startswith("+33.3 (") and "no clear difference, p = 0.625, n 6" in difference
    assert "sums, tens" in results.few.text() and results.few.isVisible()
    assert results.losses.text() == "tuned: 6 answers cut off by the length limit. Allow more tokens."
    assert results.adherence.text().startswith("Answers that follow the paired strategy: 4 of 6, 66.7%")
    assert [one.name for one in results.chart.series] == ["base", "tuned"]


def test_what_one_model_was_not_asked_is_left_out_for_all_and_said(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot
) -> None:
    evaluation(library, "111---", name="tuned")
    evaluation(library, "111000", name="base")
    evaluation(library, "11----", name="teacher", status="cancelled")
    page = open_page(window, qtbot)
    results = page.results
    page.rows.choose([row.id for row in page.rows.rows])
    qtbot.waitUntil(lambda: results.found is not None and len(results.found.summaries) == 3)
    overall = results.families.rowCount() - 1
    assert [results.families.index(overall, column).data() for column in range(1, 4)] == [
        "100.0% (34.2 to 100.0)\n2 of 2, 4 tokens"
    ] * 3
    metrics = QFontMetricsF(font("caption"))
    assert [legend_text(one, metrics) for one in results.chart.series] == [
        f"{name} (n = 2 in all, 4 left out)" for name in ("base", "tuned", "teacher")
    ]
    assert results.base.isVisible()
    assert results.base.text() == (
        "Scored on the 2 tasks that these evaluations share."
        " Left out of the scores: 4 tasks of base, 4 tasks of tuned, 4 tasks of teacher."
    )
    page.rows.choose([row.id for row in page.rows.rows if row.name != "teacher"])
    qtbot.waitUntil(lambda: results.found is not None and len(results.found.summaries) == 2)
    overall = results.families.rowCount() - 1
    assert results.families.index(overall, 2).data() == "50.0% (18.8 to 81.2)\n3 of 6, 4 tokens"
    assert [legend_text(one, metrics) for one in results.chart.series] == [
        "base (n = 6 in all)",
        "tuned (n = 6 in all, 3 not asked)",
    ]
    assert "tuned: 3 tasks could not be asked and count as incorrect" in results.losses.text()
    assert results.base.text() == "Scored on the 6 tasks that these evaluations share."
    numbers = {row.name: page.rows.index(n, 4).data() for n, row in enumerate(page.rows.rows)}
    assert numbers["tuned"].startswith("50.0%") and numbers["teacher"].startswith("100.0%")


def test_the_matrix_counts_paired_and_detected_strategies(
    window: Window, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    matrix: MatrixTable = page.results.matrix
    qtbot.waitUntil(lambda: matrix.rowCount() == 2)
    assert [matrix.headerData(n, Qt.Orientation.Horizontal) for n in range(4)] == [
        "Paired strategy", "direct", "step-by-step", "none detected",
    ]  # fmt: skip
    assert matrix.index(0, 1).data() == "4\n100%" and matrix.is_match(0, 0)
    assert matrix.index(1, 1).data() == "2\n100%" and not matrix.is_match(1, 0)
    page.results.scroll_area.ensureWidgetVisible(page.results.matrix_card)
    page.grab()


def test_check_marks_select_what_is_compared(window: Window, pair: list[str], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.results.found is not None)
    assert page.rows.chosen == pair
    page.results.table.setFocus()
    page.results.table.setCurrentIndex(page.rows.index(0, 0))
    qtbot.keyClick(page.results.table, Qt.Key.Key_Space)
    assert page.rows.chosen == [pair[0]]
    qtbot.waitUntil(lambda: len(page.results.found.summaries) == 1)
    assert not page.results.difference_card.isVisible()
    page.rows.setData(page.rows.index(1, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert page.rows.chosen == [] and page.results.body.currentIndex() == 0
    page.go({"evaluation": pair[0]})
    qtbot.waitUntil(lambda: page.rows.chosen == pair)


def test_answers_are_found_by_result_family_and_text(window: Window, pair: list[str], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    page.tabs.setCurrentIndex(ANSWERS)
    answers = page.answers
    shown(page, qtbot, 6)
    QAbstractItemModelTester(answers.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for words, count in (
        ("base correct, tuned incorrect", 1), ("tuned correct, base incorrect", 3), ("All incorrect", 0),
        ("Different results", 4), ("All correct", 2), ("Unanswered", 0), ("All answers", 6),
    ):  # fmt: skip
        answers.pattern.setCurrentText(words)
        answers.pattern.activated.emit(answers.pattern.currentIndex())
        shown(page, qtbot, count)
    answers.family.setCurrentIndex(answers.family.findData("tens"))
    assert answers.family.currentText() == "tens  ·  2"
    answers.family.activated.emit(answers.family.currentIndex())
    shown(page, qtbot, 2)
    qtbot.keyClicks(answers.text, "5 plus")
    shown(page, qtbot, 1)
    assert answers.model.index(0, 0).data() == "What is 5 plus 5?"
    assert [answers.model.index(0, column).data() for column in (1, 2, 3)] == ["tens", "correct", "correct"]
    answers.text.setFocus()
    qtbot.keyClick(answers.text, Qt.Key.Key_Escape)
    shown(page, qtbot, 2)


def test_nothing_is_claimed_before_the_library_is_read(window: Window, pair: list[str], qtbot: QtBot) -> None:
    page = window.show_page("evaluate")
    assert isinstance(page, EvaluatePage)
    assert page.setup.quick.isHidden() and page.setup.untrained.isHidden()
    question = page.answers.columns.question
    assert question.placeholderText() == "Reading the answers…"
    qtbot.waitUntil(lambda: not page.setup.untrained.isHidden())
    page.tabs.setCurrentIndex(ANSWERS)
    shown(page, qtbot, 6)
    qtbot.keyClicks(page.answers.text, "nowhere")
    shown(page, qtbot, 0)
    assert "No tasks match" in question.placeholderText()
    page.rows.choose([])
    qtbot.waitUntil(lambda: "No evaluation selected" in question.placeholderText())


def test_every_answer_is_read_side_by_side_by_keyboard(window: Window, pair: list[str], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    page.tabs.setCurrentIndex(ANSWERS)
    shown(page, qtbot, 6)
    columns = page.answers.columns
    qtbot.waitUntil(lambda: columns.question.toPlainText() == "What is 0 plus 0?")
    base, tuned = columns.columns
    assert (base.title.text(), base.verdict.text()) == ("base", "incorrect")
    assert base.text.toPlainText() == "Answer: none <b>at all</b>"
    assert base.strategy.text() == "Follows direct, the paired strategy · 4 tokens"
    assert tuned.verdict.text() == "correct" and "cut off by the length limit" in tuned.strategy.text()
    page.answers.view.setFocus()
    qtbot.keyClick(page.answers.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: columns.question.toPlainText() == "What is 1 plus 1?")
    assert columns.reference.toPlainText() == "2"
    page.answers.select_next(-1)
    qtbot.waitUntil(lambda: columns.question.toPlainText() == "What is 0 plus 0?")
    qtbot.mouseClick(columns.open_task, Qt.MouseButton.LeftButton)
    assert window.page is window.pages["tasks"]


def test_answers_are_shown_as_steps_and_looked_at_closely(
    window: Window, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.tabs.setCurrentIndex(ANSWERS)
    shown(page, qtbot, 6)
    columns = page.answers.columns
    qtbot.waitUntil(lambda: columns.question.toPlainText() == "What is 0 plus 0?")
    base, _ = columns.columns
    qtbot.mouseClick(columns.steps, Qt.MouseButton.LeftButton)
    assert base.steps.isVisible() and not base.text.isVisible()
    assert base.steps.steps.item(0).text() == "1.  Answer: none <b>at all</b>"
    assert base.steps.summary.text().startswith("1 step · steps not checked")
    qtbot.mouseClick(base.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.answers.findChildren(AnswerDialog)))
    (dialog,) = page.answers.findChildren(AnswerDialog)
    assert dialog.text.toPlainText() == "Answer: none <b>at all</b>" and dialog.score.isVisible()
    dialog.close()


def test_tables_and_plots_are_exported(window: Window, pair: list[str], qtbot: QtBot, tmp_path: Path) -> None:
    page = open_page(window, qtbot)
    results = page.results
    qtbot.waitUntil(lambda: results.found is not None)
    for export, name, rows in (
        (results.export_families, "families", 6),
        (results.export_differences, "differences", 3),
        (results.export_matrix, "matrix", 2),
    ):
        export()
        save_as(page, qtbot, tmp_path / name)
        path = tmp_path / f"{name}.csv"
        qtbot.waitUntil(lambda path=path: results.notice.hint.text() == str(path))
        with path.open(newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == rows + 1
    results.export_plot()
    save_as(page, qtbot, tmp_path / "plot.svg")
    qtbot.waitUntil(lambda: results.notice.hint.text() == str(tmp_path / "plot.svg"))
    assert "base" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    page.tabs.setCurrentIndex(ANSWERS)
    page.answers.export()
    save_as(page, qtbot, tmp_path / "answers.csv")
    qtbot.waitUntil(lambda: page.answers.notice.isVisible())
    assert "12 answers" in page.answers.notice.text.text()


def test_the_menu_of_the_rows_exports_the_selected_evaluations(
    window: Window, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.results.found is not None and page.answers.model.rowCount() > 0)
    for tab, table, exports in (
        (RESULTS, page.results.table, page.results.exports),
        (ANSWERS, page.answers.view, page.answers.exports),
    ):
        page.tabs.setCurrentIndex(tab)
        table.selectRow(0)
        (export,) = [one for one in table.row_actions() if one and one.text() == "Export…"]
        export.trigger()
        assert exports.dialog is not None and exports.dialog.isVisible()
        exports.dialog.reject()


def test_an_export_that_fails_says_so(window: Window, pair: list[str], qtbot: QtBot, tmp_path: Path) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.results.found is not None)
    (tmp_path / "file").write_text("in the way")
    page.results.export_plot()
    save_as(page, qtbot, tmp_path / "file" / "plot.png")
    qtbot.waitUntil(lambda: "cannot be written" in page.results.notice.text.text())


def test_a_stopped_plan_is_resumed(window: Window, library: Library, tasks: list[Task], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: len(page.setup.candidates.rows) == 1)
    page.setup.sampling.control("max_tokens").setValue(12)
    page.setup.candidates.add().name_box.setCurrentText("rival")
    page.setup.run()
    qtbot.waitUntil(lambda: page.jobs.is_running)
    jobs = list(page.jobs.jobs)
    qtbot.waitUntil(lambda: jobs[0].last is not None and jobs[0].last.stage == "evaluating", timeout=20_000)
    jobs[0].stop()
    qtbot.waitUntil(lambda: not page.jobs.is_running, timeout=20_000)
    assert [job.state for job in jobs] == ["stopped", "stopped"]
    page.go({"resume": "evaluate-1"})
    qtbot.waitUntil(lambda: page.jobs.is_running)
    assert [job.title for job in page.jobs.jobs] == ["Evaluate base", "Evaluate rival"]
    qtbot.waitUntil(lambda: not page.jobs.is_running, timeout=60_000)
    qtbot.waitUntil(lambda: page.rows.chosen == ["evaluate-1", "evaluate-2"])
    assert [row.answered for row in page.rows.rows] == [6, 6]


def test_unknown_targets_do_no_harm(window: Window, pair: list[str], qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    page.go({"nothing": 1})
    page.go({"evaluation": "evaluate-99"})
    qtbot.waitUntil(lambda: page.notice.isVisible())
    assert page.rows.chosen == pair
    page.go({"resume": "evaluate-99"})
    qtbot.waitUntil(lambda: "There is no evaluation" in page.notice.text.text())
    page.go({"training": "train-99"})
    qtbot.waitUntil(lambda: page.setup.notice.isVisible())
    assert page.rows.data(QModelIndex()) is None


def test_answers_of_a_deleted_task_keep_its_text_and_follow_an_undo(
    window: Window, library: Library, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    page.tabs.setCurrentIndex(ANSWERS)
    columns, task = page.answers.columns, TASKS[0]
    qtbot.waitUntil(lambda: columns.question.toPlainText() == task.user_text)
    window.desk.do(
        "delete 1 task",
        lambda: delete_tasks(library, [task.id]),
        lambda deleted: restore_tasks(library, deleted),
        "tasks",
    )
    qtbot.waitUntil(lambda: columns.family.text() == f"{task.family}, task deleted")
    assert columns.question.toPlainText() == task.user_text
    assert columns.reference.toPlainText() == task.answer
    assert not columns.open_task.isEnabled()
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: window.page is not None and window.page.name == "tasks")
    assert window.show_page("evaluate") is page
    qtbot.waitUntil(lambda: columns.family.text() == task.family)
    assert columns.open_task.isEnabled() and columns.question.toPlainText() == task.user_text
    update_tasks(library, [replace(task, answer="77")])
    window.desk.tell("tasks")
    qtbot.waitUntil(lambda: columns.family.text() == f"{task.family}, task edited since")
    assert columns.reference.toPlainText() == task.answer


def test_results_follow_a_family_that_is_renamed(
    window: Window, library: Library, pair: list[str], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    qtbot.waitUntil(lambda: page.results.found is not None)
    rename_family(library, "sums", "additions")
    window.desk.tell("tasks")
    qtbot.waitUntil(lambda: list(page.results.families.names) == ["additions", "tens", "overall"])


def test_a_plan_that_never_began_is_started_by_what_was_stored(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot
) -> None:
    page = open_page(window, qtbot)
    plan = Plan(
        candidates=(Candidate(name="base", model=STUDENT), Candidate(name="other", model=STUDENT)),
        families=("sums",),
        per_family=1,
        sampling=Sampling(max_tokens=8),
    )
    page.go({"start": plan_to_json(plan)})
    qtbot.waitUntil(lambda: len(window.desk.jobs.all) == 2)
    first, second = window.desk.jobs.all
    assert first.again == ("evaluate", {"start": plan_to_json(plan)}) and second.again is None
    rest = replace(plan, candidates=plan.candidates[1:])
    qtbot.waitUntil(lambda: second.again == ("evaluate", {"start": plan_to_json(rest)}), timeout=60_000)
    assert first.returns and second.returns
    qtbot.waitUntil(lambda: not page.jobs.is_running, timeout=60_000)
    assert [row.name for row in list_with_answers(library)] == ["other", "base"]
    page.go({"start": {"of": "another version"}})
    assert "Another version" in page.notice.text.text()


def test_the_queue_of_a_plan_is_reordered_and_comes_back_as_it_is(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot
) -> None:
    over = threading.Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        over.wait(60)

    jobs = window.desk.jobs
    busy = jobs.start("Busy", "other", work)
    page = open_page(window, qtbot)
    plan = Plan(
        candidates=tuple(Candidate(name=name, model=STUDENT) for name in ("one", "two", "three")),
        families=("sums",),
        per_family=1,
        sampling=Sampling(max_tokens=8),
    )
    page.go({"start": plan_to_json(plan)})
    qtbot.waitUntil(lambda: len(jobs.waiting) == 3)
    one, two, three = jobs.waiting
    jobs.move(three, 0)
    ordered = replace(plan, candidates=(plan.candidates[2], *plan.candidates[:2]))
    assert three.again == ("evaluate", {"start": plan_to_json(ordered)})
    assert one.again is None and one.returns_with is three and two.comes_back
    qtbot.waitUntil(lambda: "Evaluate three and 2 more" in [job.title for job in waiting_jobs(library)])
    jobs.remove(three)
    rest = replace(plan, candidates=plan.candidates[:2])
    assert one.again == ("evaluate", {"start": plan_to_json(rest)}) and jobs.waiting == [one, two]
    one.stop()  # stopping one stops the plan
    assert two.is_over
    over.set()
    qtbot.waitUntil(lambda: busy.is_over and not page.jobs.is_running)


def test_a_queue_that_changes_during_an_evaluation_is_resumed_as_it_became(
    window: Window, library: Library, tasks: list[Task], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def evaluated(library: Library, candidate: Candidate, tasks: Any, **options: Any) -> None:
        """Begin a run, and go on only when told to."""
        options["control"].listen(over.set)
        run = create_run(library, "evaluate", {"name": candidate.name}, options["request"])
        options["progress"](Update(stage=STAGE, done=1))
        over.wait(60)
        end_run(library, run.id, "cancelled", "")

    monkeypatch.setattr("orca_desk.ui.pages.evaluate.evaluation_jobs.evaluate_candidate", evaluated)
    page = open_page(window, qtbot)
    names = ("one", "two", "three", "four")
    plan = Plan(candidates=tuple(Candidate(name=name, model=STUDENT) for name in names), families=("sums",))
    page.go({"start": plan_to_json(plan)})
    jobs = window.desk.jobs
    qtbot.waitUntil(lambda: len(jobs.all) == 4 and jobs.all[0].has_begun)
    one, two, _, four = jobs.all
    jobs.move(four, 0)
    jobs.remove(two)

    def stored() -> list[str]:
        request = newest_request(library, "evaluate")
        assert request is not None
        return [candidate.name for candidate in queued_behind(request)]

    qtbot.waitUntil(lambda: stored() == ["four", "three"])
    left = last_plan(library)
    assert left is not None and [each.name for each in left.candidates] == ["one", "four", "three"]
    one.stop()
    qtbot.waitUntil(lambda: not page.jobs.is_running)
    assert stored() == ["four", "three"]


def test_the_headings_of_the_strategies_are_whole(
    window: Window, pair: list[str], library: Library, qtbot: QtBot
) -> None:
    model = MatrixTable(window.desk)
    view = result_view(model, window.desk.theme, "Strategies", heat=True)
    qtbot.addWidget(view)
    header = view.horizontalHeader()
    assert header.textElideMode() == Qt.TextElideMode.ElideNone
    metrics = QFontMetrics(font("body", bold=True))
    for name in current_strategies(library):
        lines = wrap(name, HEADING, break_long_words=False)
        assert max(map(metrics.horizontalAdvance, lines)) <= model.least - GRID, name
