"""Stored chats as turns, what a model is sent of them, and what becomes a message."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage, add_message, ask_columns, create_columns
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.records import Task
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.draft import LARGEST_FILE, Draft, read_context_file
from orca_desk.steps.chat.transcript import Turn, prompt, read_transcript, title_of

TASK = Task(family="sums", query="What is 2 + 2?", answer="4")
NEXT = Turn.new("Next", system="S", task=None, columns=2)


@pytest.fixture
def chat_id(library: Library) -> str:
    """Two columns; the second one did not answer the first question; then another system message."""
    add_tasks(library, [TASK])
    models = [(Path("/a.gguf"), None), (Path("/b.gguf"), Path("/c.gguf"))]
    first, second = (chat.id for chat in create_columns(library, title="x", models=models, system="S"))
    ask_columns(library, first, [ChatMessage(role="user", content=TASK.query, task=TASK.id)])
    add_message(library, first, ChatMessage(role="assistant", content="Answer: 4"))
    ask_columns(
        library, first, [ChatMessage(role="system", content=""), ChatMessage(role="user", content="More")]
    )
    for column in (first, second):
        add_message(library, column, ChatMessage(role="assistant", content=f"of {column}"))
    return first


def contents(turn: Turn) -> list[str | None]:
    return [answer and answer.content for answer in turn.answers]


def test_a_chat_is_read_turn_by_turn(library: Library, chat_id: str) -> None:
    found = read_transcript(library, chat_id)
    assert [(turn.question, turn.system) for turn in found.turns] == [(TASK.query, "S"), ("More", "")]
    assert contents(found.turns[0]) == ["Answer: 4", None]
    assert contents(found.turns[1]) == ["of chat-1", "of chat-2"]
    assert found.turns[0].task == TASK
    assert found.turns[0].verdicts[0] and found.turns[0].verdicts[0].correct
    assert found.turns[0].verdicts[1] is None
    assert found.turns[1].verdicts == (None, None)
    assert found.system == ""
    delete_tasks(library, [TASK.id])
    assert read_transcript(library, chat_id).turns[0].task is None
    with pytest.raises(UserError, match="no chat"):
        read_transcript(library, "chat-9")


def test_a_model_is_sent_its_own_answers_and_no_question_without_one(library: Library, chat_id: str) -> None:
    turns = read_transcript(library, chat_id).turns
    assert prompt(turns, 0, NEXT) == [
        Message("system", "S"),
        Message("user", TASK.query),
        Message("assistant", "Answer: 4"),
        Message("user", "More"),
        Message("assistant", "of chat-1"),
        Message("user", "Next"),
    ]
    assert [message.content for message in prompt(turns, 1, NEXT)] == ["S", "More", "of chat-2", "Next"]


def test_earlier_turns_of_a_task_are_asked_as_turns_and_stored(library: Library) -> None:
    shots = (("user", "1 + 1?"), ("assistant", "Answer: 2"))
    task = Task(family="sums", query="2 + 2?", answer="4", turns=shots)
    add_tasks(library, [task])
    draft = Draft.of_task(task)
    assert (draft.message, draft.turns, draft.task) == ("2 + 2?", shots, task)
    assert Draft(question="2 + 2?", source=task).task is None  # another question without them
    [column] = create_columns(library, title="x", models=[(Path("/a.gguf"), None)], system="S")
    ask_columns(
        library, column.id, [ChatMessage(role="user", content="2 + 2?", task=task.id, turns=draft.turns)]
    )
    [turn] = read_transcript(library, column.id).turns
    assert turn.before == shots and turn.task == task
    assert prompt([], 0, turn) == [
        Message("system", "S"),
        Message("user", "1 + 1?"),
        Message("assistant", "Answer: 2"),
        Message("user", "2 + 2?"),
    ]
    assert Draft.of_turn(turn).task == task
    delete_tasks(library, [task.id])
    [turn] = read_transcript(library, column.id).turns
    assert turn.before == shots and Draft.of_turn(turn).turns == shots


def test_a_model_is_not_sent_an_empty_answer() -> None:
    turn = Turn.new("One", system="", task=None, columns=1)
    stopped = turn.answered(0, ChatMessage(role="assistant", content="", finish_reason="cancelled"))
    assert prompt([stopped], 0, NEXT) == [Message("system", "S"), Message("user", "Next")]


def test_titles() -> None:
    assert title_of("A long story.\n\nWhere  is the ball?\n") == "Where is the ball?"
    assert title_of(" \n") == ""
    assert len(title_of("word " * 50)) <= 60


def test_a_draft_joins_context_and_question() -> None:
    assert Draft(question=" Who? ", context="Anna.\n").message == "Anna.\n\nWho?"
    assert Draft(question=" ", context="Anna.").message == ""
    assert Draft(question="Who?").task is None


def test_a_draft_of_a_task_asks_it_until_it_is_edited() -> None:
    task = Task(family="belief", query="Where?", context="Anna has a ball. ")
    draft = Draft.of_task(task)
    assert draft.task == task
    edited = Draft(question="Where now?", context=task.context, source=task)
    assert edited.task is None
    turn = Turn.new(draft.message, system="", task=task, columns=1)
    assert Draft.of_turn(turn) == draft
    assert Draft.of_turn(Turn.new("Hi", system="", task=None, columns=1)) == Draft(question="Hi")


def test_a_text_file_becomes_a_context(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffÄ line\r\nnext\r\n".encode())
    assert read_context_file(path) == "Ä line\nnext"
    for content, words in (
        (b"\xff\xfe\x00x", "not a text"),
        (b"a\0b", "not a text"),
        (b"x" * (LARGEST_FILE + 1), "1 MB"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=words):
            read_context_file(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_context_file(tmp_path / "none.txt")
    with pytest.raises(UserError, match="cannot be read"):
        read_context_file(tmp_path)
