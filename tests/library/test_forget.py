"""What must go is gone from every byte of the library; what stays says what it lost."""

from pathlib import Path

import pytest
from library_doubles import judged, make_chat, make_record, make_task

from orca_desk.errors import UserError
from orca_desk.library.answers import answer_counts
from orca_desk.library.chats import ChatMessage, ask_columns, list_chats
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.finding import find
from orca_desk.library.forget import forget
from orca_desk.library.integrity import check
from orca_desk.library.records import add_records, count_records, decide, revise
from orca_desk.library.snapshot_losses import lost_records, require_whole
from orca_desk.library.snapshots import freeze, get_snapshot
from orca_desk.library.tasks import add_tasks, count_tasks, get_task, update_task
from orca_desk.library.text_indexes import index_all
from orca_desk.library.traces import holds, spellings, traces_of
from orca_desk.library.trainings import create_training
from orca_desk.method.records import Task
from orca_desk.method.snapshot_rules import SnapshotRules

SECRET = Task(family="private", query='Where does "Zebulonia Quarkwright" live now?', answer="Blavatsk")
SECRETS = ("Zebulonia", "Quarkwright", "zebulonia", "quarkwright", "Blavatsk", "blavatsk", "Xanthippe")


@pytest.fixture
def filled(library: Library) -> Library:
    """A secret task with everything that can be made from it, among others."""
    add_tasks(library, [*map(make_task, range(30)), SECRET])
    secret = make_record(99, task_id=SECRET.id, family="private", user=SECRET.user_text, response="Blavatsk")
    add_records(library, [judged(secret, "Blavatsk"), *(judged(make_record(n), n) for n in range(9))])
    revise(library, secret.id, "She lives in Blavatsk, says Xanthippe.", verdict=None)
    decide(library, [secret.id], "keep")
    snapshot = freeze(library, name="both", rules=SnapshotRules(only_paired=False))
    freeze(library, name="sums", rules=SnapshotRules(only_paired=False, families=("sums",)))
    training = create_training(library, base=Path("/base"), snapshot=snapshot.id, settings={})
    training.folder.mkdir(parents=True)
    (training.folder / "records.jsonl").write_text(f'{{"user": "{SECRET.query}"}}\n'.replace('""', '"'))
    evaluation = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(task, paired=None) for task in (SECRET, make_task(1))],
        settings={"note": SECRET.query},
    )
    answers = [
        Answered(
            task_id=task.id,
            response=f"{text}, I think",
            correct=True,
            reason=f"{text} is right",
            recognised=None,
            completion_tokens=1,
            finish_reason="stop",
        )
        for task, text in ((SECRET, "Blavatsk"), (make_task(1), "1"))
    ]
    add_answers(library, evaluation.id, answers)
    chat = make_chat(library, title="Zebulonia", model=Path("/m.gguf"))
    ask_columns(library, chat.id, [ChatMessage(role="user", content=SECRET.query, task=SECRET.id)])
    make_chat(library, title="Other", model=Path("/m.gguf"))
    return library


def test_the_list_before_names_everything(filled: Library) -> None:
    update_task(filled, get_task(filled, SECRET.id))
    traces = traces_of(filled, [SECRET.id])
    assert (traces.tasks, traces.records, traces.edits, traces.answers) == (1, 1, 1, 1)
    assert [(one.name, one.records, one.of) for one in traces.snapshots] == [("both", 1, 10)]
    assert [one.id for one in traces.trainings] == ["train-1"]
    assert (traces.evaluations, traces.chats) == (("evaluate-1",), ("chat-1",))
    assert [path.name for path in traces.files] == ["records.jsonl"]


def test_no_byte_of_the_texts_is_left_in_the_database(filled: Library) -> None:
    words = [form for secret in SECRETS for form in spellings(secret)]
    assert any(holds(path, words) for path in filled.folder.glob("library.db*"))
    forget(filled, [SECRET.id], {"tasks": 1})
    for path in filled.folder.glob("library.db*"):
        data = path.read_bytes()
        assert [word for word in words if word in data] == [], path.name
    assert (count_tasks(filled), count_records(filled)) == (30, 9)
    assert find(filled, "zebulonia").total == 0
    assert [chat.title for chat in list_chats(filled)] == ["Other"]
    assert check(filled, thorough=True) == []


def test_an_evaluation_keeps_its_figures(filled: Library) -> None:
    forget(filled, [SECRET.id], {})
    counts = answer_counts(filled)["evaluate-1"]
    assert (counts.questions, counts.answered, counts.correct) == (2, 2, 2)
    assert find(filled, "think").groups[2].total == 1


def test_a_snapshot_that_lost_records_says_so(filled: Library) -> None:
    snapshots = {
        get_snapshot(filled, row["id"]).name: row["id"] for row in filled.rows("SELECT id FROM snapshots")
    }
    forget(filled, [SECRET.id], {})
    assert lost_records(filled) == {snapshots["both"]: 1}
    require_whole(filled, snapshots["sums"])
    with pytest.raises(UserError, match="both is no longer whole: 1 of its records were deleted for good on"):
        require_whole(filled, snapshots["both"])


def test_records_are_protected_again_and_the_rest_is_found(filled: Library) -> None:
    forget(filled, [SECRET.id], {"tasks": 1})
    with pytest.raises(Exception, match="a teacher record is never deleted"):
        filled.write(lambda db: db.execute("DELETE FROM records"))
    index_all(filled)
    assert find(filled, "plus").groups[1].total == 9
    row = filled.row("SELECT account FROM forgotten")
    assert row and row["account"] == '{"tasks": 1}'


def test_nothing_is_deleted_for_an_unknown_task(filled: Library) -> None:
    with pytest.raises(UserError, match="do not exist"):
        forget(filled, [SECRET.id, "nobody"], {})
    assert count_tasks(filled) == 31
