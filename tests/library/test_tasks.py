"""Tasks: adding twice, editing, undo, filters, hostile searches, order."""

import contextlib
import dataclasses
import io
import signal
import sqlite3
import string
import sys
import threading
from array import array
from pathlib import Path
from typing import get_args

import pytest
from examples import at_most
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_doubles import make_record, make_task, update_tasks

from orca_desk.errors import UserError
from orca_desk.library import deleted_tasks
from orca_desk.library import tasks as tasks_module
from orca_desk.library.care.integrity import check
from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.record_edits import decide
from orca_desk.library.task_changes import (
    TaskEdit,
    change_tasks,
    hold_out_family,
    undo_change,
)
from orca_desk.library.task_order import TaskOrder, first_ordered, ordered_rowids
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_rows,
    delete_tasks,
    families,
    get_task,
    get_tasks,
    iterate_questions,
    iterate_tasks,
    last_row,
    list_tasks,
    restore_tasks,
    store_tasks,
    tags,
    task_ids,
    task_rowids,
    tasks_at,
)
from orca_desk.method.pairing import Evidence, Pairing
from orca_desk.method.records import Task
from orca_desk.method.search_query import QueryError
from orca_desk.processes.progress import StoppedError

ODD_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TASKS = st.builds(
    Task,
    family=st.sampled_from(["a", "b", "ç"]),
    query=ODD_TEXT,
    context=ODD_TEXT,
    answer=st.none() | ODD_TEXT,
    answer_kind=st.sampled_from([None, "number", "choice"]),
    tags=st.lists(ODD_TEXT, max_size=3).map(tuple),
    split=st.sampled_from(["train", "heldout"]),
    strategy=st.none() | st.just("direct"),
)
MANY = settings(at_most(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
HOSTILE = [
    '"', '""', '"a" OR "b', "NOT", "a AND", "NEAR(a b)", "query:x", "^a", "a*", "*", "-a", "(", ")", "{a}",
    "'; DROP TABLE tasks; --", "\x00", "a\x00b", "\\", "%", "ünïcödé", "日本語", "🐋", "a" * 5000, "\t\n",
    "e\u0301", "plus\u200bzero", "1e999", "<|im_end|>",
]  # fmt: skip


def test_adding_again_adds_nothing(library: Library) -> None:
    first, second = make_task(1), make_task(2)
    added = add_tasks(library, [first, second, first])
    assert (added.added, added.duplicates) == ((first.id, second.id), (first.id,))
    again = add_tasks(library, [second, make_task(3)])
    assert (again.added, again.duplicates) == ((make_task(3).id,), (second.id,))
    assert list(iterate_tasks(library)) == [first, second, make_task(3)]


@MANY
@given(tasks=st.lists(TASKS, max_size=12))
def test_any_tasks_come_back_as_they_went_in_however_often_added(library: Library, tasks: list[Task]) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    first = {(task.family, task.user_text): task for task in reversed(tasks)}  # one task for each question
    expected = {task.id: task for task in first.values()}
    for _ in range(2):
        add_tasks(library, tasks)
        assert {task.id: task for task in iterate_tasks(library)} == expected
    assert count_tasks(library) == len(expected)
    assert sum(count.tasks for count in families(library)) == len(expected)
    assert check(library) == []


def test_an_edited_task_stays_edited_and_can_be_put_back(library: Library) -> None:
    task = make_task(1, tags=("old",))
    add_tasks(library, [task])
    edited = dataclasses.replace(task, query="Entirely new words?", tags=("new", "new"), answer=None)
    assert update_tasks(library, [edited]) == [task]
    assert add_tasks(library, [task]).duplicates == (task.id,)
    assert get_task(library, task.id) == edited
    assert count_tasks(library, TaskFilter(text="entirely")) == 1
    assert count_tasks(library, TaskFilter(text="plus")) == 0
    assert tags(library) == {"new": 1}
    assert update_tasks(library, [task]) == [edited]
    assert get_task(library, task.id) == task
    assert check(library) == []


WORD = st.sampled_from(["one", "two", "three"])
SAID = st.lists(WORD, max_size=3).map(" ".join)


@MANY
@given(
    texts=st.lists(st.tuples(SAID, SAID), max_size=6),
    wanted=st.sets(WORD, max_size=2),
    unwanted=st.sets(WORD, min_size=1, max_size=2),
)
def test_unwanted_words_are_left_out_wherever_they_were_said(
    library: Library, texts: list[tuple[str, str]], wanted: set[str], unwanted: set[str]
) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    chosen = [
        Task(family="a", query=f"{query} {place}", turns=(("user", earlier),) if earlier else ())
        for place, (query, earlier) in enumerate(texts)
    ]
    add_tasks(library, chosen)
    said = {
        task.query: {*task.query.split(), *(word for _, text in task.turns for word in text.split())}
        for task in chosen
    }
    expected = {query for query, words in said.items() if wanted <= words and not unwanted & words}
    filter_ = TaskFilter(text=" ".join([*sorted(wanted), *(f"-{word}" for word in sorted(unwanted))]))
    assert {task.query for task in iterate_tasks(library, filter_)} == expected
    assert count_tasks(library, filter_) == len(expected)


def test_an_unknown_task_is_the_users_error(library: Library) -> None:
    with pytest.raises(UserError, match="no task"):
        get_task(library, "nowhere")
    with pytest.raises(UserError, match="no task"):
        update_tasks(library, [make_task(1)])


def test_deleting_can_be_undone_in_place(library: Library) -> None:
    tasks = [make_task(number, tags=("even",) if number % 2 == 0 else ()) for number in range(10)]
    add_tasks(library, tasks)
    deleted = delete_tasks(library, [tasks[2].id, tasks[7].id, "nowhere"])
    assert [task for _, task in deleted] == [tasks[2], tasks[7]]
    assert count_tasks(library, TaskFilter(text="2")) == 0
    assert tags(library) == {"even": 4}
    add_tasks(library, [make_task(99)])
    restored = restore_tasks(library, deleted)
    assert restored.added == (tasks[2].id, tasks[7].id)
    assert restore_tasks(library, deleted).added == ()
    assert list(iterate_tasks(library)) == [*tasks, make_task(99)]
    assert count_tasks(library, TaskFilter(tag="even")) == 5


@pytest.mark.filterwarnings("error")
def test_many_are_deleted_in_parts_and_kept_in_a_file(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_module, "DELETED", 3)
    monkeypatch.setattr(deleted_tasks, "PIECE", 2)
    monkeypatch.setattr(deleted_tasks, "IN_MEMORY", 10)
    tasks = [make_task(number, turns=(("user", f"é{number}\n"), ("assistant", "ok"))) for number in range(8)]
    add_tasks(library, tasks)
    alike = [dataclasses.replace(tasks[number], query="the same", turns=()) for number in (0, 7)]  # by edits
    library.write(lambda db: store_tasks(db, alike))
    before = list(iterate_tasks(library))
    deleted = delete_rows(library, reversed(task_rowids(library)))
    assert count_tasks(library) == 0 and len(deleted) == 8 and deleted.first == tasks[0].id
    assert [task for _, task in deleted] == before
    add_tasks(library, [tasks[4]])
    restored = restore_tasks(library, deleted)
    assert restored.duplicates == (tasks[4].id,) and len(restored.added) == 7
    assert sorted(iterate_tasks(library), key=lambda task: task.id) == sorted(
        before, key=lambda task: task.id
    )


def test_where_a_part_cannot_be_deleted_the_others_come_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_module, "DELETED", 2)
    add_tasks(library, [make_task(number) for number in range(4)])
    before = list(iterate_tasks(library))
    refuse = "CREATE TRIGGER refuse BEFORE DELETE ON tasks WHEN old.n = 4 BEGIN SELECT RAISE(FAIL, 'no'); END"
    library.write(lambda db: db.execute(refuse).rowcount)
    with pytest.raises(sqlite3.IntegrityError):
        delete_rows(library, task_rowids(library))
    assert list(iterate_tasks(library)) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no signal for one thread")
def test_ctrl_c_brings_back_what_was_deleted_before_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks_module, "DELETED", 1)
    add_tasks(library, [make_task(number) for number in range(4)])
    before = list(iterate_tasks(library))
    take = DeletedTasks.take

    def interrupted(self: DeletedTasks, db: sqlite3.Connection, rowids: "array[int]") -> None:
        take(self, db, rowids)
        if len(self) == 2:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    monkeypatch.setattr(DeletedTasks, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        delete_rows(library, task_rowids(library))
    assert list(iterate_tasks(library)) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("in_memory", [0, 300])
def test_where_the_disk_has_no_room_for_what_restores_them_no_task_goes(
    library: Library, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(tasks_module, "DELETED", 1)
    monkeypatch.setattr(deleted_tasks, "IN_MEMORY", in_memory)
    monkeypatch.setattr(deleted_tasks, "TemporaryFile", lambda **_: io.FileIO("/dev/full", "r+"))
    add_tasks(library, [make_task(number) for number in range(4)])
    before = list(iterate_tasks(library))
    with pytest.raises(UserError, match="no space left"):
        delete_rows(library, task_rowids(library))
    assert list(iterate_tasks(library)) == before


def test_filters(library: Library) -> None:
    tasks = [
        make_task(
            number,
            family="even" if number % 2 == 0 else "odd",
            split="heldout" if number % 5 == 0 else "train",
            strategy="direct" if number == 4 else None,
            answer=None if number == 3 else str(number),
            tags=("low", f"tag {number}") if number < 5 else (),
        )
        for number in range(20)
    ]
    add_tasks(library, tasks)

    def found(**wanted: object) -> list[int]:
        matching = list(iterate_tasks(library, TaskFilter(**wanted)))
        assert matching == list(list_tasks(library, TaskFilter(**wanted)).items)
        if "limit" not in wanted:
            assert count_tasks(library, TaskFilter(**wanted)) == len(matching)
        assert tasks_at(library, task_rowids(library, TaskFilter(**wanted))) == matching
        return [tasks.index(task) for task in matching]

    assert found(family="odd") == list(range(1, 20, 2))
    assert found(split="heldout") == [0, 5, 10, 15]
    assert found(family="odd", split="heldout") == [5, 15]
    assert found(strategy="direct") == [4]
    assert found(overrides=True) == [4]
    assert len(found(overrides=False)) == 19
    assert found(has_answer=False) == [3]
    assert len(found(has_answer=True)) == 19
    assert found(tag="low") == [0, 1, 2, 3, 4]
    assert found(tag="tag 2", has_answer=True) == [2]
    assert found(text="what is 7") == [7]
    assert found(text="WHA") == list(range(20))
    assert found(ids=(tasks[8].id, tasks[2].id, "nowhere")) == [2, 8]
    assert found(ids=()) == []
    assert found(family="even", limit=3) == [0, 2, 4]
    assert [count.family for count in families(library)] == ["even", "odd"]
    assert families(library)[1].unanswered == 1
    assert list(get_tasks(library, [tasks[5].id, "nowhere", tasks[1].id])) == [tasks[5].id, tasks[1].id]


def test_reviewed_tasks_have_a_record_that_was_kept_or_dropped(library: Library) -> None:
    tasks = [make_task(number) for number in range(4)]
    add_tasks(library, tasks)
    add_records(library, [NewRecord(record=make_record(number)) for number in range(3)])
    decide(library, ["record-00001"], "keep")
    decide(library, ["record-00002"], "drop")
    assert list(iterate_tasks(library, TaskFilter(reviewed=True))) == tasks[1:3]
    assert list(iterate_tasks(library, TaskFilter(reviewed=False))) == [tasks[0], tasks[3]]
    decide(library, ["record-00001"], None)
    assert list(iterate_tasks(library, TaskFilter(reviewed=True))) == [tasks[2]]


def test_rows_keep_their_order_when_a_task_is_deleted(library: Library) -> None:
    tasks = [make_task(number) for number in range(4)]
    add_tasks(library, tasks)
    numbers = task_rowids(library)
    delete_tasks(library, [tasks[1].id])
    assert tasks_at(library, numbers) == [tasks[0], None, *tasks[2:]]
    assert tasks_at(library, numbers[::-1]) == [tasks[3], tasks[2], None, tasks[0]]
    assert task_ids(library, numbers) == [tasks[0].id, tasks[2].id, tasks[3].id]


def test_several_updates_are_all_made_or_none(library: Library) -> None:
    tasks = [make_task(number) for number in range(3)]
    add_tasks(library, tasks)
    edited = [dataclasses.replace(task, query=f"new {task.query}") for task in tasks]
    with pytest.raises(UserError, match="no task"):
        update_tasks(library, [*edited, make_task(9)])
    assert list(iterate_tasks(library)) == tasks
    assert update_tasks(library, edited[::-1]) == tasks[::-1]
    assert list(iterate_tasks(library)) == edited
    assert check(library) == []


@MANY
@given(
    tasks=st.lists(TASKS, max_size=10),
    edit=st.builds(
        TaskEdit,
        family=st.none() | st.just("a"),
        split=st.sampled_from([None, "train", "heldout"]),
        add_tags=st.lists(ODD_TEXT, max_size=2).map(tuple),
        remove_tags=st.lists(ODD_TEXT, max_size=2).map(tuple),
        strategy=st.sampled_from([None, "", "direct"]),
    ),
)
def test_any_edit_of_many_tasks_can_be_undone(library: Library, tasks: list[Task], edit: TaskEdit) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    add_tasks(library, tasks)
    before = list(iterate_tasks(library))
    changed = change_tasks(library, task_rowids(library), edit)
    assert list(iterate_tasks(library)) == [edit(task) for task in before]
    assert changed.count == sum(edit(task) != task for task in before)
    undo_change(library, changed)
    assert list(iterate_tasks(library)) == before
    assert check(library) == []


def test_undo_keeps_later_edits(library: Library) -> None:
    task = make_task(1)
    add_tasks(library, [task])
    changed = change_tasks(library, task_rowids(library), TaskEdit(split="heldout"))
    update_tasks(library, [dataclasses.replace(get_task(library, task.id), answer="2")])
    undo_change(library, changed)
    assert get_task(library, task.id) == dataclasses.replace(task, answer="2")


def test_merging_and_holding_out_families_can_be_undone(library: Library) -> None:
    tasks = [make_task(number, family="a" if number < 150 else "b") for number in range(200)]
    add_tasks(library, tasks)
    merged = rename_family(library, "a", "b")
    assert [(one.family, one.tasks) for one in families(library)] == [("b", 200)]
    held = hold_out_family(library, "b", 25)
    share = families(library)[0].heldout
    assert share == 50
    assert held.count == share
    assert hold_out_family(library, "b", 25).count == 0
    undo_change(library, held)
    undo_rename(library, merged)
    assert list(iterate_tasks(library)) == tasks


def test_a_renamed_family_keeps_its_pairing_and_a_merged_one_the_others(library: Library) -> None:
    add_tasks(library, [make_task(1, family="a"), make_task(2, family="b")])
    evidence = Evidence(
        family="a", strategy="direct", n=1, correct=1, mean_tokens=3.0, outcomes=(("id", True),)
    )
    first = Pairing(family="a", strategy="direct", evidence=(evidence,), reason="measured best")
    second = Pairing(family="b", strategy="step-by-step", evidence=(), reason="chosen")
    set_pairings(library, [first, second], source="chosen")
    rename_family(library, "a", "c")
    assert current_pairings(library)["c"].pairing == dataclasses.replace(
        first, family="c", evidence=(dataclasses.replace(evidence, family="c"),)
    )
    rename_family(library, "c", "b")
    assert current_pairings(library)["b"].pairing == second


@MANY
@given(count=st.integers(0, 40), size=st.integers(1, 15))
def test_pages_add_up(library: Library, count: int, size: int) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    tasks = [make_task(number) for number in range(count)]
    add_tasks(library, tasks)
    collected: list[Task] = []
    after: int | None = 0
    while after is not None:
        page = list_tasks(library, TaskFilter(limit=size, after=after))
        assert len(page.items) <= size
        collected += page.items
        after = page.next
    assert collected == tasks
    assert list(iterate_tasks(library, TaskFilter(limit=size))) == tasks[:size]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_search_text_is_read_as_a_query_language(library: Library, text: str) -> None:
    add_tasks(library, [make_task(1)])
    with contextlib.suppress(QueryError):  # a sentence about a field that there is not
        assert count_tasks(library, TaskFilter(text=text)) in (0, 1)
    assert count_tasks(library) == 1


@MANY
@given(text=st.text(max_size=60) | st.text(string.punctuation + " ANDORTNEar", max_size=60))
def test_any_search_text_is_answered(library: Library, text: str) -> None:
    if not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        try:
            found = list(iterate_tasks(library, TaskFilter(text=text)))
        except QueryError:
            return
        assert count_tasks(library, TaskFilter(text=text)) == len(found)
        if not text.strip():
            assert found == list(iterate_tasks(library))


@MANY
@given(words=st.lists(st.text(string.ascii_letters + string.digits, min_size=1), min_size=1, max_size=6))
def test_a_task_is_found_by_its_own_words(library: Library, words: list[str]) -> None:
    task = Task(family="found", query=", ".join(words))
    add_tasks(library, [task])
    for text in (" ".join(words), " ".join(reversed(words)), words[-1][: len(words[-1]) // 2 + 1]):
        assert task in set(iterate_tasks(library, TaskFilter(text=text)))
    delete_tasks(library, [task.id])
    assert task not in set(iterate_tasks(library, TaskFilter(text=words[0])))


@pytest.mark.slow
def test_a_hundred_thousand_tasks_keep_their_order(library: Library) -> None:
    count = 100_000
    added = add_tasks(
        library, (Task(family=f"f{n % 3}", query=str(n), id=f"{n * 7919 % count:06}") for n in range(count))
    )
    assert len(added.added) == count
    numbers = task_rowids(library)
    assert len(numbers) == count
    assert [task.query for task in tasks_at(library, numbers[90_000:90_200])] == [
        str(n) for n in range(90_000, 90_200)
    ]
    assert sum(1 for _ in iterate_tasks(library, TaskFilter(family="f1"))) == count // 3


def test_sorting_ends_when_nobody_wants_it_any_more(library: Library) -> None:
    add_tasks(library, [Task(family="a", query=f"{number}?") for number in range(3000)])

    def stop() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        ordered_rowids(library, TaskFilter(), "query", check=stop)
    assert len(ordered_rowids(library, TaskFilter(), "query")) == 3000


def test_tasks_are_ordered_by_a_field_and_then_by_arrival(library: Library) -> None:
    given = [("b", "b?", None), ("a", "A?", "2"), ("B", "c?", "1"), ("a", "a?", None)]
    tasks = [Task(family=family, query=query, answer=answer) for family, query, answer in given]
    add_tasks(library, tasks)
    arrived = list(task_rowids(library))

    def order(by: TaskOrder, *, descending: bool = False) -> list[int]:
        found = ordered_rowids(library, TaskFilter(), by, descending=descending)
        return [arrived.index(one) for one in found]

    assert order("query") == [1, 3, 0, 2]
    assert order("query", descending=True) == [2, 0, 1, 3]
    assert order("family") == [1, 3, 0, 2]
    assert order("answer") == [2, 1, 0, 3]
    assert order("answer", descending=True) == [1, 2, 0, 3]
    assert sorted(order("tags")) == sorted(order("strategy")) == sorted(order("split")) == [0, 1, 2, 3]
    found = ordered_rowids(library, TaskFilter(family="a"), "query")
    assert [arrived.index(one) for one in found] == [1, 3]


def test_answers_that_are_numbers_are_ordered_by_value_before_texts(library: Library) -> None:
    answers = ["10", "9", "-2.5", "1,000", "Paris", "1-2", "b", "3.0.1", None, "0.5"]
    add_tasks(library, [make_task(number, answer=answer) for number, answer in enumerate(answers)])

    def order(*, descending: bool) -> list[str | None]:
        rowids = ordered_rowids(library, TaskFilter(), "answer", descending=descending)
        return [task.answer for task in tasks_at(library, rowids) if task]

    known = ["-2.5", "0.5", "9", "10", "1,000", "1-2", "3.0.1", "b", "Paris", None]
    assert order(descending=False) == known
    assert order(descending=True) == [*reversed(known[:-1]), None]


def test_every_order_is_the_same_by_an_index_and_by_sorting(library: Library) -> None:
    families, strategies = ("b", "a", "B", "ç", "a/x"), (None, "explain", "Direct", "direct")
    add_tasks(
        library,
        [
            Task(
                family=families[number % 5],
                query=f"{number % 7} and {number}?",
                answer=None if number % 3 else str(number % 4),
                tags=("hard",) * (number % 2),
                split="heldout" if number % 6 == 0 else "train",
                strategy=strategies[number % 4],
            )
            for number in range(60)
        ],
    )
    sorting = TaskFilter(limit=1_000)  # a limit is sorted, whatever the field
    for by in get_args(TaskOrder):
        for descending in (False, True):
            whole = ordered_rowids(library, TaskFilter(), by, descending=descending)
            assert whole == ordered_rowids(library, sorting, by, descending=descending), by
            for wanted in (TaskFilter(), TaskFilter(split="train")):
                first, is_all = first_ordered(library, wanted, by, descending=descending, limit=7)
                known = ordered_rowids(library, wanted, by, descending=descending)
                assert first == known[: len(first)] and is_all == (len(first) == len(known))


def test_every_question_is_read_as_it_is_asked(library: Library) -> None:
    tasks = [make_task(number, context="Once." if number % 2 else "") for number in range(12_000)]
    add_tasks(library, tasks)
    asked = [(task.id, task.user_text, task.split) for task in tasks]
    assert list(iterate_questions(library)) == asked
    assert list(iterate_questions(library, 5_000, last_row(library) - 1)) == asked[5_000:-1]
