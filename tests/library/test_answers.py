"""Answers of several evaluations side by side."""

from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import make_task, update_tasks

from orca_desk.library.answers import (
    AskedFilter,
    answer_counts,
    answers_to,
    asked_questions,
    asked_tasks,
    heldout_families,
    questions,
)
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.tasks import add_tasks, delete_tasks

TASKS = [make_task(n, split="heldout", family="sums" if n < 4 else "tens") for n in range(6)]


def evaluation(library: Library, name: str, right: str) -> str:
    """An evaluation of the tasks: "1" right, "0" wrong, "?" not graded, "-" not answered."""
    made = create_evaluation(
        library,
        model=Path("/models/m.gguf"),
        adapter=None,
        system_kind="cautious",
        system="Be careful.",
        questions=[Question.of(task, "direct") for task in TASKS],
        settings={"name": name},
    )
    add_answers(
        library,
        made.id,
        [
            Answered(
                task_id=task.id,
                response=f"{name} 100% says {task.query}",
                correct={"1": True, "0": False, "?": None}[mark],
                reason="so",
                recognised="direct",
                completion_tokens=3,
                finish_reason="stop",
            )
            for task, mark in zip(TASKS, right, strict=True)
            if mark != "-"
        ],
    )
    return made.id


@pytest.fixture
def pair(library: Library) -> list[str]:
    add_tasks(library, TASKS)
    return [evaluation(library, "base", "0011?-"), evaluation(library, "tuned", "110111")]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (AskedFilter(), [0, 1, 2, 3, 4, 5]),
        (AskedFilter(pattern="pair", first=1, second=0), [0, 1]),
        (AskedFilter(pattern="pair", first=0, second=1), [2]),
        (AskedFilter(pattern="differ"), [0, 1, 2]),
        (AskedFilter(pattern="all correct"), [3]),
        (AskedFilter(pattern="all incorrect"), []),
        (AskedFilter(pattern="unanswered"), [5]),
        (AskedFilter(family="tens"), [4, 5]),
        (AskedFilter(text="WHAT IS 3 "), [3]),
        (AskedFilter(text="base 100% says"), [0, 1, 2, 3, 4]),
        (AskedFilter(text="100_"), []),
        (AskedFilter(text="tuned", family="sums", pattern="differ"), [0, 1, 2]),
    ],
)
def test_tasks_are_found_by_outcome_family_and_text(library, pair, wanted, numbers):
    found = asked_tasks(library, pair, wanted)
    assert [one.task_id for one in found] == [TASKS[number].id for number in numbers]


def test_each_outcome_belongs_to_its_evaluation(library, pair):
    asked = asked_tasks(library, pair)
    assert [None if one is None else one.correct for one in asked[5].outcomes] == [None, True]
    assert asked[4].outcomes[0] is not None and asked[4].outcomes[0].correct is None
    assert asked[0].question == TASKS[0].query
    texts = answers_to(library, pair, TASKS[5].id)
    assert texts[0] is None and texts[1].response == f"tuned 100% says {TASKS[5].query}"
    assert answers_to(library, pair[::-1], TASKS[0].id)[0].response.startswith("tuned")


def test_deleted_tasks_keep_their_questions_and_answers(library, pair):
    delete_tasks(library, [TASKS[0].id])
    asked = asked_tasks(library, pair)[0]
    assert (asked.task_id, asked.question) == (TASKS[0].id, TASKS[0].user_text)
    question = asked_questions(library, pair, [TASKS[0].id])[TASKS[0].id]
    assert (question.user, question.answer) == (TASKS[0].user_text, TASKS[0].answer)
    found = asked_tasks(library, pair, AskedFilter(text=TASKS[0].query))
    assert TASKS[0].id in [one.task_id for one in found]


def test_an_edited_task_keeps_what_was_asked(library, pair):
    update_tasks(library, [replace(TASKS[0], query="Something else?", answer="other")])
    question = asked_questions(library, pair, [TASKS[0].id])[TASKS[0].id]
    assert (question.user, question.answer) == (TASKS[0].user_text, TASKS[0].answer)
    assert asked_tasks(library, pair)[0].question == TASKS[0].user_text


def test_counts_and_questions(library, pair):
    counts = answer_counts(library)
    assert (counts[pair[0]].questions, counts[pair[0]].answered) == (6, 5)
    assert (counts[pair[0]].graded, counts[pair[0]].correct) == (4, 2)
    assert [one.task_id for one in questions(library, pair[1])] == [task.id for task in TASKS]
    assert heldout_families(library) == {"sums": 4, "tens": 2}
