"""What was said before a question is found by the search: of tasks, records, answers and chats."""

import sqlite3
from dataclasses import replace

import pytest
from library_doubles import judged, make_chat, make_record, make_task, update_tasks

from orca_desk.library.care.integrity import check
from orca_desk.library.care.mending import mend
from orca_desk.library.chats import ChatMessage, ask_columns
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.finding import find
from orca_desk.library.migrations import statements
from orca_desk.library.new_records import add_records
from orca_desk.library.record_edits import revise
from orca_desk.library.schema.v23_turns_in_search import SCRIPT
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    first_rowids,
    task_rowids,
)
from orca_desk.library.text_indexes import index_all

TURNS = (("user", "Is a marmot furry?"), ("assistant", "Yes."))
TASK = make_task(1, turns=TURNS)


@pytest.fixture
def filled(library: Library) -> Library:
    """A task with earlier turns, one without, a record and an answer to the first, and a chat about it."""
    add_tasks(library, [TASK, make_task(2, query="What does a marmot eat?")])
    add_records(library, [judged(make_record(1, turns=TURNS), 1)])
    made = create_evaluation(
        library, model=library.folder / "a.gguf", adapter=None, system_kind="empty", system="", settings={},
        questions=[Question.of(TASK, paired="direct")],
    )  # fmt: skip
    answer = Answered(
        task_id=TASK.id, response="A quokka", correct=True, reason="", recognised=None, completion_tokens=1,
        finish_reason="stop",
    )  # fmt: skip
    add_answers(library, made.id, [answer])
    chat = make_chat(library, title="Animals", model=library.folder / "a.gguf")
    ask_columns(library, chat.id, [ChatMessage(role="user", content=TASK.query, turns=TURNS)])
    return library


def found(library: Library, text: str) -> tuple[int, ...]:
    """How many tasks, records, answers and chats the search finds."""
    return tuple(group.total for group in find(library, text).groups)


def rows_found(library: Library, text: str) -> tuple[int, list[int], list[int]]:
    """Count and rows of the tasks that the search of the Tasks page finds."""
    wanted = TaskFilter(text=text)
    rows = list(task_rowids(library, wanted))
    return count_tasks(library, wanted), rows, list(first_rowids(library, wanted, limit=100)[0])


def test_the_turns_before_a_question_are_found(filled: Library) -> None:
    assert found(filled, "marmot") == (2, 1, 1, 1)
    assert found(filled, "marmot plus") == found(filled, "furry plus") == (1, 1, 1, 1), "beside the question"
    assert found(filled, "eat -furry") == (1, 0, 0, 0)
    assert found(filled, "user") == (0, 0, 0, 0), "who speaks is not said"
    assert rows_found(filled, "marmot") == (2, [1, 2], [1, 2])
    assert rows_found(filled, "furry") == (1, [1], [1])
    assert check(filled, thorough=True) == []


def test_what_is_changed_is_found_as_it_is_now(filled: Library) -> None:
    update_tasks(filled, [replace(TASK, turns=(("user", "A stoat?"), ("assistant", "No.")))])
    assert (found(filled, "furry")[0], found(filled, "stoat")[0]) == (0, 1)
    update_tasks(filled, [replace(TASK, turns=())])
    assert (found(filled, "stoat")[0], found(filled, "plus")[0]) == (0, 1)
    update_tasks(filled, [TASK])
    revise(filled, "record-00001", "Otters.", verdict=None)
    assert found(filled, "furry otters") == (0, 1, 0, 0)
    delete_tasks(filled, [TASK.id])
    assert found(filled, "furry")[0] == 0


def test_a_library_from_before_finds_them_after_its_texts_are_indexed_anew(filled: Library) -> None:
    def as_before(db: sqlite3.Connection) -> None:
        for name in ("added", "deleted", "reworded"):
            db.execute(f"DROP TRIGGER tasks_with_turns_{name}")
        db.execute("DROP TABLE turns_text")
        for name in ("records", "answers", "messages"):
            db.execute(f"INSERT INTO {name}_text ({name}_text) VALUES ('delete-all')")
        for statement in statements(SCRIPT):
            db.execute(statement)

    filled.write(as_before)
    assert found(filled, "furry plus") == (1, 1, 1, 1), "read, as they are not indexed yet"
    index_all(filled)
    assert found(filled, "furry plus") == (1, 1, 1, 1)
    filled.write(lambda db: db.execute("INSERT INTO turns_text (turns_text) VALUES ('delete-all')") and None)
    assert found(filled, "furry")[0] == 0
    assert mend(filled) == []
    assert found(filled, "furry")[0] == 1
