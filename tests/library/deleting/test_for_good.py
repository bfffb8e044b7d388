"""What must go is gone from every byte of the library; what stays says what it lost."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from library_doubles import judged, make_chat, make_record, make_task, update_tasks

from orca_desk.errors import UserError
from orca_desk.library.answers import answer_counts
from orca_desk.library.care.compacting import compact
from orca_desk.library.care.integrity import check
from orca_desk.library.chats import ChatMessage, ask_columns, list_chats
from orca_desk.library.database import Library
from orca_desk.library.deleting.for_good import TextsLeftError, forget
from orca_desk.library.deleting.traces import traces_of
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.finding import find
from orca_desk.library.new_records import add_records
from orca_desk.library.proposals import StoredReply, add_proposals, add_replies
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.records import count_records
from orca_desk.library.snapshot_losses import require_whole
from orca_desk.library.snapshots import freeze, get_snapshot
from orca_desk.library.tasks import add_tasks, count_tasks, delete_tasks, get_task
from orca_desk.library.text_indexes import index_all
from orca_desk.library.trainings import create_training
from orca_desk.method.proposals import Proposal
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


def left_in(library: Library, words: Iterable[str]) -> set[str]:
    """Which of these words are in any byte of the database's files."""
    files = [path.read_bytes() for path in library.folder.glob("library.db*")]
    return {word for word in words if any(word.encode() in data for data in files)}


def test_the_list_before_names_everything(filled: Library) -> None:
    update_tasks(filled, [get_task(filled, SECRET.id)])
    traces = traces_of(filled, [SECRET.id])
    assert (traces.tasks, traces.records, traces.edits, traces.answers) == (1, 1, 1, 1)
    assert [(one.name, one.records, one.of) for one in traces.snapshots] == [("both", 1, 10)]
    assert [one.id for one in traces.trainings] == ["train-1"]
    assert (traces.evaluations, traces.chats) == (("evaluate-1",), ("chat-1",))
    assert [path.name for path in traces.files] == ["records.jsonl"]


def test_no_byte_of_the_texts_is_left_in_the_database(filled: Library) -> None:
    assert left_in(filled, SECRETS)
    forget(filled, [SECRET.id], {"tasks": 1})
    assert left_in(filled, SECRETS) == set()
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
    with pytest.raises(UserError, match="no longer exist"):
        forget(filled, [SECRET.id, "nobody"], {})
    assert count_tasks(filled) == 31


EARLIER = "My sister Wilhelmina hides in Quokkaville."
TALK = Task(family="private", query="Where?", answer="No", turns=(("user", EARLIER), ("assistant", "Noted.")))


def test_the_texts_of_earlier_turns_go_from_everything_that_mentions_them(library: Library) -> None:
    add_tasks(library, [TALK, make_task(1)])
    prompt = StoredReply(
        id="1", model_sha256="m", system="", user=f"User: {EARLIER}", reply="Yes", finish_reason="stop"
    )
    add_replies(library, [prompt, replace(prompt, id="2", user="Something else")])
    add_proposals(
        library,
        "grow-1",
        [Proposal(task=task, ancestry={"kind": "document"}) for task in (TALK, make_task(2))],
    )
    chat = make_chat(library, title="Where", model=Path("/m.gguf"))
    ask_columns(library, chat.id, [ChatMessage(role="user", content=EARLIER)])
    traces = traces_of(library, [TALK.id])
    assert (traces.proposals, traces.chats) == (1, ("chat-1",))
    forget(library, [TALK.id], {})
    assert left_in(library, ("Wilhelmina", "wilhelmina", "Quokkaville", "quokkaville")) == set()
    assert [row["id"] for row in library.rows("SELECT id FROM replies")] == ["2"]
    assert len(library.rows("SELECT 1 FROM proposals")) == 1


def test_an_evaluation_of_a_twin_that_was_deleted_before_loses_the_text(library: Library) -> None:
    twin = replace(SECRET, family="other", id="")
    add_tasks(library, [SECRET, twin])
    asked = [Question.of(twin, paired=None)]
    create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=asked,
        settings={},
    )
    assert traces_of(library, [SECRET.id]).twins == 1
    delete_tasks(library, [twin.id])
    traces = traces_of(library, [SECRET.id])
    assert (traces.twins, traces.evaluations) == (0, ("evaluate-1",))
    forget(library, [SECRET.id], {})
    assert left_in(library, SECRETS) == set()


def test_what_another_task_has_too_is_no_reason_to_delete_anything(library: Library) -> None:
    passage = "A passage that many tasks are about."
    first, second = (make_task(number, context=passage) for number in (1, 2))
    add_tasks(library, [first, second])
    add_proposals(
        library,
        "grow-1",
        [Proposal(task=make_task(3, context=passage), ancestry={"kind": "document"})],
    )
    assert traces_of(library, [first.id]).proposals == 0
    forget(library, [first.id], {})
    assert len(library.rows("SELECT 1 FROM proposals")) == 1


def test_only_what_a_training_was_given_is_listed_of_its_files(filled: Library) -> None:
    word = Task(family="words", query="internationalisation")
    add_tasks(filled, [word])
    adapter = filled.folder / "trainings" / "train-1" / "adapter"
    adapter.mkdir()
    (adapter / "tokenizer.json").write_text('{"internationalisation": 1}')
    assert traces_of(filled, [word.id]).files == ()
    (filled.folder / "logs").mkdir()
    log = filled.folder / "logs" / "orca-desk.log.1"  # an older one
    log.write_text(f"asked: {SECRET.query}")
    assert [path.name for path in traces_of(filled, [SECRET.id]).files] == [log.name, "records.jsonl"]


def test_texts_that_another_reader_keeps_are_told(library: Library) -> None:
    add_tasks(library, [SECRET])
    library.alone(lambda db: db.execute("PRAGMA busy_timeout = 1"))
    with closing(sqlite3.connect(library.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM tasks").fetchone()
        with pytest.raises(TextsLeftError, match="another program is reading the library"):
            forget(library, [SECRET.id], {})
        assert count_tasks(library) == 0
    compact(library)
    assert left_in(library, SECRETS) == set()


def test_nothing_is_deleted_without_the_space_to_write_the_file_anew(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tasks(library, [SECRET])
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=0))
    with pytest.raises(UserError, match="Deleting for good needs"):
        forget(library, [SECRET.id], {})
    assert count_tasks(library) == 1
