"""Chatting with a tiny real model in its worker."""

import threading
from dataclasses import asdict

import psutil
import pytest

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.processes import protocol
from orca_desk.processes.asking import Runner
from orca_desk.processes.process import WorkerProcess
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.session import ChatSession

LONG = [Message("system", "You are a cautious assistant."), Message("user", "12 + 30")]  # hundreds of tokens
HELLO = [Message("system", "You are a cautious assistant."), Message("user", "Where is John?")]


@pytest.fixture
def session(tiny_llama):
    with ChatSession(tiny_llama.gguf, context=1000, threads=1) as session:
        yield session


def test_an_answer_comes_in_pieces_and_the_model_stays_loaded(session):
    pieces = list(session.send(HELLO, Sampling(max_tokens=40)))
    assert session.finish_reason in ("stop", "length")
    assert session.context == 1000
    assert session.prompt_tokens > 5
    assert 1 <= session.completion_tokens <= 40
    assert session.seconds > 0
    (worker,) = psutil.Process().children()
    again = list(session.send(HELLO, Sampling(max_tokens=40)))
    assert "".join(again) == "".join(pieces) != ""
    assert psutil.Process().children() == [worker]


def test_an_answer_can_be_stopped_and_the_next_one_is_whole(session):
    whole = "".join(session.send(LONG, Sampling(max_tokens=900)))
    pieces = session.send(LONG, Sampling(max_tokens=900))
    first = next(pieces)
    session.stop()
    cut = first + "".join(pieces)
    assert whole.startswith(cut)
    assert session.finish_reason == "cancelled"
    assert 1 <= session.completion_tokens < 900
    assert session.seconds > 0
    assert "".join(session.send(LONG, Sampling(max_tokens=900))) == whole


def test_leaving_an_answer_early_does_not_leak_into_the_next(session):
    for _ in session.send(LONG, Sampling(max_tokens=900)):
        break
    assert session.finish_reason == "cancelled"
    assert list(session.send(HELLO, Sampling(max_tokens=1)))


def test_a_message_that_does_not_fit_is_refused_and_the_chat_continues(session):
    with pytest.raises(UserError, match="context"):
        list(session.send([Message("user", "box " * 3000)], Sampling(max_tokens=8)))
    assert list(session.send(HELLO, Sampling(max_tokens=8)))


def test_a_chat_continues_after_its_worker_died(session):
    pieces = session.send(LONG, Sampling(max_tokens=900))
    next(pieces)
    for worker in psutil.Process().children():
        worker.kill()
    with pytest.raises(UserError, match="memory"):
        list(pieces)
    assert list(session.send(HELLO, Sampling(max_tokens=8)))


def test_a_missing_model_is_reported(tmp_path):
    with ChatSession(tmp_path / "none.gguf") as session, pytest.raises(UserError, match=r"none\.gguf"):
        list(session.send(HELLO))


def test_a_session_is_killed_from_another_thread_and_its_answer_just_ends(session):
    pieces = session.send(LONG, Sampling(max_tokens=900))
    next(pieces)
    thread = threading.Thread(target=session.kill)
    thread.start()
    list(pieces)
    thread.join()
    assert session.finish_reason is None
    assert list(session.send(HELLO, Sampling(max_tokens=8))) == []


def test_an_answer_can_be_stopped_before_it_is_begun(tiny_llama):
    def request(key):
        messages = [[message.role, message.content] for message in HELLO]
        return protocol.request(
            {"key": key, "messages": messages, "sampling": asdict(Sampling(max_tokens=8))}
        )

    with WorkerProcess("chat", Runner(model=tiny_llama.gguf, batch=1, threads=1).as_job()) as worker:
        worker.send(protocol.control("cancel", key="0"))
        for key in ("0", "1"):
            worker.send(request(key))
        ended: list[tuple[str, str]] = []
        while len(ended) < 2 and (events := worker.events(1.0)) is not None:
            ended += [(each["event"], each["key"]) for each in events if each["event"] in ("cut", "answer")]
    assert ended == [("cut", "0"), ("answer", "1")]


def test_an_answer_gets_the_room_that_the_conversation_leaves(session):
    message = [Message("user", "box " * 900)]
    assert list(session.send(message, Sampling(max_tokens=900)))
    assert session.prompt_tokens + session.completion_tokens <= 1000
