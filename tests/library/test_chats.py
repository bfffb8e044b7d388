"""Chats with one model and with several, from before and from now."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from library_doubles import delete_chat, make_chat

from orca_desk.errors import UserError
from orca_desk.library.chats import (
    ChatMessage,
    add_message,
    ask_columns,
    branch_chat,
    columns,
    create_columns,
    cut_chat,
    get_chat,
    list_chats,
    messages,
    put_back,
    rename_chat,
)
from orca_desk.library.database import Library
from orca_desk.library.deleting.trash import restore_from_trash
from orca_desk.library.migrations import APPLICATION_ID, statements
from orca_desk.library.schema import MIGRATIONS
from orca_desk.method.records import Sampling

QUESTION = ChatMessage(role="user", content="Where is the ball?", task="t-1")
ANSWER = ChatMessage(
    role="assistant",
    content="In the box.",
    finish_reason="stop",
    completion_tokens=4,
    seconds=0.5,
    sampling=Sampling(temperature=0.7, stop=("\n",)),
)
MORE = ChatMessage(role="user", content="And the cat?")


@pytest.fixture
def three(library: Library, tmp_path: Path) -> list[str]:
    """A chat with two questions, answered by three models."""
    models = [
        (tmp_path / "s.gguf", tmp_path / "a.gguf"),
        (tmp_path / "s.gguf", None),
        (tmp_path / "t.gguf", None),
    ]
    ids = [chat.id for chat in create_columns(library, title="John", models=models, system="Be brief.")]
    for question in (QUESTION, MORE):
        ask_columns(library, ids[0], [question])
        for chat_id in ids:
            add_message(library, chat_id, ANSWER)
    return ids


def test_a_chat_with_one_model(library: Library, tmp_path: Path) -> None:
    chat = make_chat(library, title="John and Mark", model=tmp_path / "m.gguf", adapter=None, system="")
    assert [add_message(library, chat.id, turn) for turn in (QUESTION, ANSWER)] == [0, 1]
    assert messages(library, chat.id) == [QUESTION, ANSWER]
    other = make_chat(library, title="", model=tmp_path / "m.gguf", adapter=tmp_path / "a.gguf", system="Hi")
    assert list_chats(library) == [other, chat]
    assert columns(library, chat.id) == [chat]
    delete_chat(library, chat.id)
    assert list_chats(library) == [other]
    assert library.rows("SELECT * FROM messages") == []
    for act in (get_chat, delete_chat, columns):
        with pytest.raises(UserError, match="no chat"):
            act(library, chat.id)
    with pytest.raises(UserError, match="no chat"):
        add_message(library, chat.id, QUESTION)


def test_each_column_has_all_turns_and_the_first_one_is_listed(library: Library, three: list[str]) -> None:
    assert [chat.id for chat in columns(library, three[0])] == three
    assert [chat.adapter is None for chat in columns(library, three[0])] == [False, True, True]
    for chat_id in three:
        assert messages(library, chat_id) == [QUESTION, ANSWER, MORE, ANSWER]
    assert [chat.id for chat in list_chats(library)] == three[:1]


def test_a_deleted_chat_comes_back_whole(library: Library, three: list[str], tmp_path: Path) -> None:
    before = columns(library, three[0])
    entry = delete_chat(library, three[0])
    assert library.rows("SELECT * FROM chats") == library.rows("SELECT * FROM messages") == []
    new = make_chat(library, title="new", model=tmp_path / "m.gguf", adapter=None, system="")
    restore_from_trash(library, entry)
    assert columns(library, three[0]) == before
    assert messages(library, three[2]) == [QUESTION, ANSWER, MORE, ANSWER]
    assert [chat.id for chat in list_chats(library)] == [new.id, three[0]]


@pytest.mark.parametrize("keep", [False, True])
def test_turns_are_cut_off_and_restored(library: Library, three: list[str], keep: bool) -> None:
    removed = cut_chat(library, three[0], 1, keep_question=keep)
    left = [QUESTION, ANSWER, MORE][: 3 if keep else 2]
    assert messages(library, three[0]) == messages(library, three[2]) == left
    ask_columns(library, three[0], [ChatMessage(role="user", content="Something else")])
    add_message(library, three[1], ANSWER)
    instead = {chat_id: messages(library, chat_id) for chat_id in three}
    replaced = put_back(library, removed)
    for chat_id in three:
        assert messages(library, chat_id) == [QUESTION, ANSWER, MORE, ANSWER]
    put_back(library, replaced)
    assert {chat_id: messages(library, chat_id) for chat_id in three} == instead


def test_a_cut_takes_the_system_message_of_its_question_and_appends_turns(
    library: Library, three: list[str]
) -> None:
    system = ChatMessage(role="system", content="Shout.")
    ask_columns(library, three[0], [system, MORE])
    removed = cut_chat(library, three[0], 2, turns=[QUESTION])
    for chat_id in three:
        assert messages(library, chat_id) == [QUESTION, ANSWER, MORE, ANSWER, QUESTION]
    put_back(library, removed)
    assert messages(library, three[1])[-2:] == [system, MORE]


def test_one_column_loses_its_answer_alone(library: Library, three: list[str]) -> None:
    cut_chat(library, three[0], 1, keep_question=True, only=three[1])
    assert [len(messages(library, chat_id)) for chat_id in three] == [4, 3, 4]


def test_a_question_to_a_deleted_chat_is_refused(library: Library, three: list[str]) -> None:
    delete_chat(library, three[0])
    for ask in (
        lambda: ask_columns(library, three[0], [QUESTION]),
        lambda: cut_chat(library, three[0], 0, turns=[QUESTION]),
    ):
        with pytest.raises(UserError, match="no chat"):
            ask()
    assert library.rows("SELECT * FROM messages") == []


def test_a_new_chat_begins_with_its_question(library: Library, tmp_path: Path) -> None:
    models = [(tmp_path / "m.gguf", None), (tmp_path / "t.gguf", None)]
    made = create_columns(library, title="x", models=models, system="", turns=[QUESTION])
    assert [messages(library, one.id) for one in made] == [[QUESTION], [QUESTION]]


def test_a_chat_is_found_by_its_title_and_by_what_any_column_said(library: Library, three: list[str]) -> None:
    add_message(library, three[2], ChatMessage(role="assistant", content="100% of it_all"))
    assert [chat.id for chat in list_chats(library, "JOH")] == three[:1]
    assert [chat.id for chat in list_chats(library, "0% of it_a")] == three[:1]
    assert list_chats(library, "1%0") == list_chats(library, "it.all") == []
    assert list_chats(library, limit=0) == []


def test_rename(library: Library, three: list[str]) -> None:
    assert rename_chat(library, three[0], "Ball") == "John"
    assert get_chat(library, three[0]).title == "Ball"
    with pytest.raises(UserError, match="no chat"):
        rename_chat(library, "chat-99", "x")


def test_chats_of_an_older_library_stay_readable(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as db:
        for statement in statements(MIGRATIONS[0]):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO chats VALUES (1, 'chat-1', 'Old', '/m.gguf', NULL, 'Hi', '2026-01-01')")
        db.execute("INSERT INTO messages VALUES (1, 0, 'user', 'Where?', NULL, NULL, '2026-01-01')")
        db.execute("INSERT INTO messages VALUES (1, 1, 'assistant', 'There.', 'stop', 2, '2026-01-01')")
        db.commit()
    with Library.open(tmp_path) as library:
        assert [chat.title for chat in columns(library, "chat-1")] == ["Old"]
        assert [turn.content for turn in messages(library, "chat-1")] == ["Where?", "There."]
        add_message(library, "chat-1", QUESTION)
        assert messages(library, "chat-1")[2] == QUESTION


def test_a_branch_has_all_columns_up_to_the_answers_and_the_chat_stays(
    library: Library, three: list[str]
) -> None:
    before = columns(library, three[0])
    early, late = branch_chat(library, three[0], 0), branch_chat(library, three[0], 1)
    made = columns(library, early)
    assert len({chat.id for chat in (*before, *made)}) == 6 and made[0].id == early
    assert [(one.title, one.model, one.adapter, one.system, one.part) for one in made] == [
        (f"Branch: {one.title}", one.model, one.adapter, one.system, one.part) for one in before
    ]
    for chat in made:
        assert messages(library, chat.id) == [QUESTION, ANSWER]
    again = branch_chat(library, early, 0)
    assert columns(library, again)[0].title == made[0].title  # no branch of a branch of a branch
    delete_chat(library, again)
    assert messages(library, late) == messages(library, three[0]) == [QUESTION, ANSWER, MORE, ANSWER]
    ask_columns(library, early, [MORE])
    assert messages(library, three[2]) == [QUESTION, ANSWER, MORE, ANSWER]
    assert [chat.id for chat in list_chats(library)] == [late, early, three[0]]


def test_a_branch_leaves_the_system_message_of_later_questions_out(
    library: Library, three: list[str]
) -> None:
    ask_columns(library, three[0], [ChatMessage(role="system", content="Now in French."), MORE])
    for chat in columns(library, branch_chat(library, three[0], 1)):
        assert messages(library, chat.id) == [QUESTION, ANSWER, MORE, ANSWER]


def test_no_branch_after_a_question_that_is_not_there(library: Library, three: list[str]) -> None:
    for question in (-1, 2):
        with pytest.raises(UserError, match="has no question"):
            branch_chat(library, three[0], question)
    with pytest.raises(UserError, match="no chat"):
        branch_chat(library, "chat-99", 0)
    assert [chat.id for chat in list_chats(library)] == three[:1]
