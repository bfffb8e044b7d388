"""One search over tasks, records, answers and chats: what each field means for each, indexed or not yet."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import LEAK, delete_chat, judged, make_chat, make_record, make_task

from orca_desk.library.care.integrity import check
from orca_desk.library.chats import ChatMessage, ask_columns, cut_chat, put_back
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.finding import find
from orca_desk.library.new_records import add_records
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.records import RecordFilter, count_records
from orca_desk.library.tasks import TaskFilter, add_tasks, count_tasks
from orca_desk.library.text_indexes import index_all, index_some, indexed_percent
from orca_desk.method.grading import grade
from orca_desk.method.grading.reasons import Why, reason
from orca_desk.method.search_query import QueryError

TASKS = [
    make_task(1, tags=("hard", "draft")),
    make_task(2, split="heldout"),
    make_task(3, family="word problems", context="Tom has apples.", answer=None),
    make_task(4, answer_kind="number", strategy="direct"),
]


@pytest.fixture
def filled(library: Library) -> Library:
    """Four tasks; a right, a wrong, a leaking and an edited record; two answers of a model; a chat."""
    add_tasks(library, TASKS)
    add_records(
        library,
        [
            judged(make_record(1, response="Kangaroos say 1.\nAnswer: 1"), 1),
            judged(make_record(2, response="Answer: 7"), 2),
            judged(make_record(4), 4, LEAK),
            judged(make_record(5, strategy="explain"), 5),
        ],
    )
    decide(library, ["record-00001"], "keep")
    revise(library, "record-00005", "Wombats prefer five.", verdict=None)
    made = create_evaluation(
        library,
        model=library.folder / "Tiny-7B.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(task, paired="direct") for task in TASKS[:2]],
        settings={},
    )
    answers = [
        Answered(
            task_id=task.id,
            response=f"A quokka: {text}",
            correct=text == task.answer,
            reason="No digits, café" if text == "3" else "",
            recognised=None,
            completion_tokens=3,
            finish_reason="stop",
        )
        for task, text in zip(TASKS[:2], ("1", "3"), strict=True)
    ]
    add_answers(library, made.id, answers)
    chat = make_chat(library, title="About animals", model=Path("/models/other.gguf"))
    ask_columns(
        library, chat.id, [ChatMessage(role="user", content="Do you know a bilby?", task=TASKS[0].id)]
    )
    return library


def forget_the_indexes(library: Library) -> None:
    """Make the library one whose texts are not indexed, as one that an older version wrote is."""

    def forget(db: sqlite3.Connection) -> None:
        for name in ("records", "answers", "messages"):
            db.execute(f"INSERT INTO {name}_text ({name}_text) VALUES ('delete-all')")
            db.execute("UPDATE text_indexes SET below = 9 << 32, top = 9 << 32 WHERE name = ?", (name,))
        db.execute("UPDATE text_indexes SET below = 100, top = 100 WHERE name = 'records'")

    library.write(forget)


def found(library: Library, text: str) -> tuple[int, ...]:
    """How many tasks, records, answers and chats the search finds."""
    findings = find(library, text)
    assert all(group.total == len(group.hits) for group in findings.groups)
    return tuple(group.total for group in findings.groups)


SEARCHES = {
    "kangaroos": (0, 1, 0, 0),
    "wombats five": (0, 1, 0, 0),
    "quokka": (0, 0, 2, 0),
    "bilb": (0, 0, 0, 1),
    "animals": (0, 0, 0, 1),
    '"plus 0"': (4, 4, 2, 0),
    "plus -kangaroos": (4, 3, 2, 0),
    "family:SUMS": (3, 4, 2, 1),
    'family:"word problems"': (1, 0, 0, 0),
    "family:word*": (1, 0, 0, 0),
    "-family:sums": (1, 0, 0, 0),
    "split:heldout": (1, 1, 1, 0),
    "tag:hard": (1, 1, 1, 1),
    "tag:Hard -tag:draft": (0, 0, 0, 0),
    "kind:number": (1, 1, 0, 0),
    "has:answer": (3, 3, 2, 1),
    "has:context": (1, 0, 0, 0),
    "has:record": (3, 3, 2, 1),
    "strategy:explain": (0, 1, 0, 0),
    "strategy:direct": (1, 3, 2, 0),
    "wrong:yes": (1, 1, 1, 0),
    "wrong:no": (2, 2, 1, 0),
    "correct:yes": (2, 2, 1, 0),
    "-wrong:yes": (3, 3, 1, 0),
    "reviewed:yes": (1, 1, 0, 0),
    "decision:keep,drop": (1, 1, 0, 0),
    "leaked:yes": (1, 1, 0, 0),
    "edited:yes": (0, 1, 0, 0),
    "reason:other": (1, 1, 0, 0),
    "reason:7,missing": (1, 1, 0, 0),
    "reason:digits,nowhere": (1, 0, 1, 0),
    "-reason:other reason:same": (2, 2, 0, 0),
    'reason:"7 but was"': (1, 1, 0, 0),
    "reason:...": (0, 0, 0, 0),
    "model:tiny": (2, 0, 2, 0),
    "model:other": (0, 0, 0, 1),
    "run:evaluate-1": (2, 0, 2, 0),
    "id:record-00001": (0, 1, 0, 0),
    "family:sums wrong:yes quokka": (0, 0, 1, 0),
    "...": (0, 0, 0, 0),
    " ": (0, 0, 0, 0),
}


def add_reasons(library: Library) -> None:
    """Add records that were graded incorrect for different reasons, one of them edited since."""
    reasons = [
        reason(Why.RIVALS, first="88", last="89"),
        reason(Why.MISSING, what="polar", expected="Yes, naïvely"),
        reason(Why.OTHER, found="Straße", expected="Łódź"),
        "An older sentence: nothing was found.",
        reason(Why.EMPTY, expected="77"),
    ]
    verdict = grade("7", "5")
    add_records(
        library,
        [
            replace(judged(make_record(number), number), verdict=replace(verdict, reason=why))
            for number, why in enumerate(reasons, 20)
        ],
    )
    revise(
        library,
        "record-00024",
        "Rewritten.",
        verdict=replace(verdict, reason=reason(Why.SEVERAL, found="66 or 65", expected="66")),
    )


WORDS_OF_REASONS = {
    "two different final answers": 1,
    '"final answers"': 1,
    "88 89": 1,
    "8": 1,
    "no final yes": 1,
    "naively": 1,
    "łódź": 1,
    "strasse": 1,
    "older sentence": 1,
    "more than one": 1,
    "77": 0,
    "rewritten answer": 0,
    "answer": 7,
    "was expected": 0,
    "older -nothing": 0,
    "plus -final": 7,
}


def test_plain_words_are_sought_in_the_reasons_of_records(filled: Library) -> None:
    add_reasons(filled)

    counts = {text: find(filled, text, kinds=["records"]).total for text in WORDS_OF_REASONS}

    assert counts == WORDS_OF_REASONS


def test_each_field_has_its_meaning_for_each_kind(filled: Library) -> None:
    assert {text: found(filled, text) for text in SEARCHES} == SEARCHES


def test_texts_that_are_not_indexed_yet_are_found_too(filled: Library) -> None:
    forget_the_indexes(filled)
    assert find(filled, "quokka").indexed < 100
    words = [text for text in SEARCHES if ":" not in text]
    assert {text: found(filled, text) for text in words} == {text: SEARCHES[text] for text in words}


def test_indexing_goes_on_where_it_was_stopped_and_finds_all(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.library.text_indexes.STEP", 2)
    forget_the_indexes(filled)
    assert index_some(filled)
    revise(filled, "record-00001", "Dingoes now.", verdict=None)  # indexed or not: it is found once
    add_records(filled, [judged(make_record(6, response="Emus: 6"), 6)])
    index_all(filled)
    assert indexed_percent(filled) == 100 and not index_some(filled)
    assert found(filled, "dingoes emus") == (0, 0, 0, 0)
    assert found(filled, "dingoes") == found(filled, "emus") == (0, 1, 0, 0)
    assert found(filled, "kangaroos") == (0, 0, 0, 0), "the student would be trained on the edit"
    assert found(filled, "quokka") == SEARCHES["quokka"]
    assert found(filled, "bilby") == SEARCHES["bilb"]
    assert check(filled, thorough=True) == []


def test_a_chat_is_found_by_what_it_holds_now(filled: Library) -> None:
    chat = find(filled, "bilby").groups[3].hits[0].id
    removed = cut_chat(filled, chat, 0, turns=[ChatMessage(role="user", content="Any numbat?")])
    assert (found(filled, "bilby")[3], found(filled, "numbat")[3]) == (0, 1)
    put_back(filled, removed)
    assert (found(filled, "bilby")[3], found(filled, "numbat")[3]) == (1, 0)
    delete_chat(filled, chat)
    assert found(filled, "bilby")[3] == 0


def test_a_field_that_a_kind_lacks_is_named(filled: Library) -> None:
    groups = find(filled, "leaked:yes wrong:yes").groups
    assert [group.lacking for group in groups] == [(), (), ("leaked",), ("leaked", "wrong")]


@pytest.mark.parametrize("search", [find, lambda library, text: count_tasks(library, TaskFilter(text=text))])
def test_an_unknown_field_is_named_with_the_known_ones(
    filled: Library, search: Callable[[Library, str], object]
) -> None:
    with pytest.raises(QueryError, match="no field 'colour' to search by; the fields are family, split"):
        search(filled, "colour:red")


def test_the_filters_of_the_pages_read_the_same_language(filled: Library) -> None:
    assert count_tasks(filled, TaskFilter(text="family:sums wrong:yes")) == 1
    assert count_records(filled, RecordFilter(text="wrong:yes", strategy="direct")) == 1


def test_only_the_kinds_that_were_asked_for_are_searched(filled: Library) -> None:
    findings = find(filled, "plus", kinds=["records"], limit=1)
    assert [(group.kind, group.total, len(group.hits)) for group in findings.groups] == [("records", 4, 1)]
