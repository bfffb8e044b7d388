"""A list takes as many queries as one of its rows, and a search finds every script in any case."""

from pathlib import Path

import pytest
from library_doubles import judged, make_chat, make_record, make_task

from orca_desk.library.answers import AskedFilter, all_answers, asked_tasks
from orca_desk.library.chats import ChatMessage, ask_columns, list_chats
from orca_desk.library.database import Library
from orca_desk.library.evaluations import (
    Answered,
    Question,
    add_answers,
    create_evaluation,
    list_evaluations,
)
from orca_desk.library.lookup import look_up
from orca_desk.library.new_records import add_records
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.record_edits import revise
from orca_desk.library.records import RecordFilter, list_records
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, list_trainings
from orca_desk.method.pairing import Evidence, Pairing


def evaluation(library: Library, number: int) -> str:
    """Store an evaluation of one task with its answer; return its id."""
    made = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question(task_id=make_task(number).id, family="sums")],
        settings={"number": number},
    )
    answer = Answered(
        task_id=make_task(number).id,
        response=f"ÄRGER {number}",
        correct=True,
        reason="",
        recognised=None,
        completion_tokens=1,
        finish_reason="stop",
    )
    add_answers(library, made.id, [answer])
    return made.id


def add(library: Library, number: int) -> None:
    """Store one more of everything that there are lists of."""
    add_tasks(library, [make_task(number)])
    add_records(library, [judged(make_record(number), number)])
    snapshot = freeze(library, name=f"snapshot {number}").id
    create_training(library, base=Path("/base"), snapshot=snapshot, settings={"number": number})
    evaluation(library, number)
    evidence = Evidence(
        family=f"f{number}", strategy="direct", n=1, correct=1, mean_tokens=1.0, outcomes=(("t", True),)
    )
    pairing = Pairing(family=f"f{number}", strategy="direct", evidence=(evidence,), reason="")
    set_pairings(library, [pairing], source="measured")


def queries(library: Library) -> int:
    """Read every list; return the number of queries that it took."""
    asked: list[str] = []
    with library.read() as db:
        db.set_trace_callback(asked.append)
        evaluations = [one.id for one in list_evaluations(library)]
        tasks = [one.task_id for one in asked_tasks(library, evaluations[:1])]
        assert len(all_answers(library, evaluations, tasks)) == len(tasks)
        assert len(list_trainings(library)) == len(list_snapshots(library)) == len(evaluations)
        assert all(one.pairing.evidence for one in current_pairings(library).values())
        db.set_trace_callback(None)
    return len(asked)


def test_lists_take_as_many_queries_as_one_row(library: Library) -> None:
    add(library, 1)
    once = queries(library)
    for number in (2, 3, 4):
        add(library, number)
    assert queries(library) == once


@pytest.mark.parametrize("text", ["ärger", "ÄRGER", "ÄrGeR", "ΣΊΣΥΦΟΣ", "Σίσυφος", "STRASSE", "москва"])
def test_a_search_finds_every_script_in_any_case(library: Library, text: str) -> None:
    words = "Ärger, σίσυφος, Straße, МОСКВА"
    make_chat(library, title="Other", model=Path("/m.gguf"))
    chat = make_chat(library, title="Chat", model=Path("/m.gguf"))
    ask_columns(library, chat.id, [ChatMessage(role="user", content=f"About {words}.")])
    assert [one.id for one in list_chats(library, text)] == [chat.id]
    titled = make_chat(library, title=words, model=Path("/m.gguf"))
    assert [one.id for one in look_up(library, text) if one.kind == "chat"] == [titled.id]
    add_records(library, [judged(make_record(1), 1), judged(make_record(2, user=words), 2)])
    assert [one.record.id for one in list_records(library, RecordFilter(text=text)).items] == ["record-00002"]
    revise(library, "record-00001", f"My own: {words}", verdict=None)
    assert len(list_records(library, RecordFilter(text=text)).items) == 2


def test_a_search_of_answers_finds_them_in_any_case(library: Library) -> None:
    add_tasks(library, [make_task(1, query="Où est l'ÉCOLE?")])
    ids = [evaluation(library, 1)]
    for text in ("ärger", "Ärger 1"):
        assert len(asked_tasks(library, ids, AskedFilter(text=text))) == 1
