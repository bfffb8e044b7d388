"""The card of first incorrect steps: counted on demand, by number, marker, fault and family."""

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.ui.pages.evaluate.faults_card import FaultsCard
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.window import Window

WORDS = "Lucy has {} cups. Lucy finds 9 more. Then Lucy finds 7 more. How many cups does Lucy have now?"
TASKS = [Task(family="cups", query=WORDS.format(n), answer=str(n + 16), split="heldout") for n in (30, 38)]
RIGHT = "Step 1: more, {0} + 9 = {1}.\nStep 2: more, {1} + 7 = {2}.\nAnswer: {2}"


@pytest.fixture
def pair(library: Library) -> dict[str, str]:
    """Two evaluations: the first answers all correctly, the second makes two mistakes."""
    add_tasks(library, TASKS)
    good = [RIGHT.format(n, n + 9, n + 16) for n in (30, 38)]
    bad = [good[0].replace("39", "38"), good[1].replace("Answer: 54", "Answer: 55")]
    return {add(library, name, texts): name for name, texts in (("good", good), ("bad", bad))}


def add(library: Library, name: str, texts: list[str]) -> str:
    made = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(task, None) for task in TASKS[: len(texts)]],
        settings={"model": name},
    )
    answers = [
        Answered(
            task_id=task.id,
            response=text,
            correct=True,
            reason="",
            recognised=None,
            completion_tokens=9,
            finish_reason="stop",
        )
        for task, text in zip(TASKS, texts, strict=False)
    ]
    add_answers(library, made.id, answers)
    return made.id


def cells(card: FaultsCard) -> list[list[str]]:
    table = card.table
    return [
        [str(table.index(row, column).data()) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_first_incorrect_steps_are_counted_on_demand(
    window: Window, library: Library, pair: dict[str, str], qtbot: QtBot
) -> None:
    card = FaultsCard(window.desk, Notice(window.desk))
    qtbot.addWidget(card)
    card.show_evaluations(pair)
    assert not card.view.isVisibleTo(card) and card.count.isVisibleTo(card)
    card.count.click()
    qtbot.waitUntil(lambda: card.view.isVisibleTo(card))
    assert "bad: 2 answers of 2 with an incorrect step" in card.summary.text()
    assert cells(card) == [["step 1", "–", "1"], ["step 3", "–", "1"]]
    for index, rows in (
        (1, [["final answer", "–", "1"], ["step", "–", "1"]]),
        (2, [["final answer", "–", "1"], ["not what the question says", "–", "1"]]),
        (3, [["cups", "–", "2"]]),
    ):
        card.by.setCurrentIndex(index)
        card.by.activated.emit(index)
        assert cells(card) == rows
    card.show_evaluations({})
    assert not card.view.isVisibleTo(card)


def test_evaluations_are_counted_on_the_tasks_that_they_share(
    window: Window, library: Library, pair: dict[str, str], qtbot: QtBot
) -> None:
    short = add(library, "short", ["Step 1: more, 30 + 9 = 40."])
    card = FaultsCard(window.desk, Notice(window.desk))
    qtbot.addWidget(card)
    card.show_evaluations({**pair, short: "short"})
    card.count.click()
    qtbot.waitUntil(lambda: card.view.isVisibleTo(card))
    assert "bad: 1 answer of 1" in card.summary.text() and "short: 1 answer of 1" in card.summary.text()
    card.show_evaluations(pair)  # these two share another task
    assert not card.view.isVisibleTo(card)
