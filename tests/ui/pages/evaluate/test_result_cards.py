"""The cards of the Results tab: what the students lost, and the answer budget."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.forgetting import store_report
from orca_desk.library.runs import end_run
from orca_desk.library.tasks import add_tasks
from orca_desk.method.forgetting import GeneralAnswer, PromptDivergence, forgetting
from orca_desk.method.records import Task
from orca_desk.paths import bundled_models
from orca_desk.steps.evaluate import losses
from orca_desk.ui.pages.evaluate.page import RESULTS, EvaluatePage
from orca_desk.ui.window import Window

TASKS = [
    Task(
        family="sums" if number < 4 else "tens",
        query=f"What is {number} plus {number}?",
        answer=str(2 * number),
        split="heldout",
    )
    for number in range(6)
]
STUDENT = bundled_models() / "mini-student" / "mini-student.gguf"


def add_evaluation(library: Library, name: str, tokens: Sequence[int], *, adapter: Path | None = None) -> str:
    """Add an evaluation whose answers are correct and have these tokens."""
    made = create_evaluation(
        library,
        model=STUDENT,
        adapter=adapter,
        system_kind="cautious",
        system="Be careful.",
        questions=[Question.of(task, None) for task in TASKS],
        settings={"questions": "those", "name": name},
        name=name,
    )
    add_answers(
        library,
        made.id,
        [
            Answered(
                task_id=task.id,
                response="x",
                correct=True,
                reason="",
                recognised=None,
                completion_tokens=count,
                finish_reason="stop",
            )
            for task, count in zip(TASKS, tokens, strict=True)
        ],
    )
    end_run(library, made.id, "done", "")
    return made.id


def add_loss(library: Library, evaluation: str, *, lost: int = 40, nats: float = 5.0) -> None:
    """Store that a student lost some of 200 general questions."""
    kinds = {f"q{n}": "reading" if n % 2 else "code" for n in range(200)}

    def answers(correct: int) -> dict[str, GeneralAnswer]:
        return {
            key: GeneralAnswer(correct=place < correct, tokens=10, ended=True)
            for place, key in enumerate(kinds)
        }

    found = forgetting(
        answers(100), answers(100 - lost), kinds,
        [PromptDivergence(tokens=10, nats=nats, changed=1)] * 3, probe="p", system="",
    )  # fmt: skip
    store_report(library, evaluation, {"found": found.to_json(), "reason": ""})


@pytest.fixture
def pair(library: Library) -> tuple[str, str]:
    add_tasks(library, TASKS)
    tuned = library.folder / "adapter.gguf"
    base = add_evaluation(library, "base", [10, 20, 30, 40, 50, 60])
    return base, add_evaluation(library, "tuned", [100, 100, 100, 100, 200, 200], adapter=tuned)


def open_results(window: Window, qtbot: QtBot) -> EvaluatePage:
    page = window.show_page("evaluate")
    assert isinstance(page, EvaluatePage)
    page.tabs.setCurrentIndex(RESULTS)
    qtbot.waitUntil(lambda: page.results.budget.found is not None and bool(page.results.forgetting.losses))
    return page


def test_what_a_student_lost_stands_in_the_results_with_its_warnings(
    window: Window, library: Library, pair: tuple[str, str], qtbot: QtBot
) -> None:
    add_loss(library, pair[1])
    card = open_results(window, qtbot).results.forgetting
    qtbot.waitUntil(card.view.isVisible)
    assert [card.table.index(row, 0).data() for row in range(card.table.rowCount())] == [
        "General questions",
        "Divergence",
        "Answer length",
    ]
    assert card.table.index(0, 1).data().startswith("-20.0 (")
    assert "50% before, 30% after, p < 0.001, n 200" in card.table.index(0, 1).data()
    assert card.table.index(1, 1).data().startswith("0.50 nats")
    assert card.warnings.text().startswith("tuned: The student lost general ability")
    assert "two bits" in card.warnings.text()
    assert card.warnings.isVisible() and not card.measure.isVisible() and not card.missing.isVisible()
    qtbot.mouseClick(card.by_kind, Qt.MouseButton.LeftButton, pos=card.by_kind.rect().topLeft())
    card.by_kind.setChecked(True)
    qtbot.waitUntil(lambda: card.table.rowCount() == 5)
    assert {card.table.index(row, 0).data() for row in (3, 4)} == {"Reading code", "Reading"}


def test_nothing_is_lost_where_no_student_is_compared(
    window: Window, library: Library, pair: tuple[str, str], qtbot: QtBot
) -> None:
    page = open_results(window, qtbot)
    page.rows.choose([pair[0]])
    qtbot.waitUntil(lambda: not page.results.forgetting.isVisible())


def test_what_was_left_out_can_be_measured_later(
    window: Window,
    library: Library,
    pair: tuple[str, str],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measure(library: Library, evaluation: str, *_: object, **__: object) -> bool:
        add_loss(library, evaluation)
        return True

    monkeypatch.setattr(losses, "note_forgetting", measure)
    card = open_results(window, qtbot).results.forgetting
    qtbot.waitUntil(card.measure.isVisible)
    assert card.missing.text() == "tuned: What it lost was not measured."
    assert not card.view.isVisible()
    qtbot.mouseClick(card.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: card.view.isVisible() and not card.measure.isVisible(), timeout=20_000)


def test_the_budget_is_plotted_and_read_at_any_number_of_tokens(
    window: Window, library: Library, pair: tuple[str, str], qtbot: QtBot
) -> None:
    card = open_results(window, qtbot).results.budget
    assert [(line.name, line.role) for line in card.plot.lines] == [("base", "base"), ("tuned", "student")]
    card.budget.setValue(30)
    assert card.readout.text().startswith("base 50.0% (18.8 to 81.2),  tuned 0.0%")
    assert card.readout.text().endswith("of 6 tasks")
    card.budget.setValue(200)
    assert "tuned 100.0%" in card.readout.text()
    card.plot.pointed.emit(100)
    assert card.budget.value() == 100 and "tuned 66.7%" in card.readout.text()
    card.family.setCurrentIndex(card.family.findData("tens"))
    card.family.activated.emit(card.family.currentIndex())
    qtbot.waitUntil(lambda: card.readout.text().endswith("of 2 tasks"))
    assert card.family.currentText() == "tens"


def test_the_points_of_the_budget_are_exported(
    window: Window, library: Library, pair: tuple[str, str], qtbot: QtBot, tmp_path: Path
) -> None:
    page = open_results(window, qtbot)
    page.results.budget.export()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in page.findChildren(QFileDialog)))
    dialog = next(one for one in page.findChildren(QFileDialog) if one.isVisible())
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(tmp_path / "budget.csv"))
    dialog.accept()
    qtbot.waitUntil((tmp_path / "budget.csv").is_file)
    rows = list(csv.DictReader((tmp_path / "budget.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["model"] for row in rows} == {"base", "tuned"}


def test_forgetting_is_part_of_the_plan(
    window: Window, library: Library, pair: tuple[str, str], qtbot: QtBot
) -> None:
    setup = open_results(window, qtbot).setup
    qtbot.waitUntil(lambda: len(setup.candidates.rows) == 1)
    assert "general question" not in setup.estimate.text()  # a base has lost nothing
    row = setup.candidates.rows[0]
    row.adapter.addItem("mine", str(library.folder / "adapter.gguf"))
    row.adapter.setCurrentIndex(row.adapter.count() - 1)
    setup.candidates.changed.emit()
    assert "220 general questions to the student and, once, to its base" in setup.estimate.text()
    setup.forgetting.setChecked(False)
    assert "general question" not in setup.estimate.text()
