"""Conversations as they are shown and sent, and which models answer them."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage, add_message, ask_columns, columns, create_columns, messages
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.library.trainings import create_training
from orca_desk.method.messages import Message
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.asking import Asker
from orca_desk.steps.chat.conversation import LARGEST_FILE, load, prompt, read_text, title_of
from orca_desk.steps.chat.models import Answerer, bundled, fingerprint, needs_conversion, of_training, part_of

TASK = Task(family="sums", query="What is 2 + 2?", answer="4")


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library", samples=False) as opened:
        yield opened


@pytest.fixture
def chat_id(library):
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


def test_a_conversation_is_shown_question_by_question(library, chat_id):
    found = load(library, chat_id)
    assert [(turn.question, turn.system) for turn in found.turns] == [(TASK.query, "S"), ("More", "")]
    assert [answer and answer.content for answer in found.turns[0].answers] == ["Answer: 4", None]
    assert [answer.content for answer in found.turns[1].answers] == ["of chat-1", "of chat-2"]
    assert found.turns[0].task == TASK
    assert found.turns[0].verdicts[0].correct
    assert found.turns[0].verdicts[1] is None
    assert found.turns[1].verdicts == [None, None]
    assert found.system == ""
    delete_tasks(library, [TASK.id])
    assert load(library, chat_id).turns[0].task is None
    with pytest.raises(UserError, match="no chat"):
        load(library, "chat-9")


def test_a_model_is_sent_its_own_answers_and_no_question_without_one(library, chat_id):
    turns = load(library, chat_id).turns
    assert prompt(turns, 0, "Next", "S") == [
        Message("system", "S"),
        Message("user", TASK.query),
        Message("assistant", "Answer: 4"),
        Message("user", "More"),
        Message("assistant", "of chat-1"),
        Message("user", "Next"),
    ]
    assert [message.content for message in prompt(turns, 1, "Next", "")] == ["", "More", "of chat-2", "Next"]


def test_titles():
    assert title_of("A long story.\n\nWhere  is the ball?\n") == "Where is the ball?"
    assert title_of(" \n") == ""
    assert len(title_of("word " * 50)) <= 60


def test_a_text_file_becomes_a_context(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffÄ line\r\nnext\r\n".encode())
    assert read_text(path) == "Ä line\nnext"
    for content, words in (
        (b"\xff\xfe\x00x", "not a text"),
        (b"a\0b", "not a text"),
        (b"x" * (LARGEST_FILE + 1), "1 MB"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=words):
            read_text(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_text(tmp_path / "none.txt")
    with pytest.raises(UserError, match="cannot be read"):
        read_text(tmp_path)


def test_what_a_model_is_in_a_chat(tiny_llama, tmp_path):
    assert part_of(tiny_llama.gguf, tmp_path / "a.gguf") == "student"
    assert part_of(tiny_llama.gguf, None) == "base"
    assert part_of(tmp_path / "big.gguf", None) == "teacher"
    assert part_of(tmp_path / "big.gguf", None, [tmp_path]) == "base"
    (tmp_path / "model.safetensors.index.json").touch()
    assert part_of(tmp_path / "big.gguf", None) == "base"
    assert [one.part for one in bundled()] == ["base", "teacher"]


def test_the_models_of_a_training(library, tiny_llama):
    library.write(
        lambda db: db.execute("INSERT INTO snapshots VALUES ('s', 's', 0, '', '{}', '{}', '')").rowcount
    )
    training = create_training(library, base=tiny_llama.folder, snapshot="s", settings={})
    assert not needs_conversion(library, training.id)
    found = of_training(library, training.id, progress=silent, control=JobControl())
    assert found == [Answerer(part="base", model=tiny_llama.gguf)]
    with pytest.raises(UserError, match="no training"):
        of_training(library, "train-9", progress=silent, control=JobControl())


def test_a_fingerprint_names_the_files(library, tiny_llama, tmp_path):
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"x")
    alone = fingerprint(library, Answerer(part="base", model=tiny_llama.gguf))
    both = fingerprint(library, Answerer(part="student", model=tiny_llama.gguf, adapter=adapter))
    assert len(alone) == 8
    assert both == f"{alone} + 2d711642"


@pytest.fixture
def asker(library, tiny_llama):
    made = Asker(library, Answerer(part="base", model=tiny_llama.gguf), threads=1)
    yield made
    made.kill()
    made.close()


def column_of(library, asker):
    model = asker.answerer.model
    return create_columns(library, title="x", models=[(model, None)], system="")[0].id


def ended(asker, reply):
    asker._thread.join()
    return reply.take(), reply.ending


def test_an_answer_is_stored_and_graded_in_its_thread(library, asker):
    column = column_of(library, asker)
    reply = asker.ask(column, [Message("user", "2 + 2")], Sampling(max_tokens=5), task=TASK)
    text, ending = ended(asker, reply)
    assert messages(library, column) == [ending.answer]
    assert ending.answer.content == text
    assert ending.verdict is not None
    assert ending.context and ending.prompt_tokens
    assert ending.error is None


def test_questions_to_one_model_wait_for_each_other(library, asker):
    column = column_of(library, asker)
    first = asker.ask(column, [Message("user", "one")], Sampling(max_tokens=5))
    second = asker.ask(column, [Message("user", "two")], Sampling(max_tokens=5))
    ended(asker, second)
    assert first.ending.answer and second.ending.answer
    assert messages(library, column) == [first.ending.answer, second.ending.answer]


def test_what_is_discarded_is_not_stored(library, asker):
    column = column_of(library, asker)
    reply = asker.ask(column, [Message("user", "one")], Sampling(max_tokens=5))
    reply.discard()
    asker.stop()
    ended(asker, reply)
    assert messages(library, column) == []


def test_closing_in_the_middle_keeps_what_came(library, asker):
    column = column_of(library, asker)
    reply = asker.ask(column, [Message("user", "12 + 30")], Sampling(max_tokens=900))
    while not reply.tokens:
        assert reply.ending is None or reply.ending.error is None
    asker.kill()
    asker.close()
    assert reply.ending.error is None
    (kept,) = messages(library, column)
    assert kept.content
    assert columns(library, column)


def test_an_error_is_told_by_the_ending(library, tmp_path):
    asker = Asker(library, Answerer(part="base", model=tmp_path / "gone.gguf"))
    column = column_of(library, asker)
    _, ending = ended(asker, asker.ask(column, [Message("user", "x")], Sampling()))
    assert isinstance(ending.error, UserError)
    assert messages(library, column) == []
    asker.close()
