"""Standard benchmarks on the Results tab: what they need, which tasks run, and the scores beside the base."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.runs import create_run, end_run, start_run
from orca_desk.library.tasks import add_tasks
from orca_desk.method.forgetting import Estimate
from orca_desk.method.records import Task
from orca_desk.steps.evaluate.benchmarks import BenchmarkRequest, BenchmarkResult, BenchmarkScore
from orca_desk.ui.pages.evaluate import benchmark_card
from orca_desk.ui.pages.evaluate.benchmark_card import BenchmarkCard
from orca_desk.ui.pages.evaluate.page import RESULTS, EvaluatePage
from orca_desk.ui.window import Window

TASKS = Path(__file__).parents[3] / "serving" / "tasks"
RESULT = BenchmarkResult(
    scores=(
        BenchmarkScore(
            task="arc", metric="acc", n=100, value=0.5, error=0.05, base=0.4,
            difference=Estimate(value=0.1, low=0.01, high=0.19),
        ),
    ),
    lm_eval="0.4.13",
    limit=10,
    chat=False,
)  # fmt: skip


@pytest.fixture
def student(library: Library) -> str:
    """An evaluation of a student, with one answer."""
    task = Task(family="sums", query="1 + 1?", answer="2", split="heldout")
    add_tasks(library, [task])
    made = create_evaluation(
        library,
        model=library.folder / "model.gguf",
        adapter=library.folder / "adapter.gguf",
        system_kind="empty",
        system="",
        questions=[Question.of(task, None)],
        settings={"model": "m", "adapter": "a"},
        name="tuned",
    )
    answer = Answered(
        task_id=task.id,
        response="2",
        correct=True,
        reason="",
        recognised=None,
        completion_tokens=1,
        finish_reason="stop",
    )
    add_answers(library, made.id, [answer])
    end_run(library, made.id, "done", "")
    return made.id


def add_benchmark(library: Library) -> str:
    run = create_run(library, "benchmark", {"model": "m", "adapter": "a"})
    start_run(library, run.id)
    end_run(library, run.id, "done", RESULT.to_json())
    return run.id


def open_card(window: Window, qtbot: QtBot) -> BenchmarkCard:
    page = window.show_page("evaluate")
    assert isinstance(page, EvaluatePage)
    page.tabs.setCurrentIndex(RESULTS)
    qtbot.waitUntil(lambda: page.results.benchmarks.model.count() == 1)
    return page.results.benchmarks


def test_scores_stand_beside_those_of_the_base(
    window: Window, library: Library, student: str, qtbot: QtBot
) -> None:
    run = add_benchmark(library)
    card = open_card(window, qtbot)
    qtbot.waitUntil(card.view.isVisible)
    cells = [card.table.index(0, column).data() for column in range(4)]
    assert cells == [
        "arc, acc",
        f"0.500 ± 0.050\nn 100, {run}",
        "0.400\n",
        "+0.100 (+0.010 to +0.190)\n",
    ]
    assert "not comparable with published" in card.notes.text()


def test_without_lm_eval_it_says_what_is_needed(
    window: Window, student: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_card, "lm_eval_problem", lambda: "lm-eval is not installed. Install it.")
    card = open_card(window, qtbot)
    assert card.problem.isVisible() and card.problem.text() == "lm-eval is not installed. Install it."
    assert not card.choose.isEnabled() and not card.run.isEnabled()


def test_the_selected_tasks_of_a_folder_are_run(
    window: Window, library: Library, student: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[BenchmarkRequest] = []

    def run(library: Library, request: BenchmarkRequest, **_: object) -> None:
        asked.append(request)
        add_benchmark(library)

    monkeypatch.setattr(benchmark_card, "lm_eval_problem", lambda: "")
    monkeypatch.setattr(benchmark_card, "run_benchmark", run)
    card = open_card(window, qtbot)
    assert not card.settings.isVisible()
    card.read_folder(TASKS)
    qtbot.waitUntil(lambda: card.list.count() == 3 and card.run.isEnabled())
    assert not card.allow.isVisible()
    card.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    card.limit.setValue(5)
    qtbot.mouseClick(card.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: card.view.isVisible() and card.run.isEnabled(), timeout=20_000)
    (request,) = asked
    assert (request.tasks, request.limit, request.folder) == (("orca_choices", "orca_words"), 5, TASKS)
    assert request.adapter == library.folder / "adapter.gguf"


def test_code_of_the_folder_must_be_allowed(
    window: Window, student: str, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_card, "lm_eval_problem", lambda: "")
    (tmp_path / "a.yaml").write_text("task: mine\ndoc_to_text: !function code.text\n")
    card = open_card(window, qtbot)
    card.read_folder(tmp_path)
    qtbot.waitUntil(card.allow.isVisible)
    assert card.code.isVisible() and not card.run.isEnabled()
    card.allow.setChecked(True)
    assert card.run.isEnabled()
