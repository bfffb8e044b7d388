"""The conversation: every order in which messages, answers, stops and other chats can come."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from library_doubles import delete_chat
from scripted_session import SECONDS, Heard, ScriptedSession, busy_writer
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.chats import columns, list_chats, messages
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Sampling, Task
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat import sending
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import (
    AnswerEnded,
    AnswerFailed,
    NotOpened,
    NotStored,
    Piece,
    Shown,
    State,
    StateChanged,
    Stored,
    TurnAdded,
    TurnsCut,
)
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.chat.transcript import Transcript, read_transcript

TASK = Task(family="sums", query="What is 2 + 2?", answer="4")
SHORT = Sampling(max_tokens=5)
ENDLESS = Sampling(max_tokens=900, temperature=3.0, top_k=0, top_p=1.0, min_p=0.0)
TWO = [ChatModel(part="teacher", model=Path("/a.gguf")), ChatModel(part="teacher", model=Path("/b.gguf"))]


class Scene:
    """A conversation whose models say what the test says."""

    def __init__(self, library: Library | None) -> None:
        self.heard = Heard()
        self.sessions: list[ScriptedSession] = []
        self.threads: list[int] = []
        self.conversation = Conversation(library, self.heard, open_session=self._open)

    def _open(self, model: ChatModel, threads: int) -> ScriptedSession:
        self.sessions.append(ScriptedSession(model))
        self.threads.append(threads)
        return self.sessions[-1]

    def send(self, text: str, system: str = "S") -> None:
        """Send a message and wait until every model was asked."""
        before = [len(session.asked) for session in self.now]
        assert self.conversation.send(Draft(question=text), Asking(sampling=SHORT), system=system)
        self.asked(before)

    def asked(self, before: list[int]) -> None:
        self.heard.until(lambda: self.conversation.state == State.ASKING)
        while any(len(one.asked) == count for one, count in zip(self.now, before, strict=True)):
            pass  # the column's thread is about to ask

    def answer(self, *texts: str) -> None:
        """Let each column give an answer, and wait until the message is done."""
        for session, text in zip(self.now, texts, strict=True):
            session.say(text)
            session.finish()
        self.conversation.wait()

    def ask(self, text: str, *answers: str, system: str = "S") -> None:
        """Send a message and have it answered."""
        self.send(text, system)
        self.answer(*answers)

    @property
    def now(self) -> list[ScriptedSession]:
        """The sessions in use."""
        return self.sessions[-len(self.conversation.models) :]

    @property
    def shown(self) -> list[tuple[str, list[str | None]]]:
        """The turns: question and answers."""
        return [
            (turn.question, [one and one.content for one in turn.answers]) for turn in self.conversation.turns
        ]

    def states(self) -> list[State]:
        return [event.state for event in self.heard.of(StateChanged)]


@pytest.fixture
def scene(library: Library) -> Iterator[Scene]:
    """Two scripted models and a library."""
    made = Scene(library)
    made.conversation.use(TWO)
    made.heard.clear()
    yield made
    made.conversation.close()
    assert all(session.is_closed for session in made.sessions)


def stored(library: Library, chat_id: str) -> list[list[str]]:
    """The texts of each column in the library."""
    return [[turn.content for turn in messages(library, one.id)] for one in columns(library, chat_id)]


def same_as_library(scene: Scene, library: Library) -> bool:
    return read_transcript(library, scene.conversation.chat_id).turns == scene.conversation.turns


def refuse(library: Library) -> None:
    """Let the library refuse all changes of turns."""
    for event in ("INSERT", "DELETE"):
        sql = (
            f"CREATE TRIGGER no_{event} BEFORE {event} ON messages BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
        library.write(lambda db, sql=sql: db.execute(sql).rowcount)


def accept(library: Library) -> None:
    """Undo `refuse`."""
    for event in ("INSERT", "DELETE"):
        library.write(lambda db, event=event: db.execute(f"DROP TRIGGER no_{event}").rowcount)


def test_a_message_is_stored_asked_answered_and_done(scene: Scene, library: Library) -> None:
    scene.send("Hello")
    scene.now[0].say("Good ")
    scene.now[0].say("day")
    scene.now[0].finish()
    scene.heard.until(lambda: any(isinstance(event, AnswerEnded) for event in scene.heard.events))
    assert scene.conversation.state == State.ASKING
    scene.now[1].say("Hi")
    scene.now[1].finish("length")
    scene.conversation.wait()
    assert scene.states() == [State.STORING, State.ASKING, State.DONE]
    assert [(event.column, event.text, event.tokens) for event in scene.heard.of(Piece)] == [
        (0, "Good ", 1),
        (0, "day", 2),
        (1, "Hi", 1),
    ]
    assert scene.shown == [("Hello", ["Good day", "Hi"])]
    assert [event.context for event in scene.heard.of(AnswerEnded)] == [100, 100]
    assert scene.heard.of(Stored)[0].chat_id == scene.conversation.chat_id == "chat-1"
    assert stored(library, "chat-1") == [["Hello", "Good day"], ["Hello", "Hi"]]
    assert columns(library, "chat-1")[0].title == "Hello"
    assert same_as_library(scene, library)
    answer = scene.conversation.turns[0].answers[1]
    assert answer and answer.finish_reason == "length"


def test_the_next_message_carries_what_each_model_said(scene: Scene) -> None:
    scene.ask("One", "first", "second")
    scene.ask("Two", "x", "y")
    assert scene.now[1].asked[1] == (
        [
            Message("system", "S"),
            Message("user", "One"),
            Message("assistant", "second"),
            Message("user", "Two"),
        ],
        SHORT,
    )


def test_an_answer_to_a_task_is_graded(scene: Scene, library: Library) -> None:
    add_tasks(library, [TASK])
    assert scene.conversation.send(Draft.of_task(TASK), Asking(sampling=SHORT), system="")
    scene.answer("Answer: 4", "Answer: 5")
    verdicts = scene.conversation.turns[0].verdicts
    assert [verdict and verdict.correct for verdict in verdicts] == [True, False]
    assert {event.column: event.verdict for event in scene.heard.of(AnswerEnded)} == dict(enumerate(verdicts))


def test_a_bug_in_grading_ends_the_answer_and_not_the_chat(
    scene: Scene, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    add_tasks(library, [TASK])
    monkeypatch.setattr("orca_desk.steps.chat.answering.judge", broken)
    assert scene.conversation.send(Draft.of_task(TASK), Asking(sampling=SHORT), system="")
    scene.answer("Answer: 4", "Answer: 5")
    assert [type(event.error) for event in scene.heard.of(AnswerFailed)] == [ZeroDivisionError] * 2


def test_nothing_is_sent_without_text_without_models_or_while_busy(scene: Scene, library: Library) -> None:
    conversation = scene.conversation
    assert not conversation.send(Draft(question=" ", context="x"), Asking(sampling=SHORT), system="")
    assert conversation.regenerate(Asking(sampling=SHORT)) is None
    assert not conversation.retry(0, Asking(sampling=SHORT))
    assert conversation.edit(3, Draft(question="x"), Asking(sampling=SHORT), system="") is None
    conversation.use([])
    assert not conversation.send(Draft(question="Hello"), Asking(sampling=SHORT), system="")
    assert list_chats(library) == []


def test_an_edit_a_resend_and_another_message_wait_for_the_answers(scene: Scene, library: Library) -> None:
    scene.send("Hello")
    conversation, draft = scene.conversation, Draft(question="Bye")
    assert not conversation.send(draft, Asking(sampling=SHORT), system="S")
    assert conversation.edit(0, draft, Asking(sampling=SHORT), system="S") is None
    assert conversation.regenerate(Asking(sampling=SHORT)) is None
    assert not conversation.retry(1, Asking(sampling=SHORT))
    scene.answer("a", "b")
    assert scene.shown == [("Hello", ["a", "b"])]
    assert same_as_library(scene, library)


def test_a_stop_keeps_what_came(scene: Scene, library: Library) -> None:
    scene.send("Hello")
    scene.now[0].say("half")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    scene.conversation.stop()
    scene.conversation.wait()
    assert scene.conversation.state == State.STOPPED
    assert scene.shown == [("Hello", ["half", ""])]
    assert [answer and answer.finish_reason for answer in scene.conversation.turns[0].answers] == [
        "cancelled",
        "cancelled",
    ]
    assert same_as_library(scene, library)


def test_a_stop_while_storing_asks_nobody_and_keeps_the_question(
    scene: Scene, library: Library, held: Callable[[], None]
) -> None:
    assert scene.conversation.send(Draft(question="Hello"), Asking(sampling=SHORT), system="S")
    assert scene.conversation.state == State.STORING
    scene.conversation.stop()
    held()
    scene.conversation.wait()
    assert scene.states() == [State.STORING, State.STOPPED]
    assert [session.asked for session in scene.now] == [[], []]
    assert [event.answer for event in scene.heard.of(AnswerEnded)] == [None, None]
    assert stored(library, "chat-1") == [["Hello"], ["Hello"]]
    change = scene.conversation.regenerate(Asking(sampling=SHORT))
    assert change
    scene.answer("a", "b")
    assert scene.shown == [("Hello", ["a", "b"])]


@pytest.fixture
def held(library: Library) -> Iterator[Callable[[], None]]:
    """The library's writer is busy until the test calls this."""
    with busy_writer(library) as free:
        yield free


def test_a_chat_left_while_storing_is_stored_but_not_asked(
    scene: Scene, library: Library, held: Callable[[], None]
) -> None:
    scene.conversation.send(Draft(question="Hello"), Asking(sampling=SHORT), system="S")
    scene.conversation.new()
    assert scene.conversation.state == State.IDLE
    held()
    scene.heard.until(lambda: any(isinstance(event, Stored) for event in scene.heard.events))
    assert stored(library, "chat-1") == [["Hello"], ["Hello"]]
    assert scene.conversation.turns == () and scene.conversation.chat_id == ""
    assert [session.asked for session in scene.now] == [[], []]


def test_a_model_that_fails_leaves_the_others_and_answers_when_retried(
    scene: Scene, library: Library
) -> None:
    scene.send("Hello")
    scene.now[1].say("half an ")
    scene.now[1].fail(UserError("It died.", "Retry."))
    scene.now[0].say("whole")
    scene.now[0].finish()
    scene.conversation.wait()
    assert scene.conversation.state == State.DONE
    (failed,) = scene.heard.of(AnswerFailed)
    assert failed.column == 1 and "died" in str(failed.error)
    assert failed.answer and failed.answer.content == "half an "
    assert stored(library, "chat-1") == [["Hello", "whole"], ["Hello", "half an "]]
    assert scene.conversation.retry(1, Asking(sampling=SHORT))
    scene.now[1].say("whole too")
    scene.now[1].finish()
    scene.conversation.wait()
    assert len(scene.now[0].asked) == 1
    assert stored(library, "chat-1") == [["Hello", "whole"], ["Hello", "whole too"]]
    assert same_as_library(scene, library)


def test_a_message_after_a_failure_leaves_out_what_was_not_answered(scene: Scene, library: Library) -> None:
    scene.send("One")
    scene.now[1].fail(UserError("It died.", "Retry."))
    scene.now[0].say("a")
    scene.now[0].finish()
    scene.conversation.wait()
    scene.ask("Two", "c", "d")
    assert scene.now[1].asked[1][0] == [Message("system", "S"), Message("user", "Two")]
    assert stored(library, "chat-1") == [["One", "a", "Two", "c"], ["One", "Two", "d"]]
    assert same_as_library(scene, library)


def test_an_edit_replaces_later_turns_and_is_undone_and_redone(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    scene.ask("Two", "c", "d", system="T")
    before = scene.conversation.turns
    scene.heard.clear()
    change = scene.conversation.edit(0, Draft(question="Three"), Asking(sampling=SHORT), system="S")
    assert change
    scene.answer("e", "f")
    change.apply()
    assert scene.heard.of(TurnsCut)[0].number == 0
    assert [event.turn.question for event in scene.heard.of(TurnAdded)] == ["Three"]
    assert scene.shown == [("Three", ["e", "f"])]
    assert stored(library, "chat-1") == [["Three", "e"], ["Three", "f"]]
    after = scene.conversation.turns
    change.undo()
    assert scene.conversation.turns == before and same_as_library(scene, library)
    assert scene.heard.of(Shown)[-1].turns == before
    change.apply()
    assert scene.conversation.turns == after and same_as_library(scene, library)
    change.undo()
    change.undo()
    assert scene.conversation.turns == before and same_as_library(scene, library)


def test_an_edit_keeps_the_system_messages_true(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b", system="S")
    scene.ask("Two", "c", "d", system="T")
    scene.conversation.edit(0, Draft(question="Three"), Asking(sampling=SHORT), system="T")
    scene.answer("e", "f")
    scene.ask("Four", "g", "h", system="T")
    assert [turn.system for turn in read_transcript(library, "chat-1").turns] == ["T", "T"]
    assert same_as_library(scene, library)


def test_undoing_an_edit_discards_the_answers_on_their_way(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    change = scene.conversation.edit(0, Draft(question="Two"), Asking(sampling=SHORT), system="S")
    assert change
    change.apply()
    scene.heard.until(lambda: scene.conversation.state == State.ASKING)
    change.undo()
    assert scene.shown == [("One", ["a", "b"])]
    assert scene.conversation.state == State.IDLE
    scene.ask("Next", "c", "d")
    assert scene.shown == [("One", ["a", "b"]), ("Next", ["c", "d"])]
    assert same_as_library(scene, library)


def test_undoing_in_a_chat_that_was_left_changes_only_the_library(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    change = scene.conversation.edit(0, Draft(question="Two"), Asking(sampling=SHORT), system="S")
    assert change
    change.apply()
    scene.conversation.new()
    scene.ask("Other", "c", "d")
    change.undo()
    assert scene.shown == [("Other", ["c", "d"])]
    assert stored(library, "chat-1") == [["One", "a"], ["One", "b"]]


def test_one_column_answers_again_and_the_others_stay(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    change = scene.conversation.regenerate(Asking(sampling=Sampling(seed=7)), column=1)
    assert change
    scene.now[1].say("c")
    scene.now[1].finish()
    scene.conversation.wait()
    change.apply()
    assert scene.shown == [("One", ["a", "c"])] and same_as_library(scene, library)
    assert len(scene.now[0].asked) == 1 and scene.now[1].asked[-1][1] == Sampling(seed=8)
    change.undo()
    assert scene.shown == [("One", ["a", "b"])] and same_as_library(scene, library)


def test_a_column_with_its_own_sampling_is_asked_with_that(scene: Scene) -> None:
    warm = Sampling(temperature=0.8, seed=3)
    assert scene.conversation.send(
        Draft(question="One"), Asking(sampling=SHORT, own={1: warm, 7: SHORT}), system=""
    )
    scene.answer("a", "b")
    assert [one.asked[-1][1] for one in scene.now] == [SHORT, warm]
    scene.conversation.regenerate(Asking(sampling=SHORT, own={1: warm}), column=1)
    scene.now[1].say("c")
    scene.now[1].finish()
    scene.conversation.wait()
    assert scene.now[1].asked[-1][1] == Sampling(temperature=0.8, seed=4)
    with pytest.raises(UserError, match="cannot vote"):  # a column at temperature 0
        scene.conversation.send(
            Draft(question="Two"), Asking(sampling=warm, votes=3, own={0: SHORT}), system=""
        )


def test_every_regeneration_takes_the_next_seed(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    for number in (1, 2):
        change = scene.conversation.regenerate(Asking(sampling=Sampling(seed=7)))
        assert change
        scene.answer(f"a{number}", f"b{number}")
        change.apply()
        asked, sampling = scene.now[0].asked[-1]
        assert sampling and sampling.seed == 7 + number
        assert asked[-1] == Message("user", "One")
    assert stored(library, "chat-1") == [["One", "a2"], ["One", "b2"]]
    change.undo()
    assert scene.shown == [("One", ["a1", "b1"])]
    scene.ask("Two", "c", "d")
    scene.conversation.regenerate(Asking(sampling=Sampling(seed=7)))
    scene.answer("e", "f")
    assert scene.now[0].asked[-1][1] == Sampling(seed=8)  # it counts again
    assert same_as_library(scene, library)


def test_what_the_library_refuses_returns_to_the_user(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b")
    before = scene.conversation.turns
    refuse(library)
    assert scene.conversation.send(Draft(question="Two"), Asking(sampling=SHORT), system="S")
    scene.heard.until(lambda: any(isinstance(event, NotStored) for event in scene.heard.events))
    (refused,) = scene.heard.of(NotStored)
    assert refused.unsent and refused.unsent.question == "Two"
    assert scene.conversation.turns == before and scene.conversation.state == State.IDLE
    change = scene.conversation.regenerate(Asking(sampling=SHORT))
    assert change
    with pytest.raises(Exception, match="refused"):
        change.apply()
    assert scene.conversation.turns == before
    assert scene.heard.of(NotStored)[1].unsent is None
    accept(library)
    scene.ask("Three", "c", "d")
    assert same_as_library(scene, library)


def test_an_answer_that_the_library_refuses_fails(scene: Scene, library: Library) -> None:
    scene.send("One")
    refuse(library)
    scene.answer("a", "b")
    assert [event.answer for event in scene.heard.of(AnswerFailed)] == [None, None]
    assert scene.shown == [("One", [None, None])]


def test_a_chat_that_is_left_keeps_its_answers_and_the_next_one_is_asked(
    scene: Scene, library: Library
) -> None:
    scene.send("One")
    scene.now[0].say("half")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    scene.conversation.new()
    assert not scene.conversation.is_busy
    scene.heard.clear()
    scene.ask("Two", "c", "d")
    assert scene.shown == [("Two", ["c", "d"])]
    assert stored(library, "chat-1") == [["One", "half"], ["One", ""]]
    assert {event.column: event.text for event in scene.heard.of(Piece)} == {0: "c", 1: "d"}


def test_all_answers_end_and_are_stored_before_the_library_is_replaced(
    scene: Scene, library: Library
) -> None:
    scene.send("One")
    scene.now[0].say("half")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    scene.conversation.new()
    scene.heard.clear()
    scene.send("Two")
    scene.now[1].say("more")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    scene.conversation.settle()
    assert stored(library, "chat-1") == [["One", "half"], ["One", ""]]
    assert stored(library, scene.conversation.chat_id) == [["Two", ""], ["Two", "more"]]
    assert not scene.conversation.is_busy


def test_opening_a_chat_during_an_answer_leaves_the_answer(scene: Scene, library: Library) -> None:
    scene.ask("One", "a", "b", system="T")
    first = scene.conversation.chat_id
    scene.conversation.new()
    scene.send("Two")
    scene.conversation.open(first)
    scene.heard.until(lambda: any(event.opened for event in scene.heard.of(Shown)))
    shown = scene.heard.of(Shown)[-1]
    assert (shown.chat_id, shown.system, shown.models) == (first, "T", tuple(TWO))
    assert scene.shown == [("One", ["a", "b"])]
    scene.ask("Three", "c", "d")
    assert stored(library, first)[0] == ["One", "a", "S", "Three", "c"]
    assert stored(library, "chat-3") == [["Two", ""], ["Two", ""]]
    assert same_as_library(scene, library)


def test_the_chat_that_is_being_asked_stays_when_it_is_opened(scene: Scene) -> None:
    scene.send("One")
    scene.conversation.open(scene.conversation.chat_id)
    scene.answer("a", "b")
    assert scene.shown == [("One", ["a", "b"])]
    assert scene.heard.of(Shown) == []


def test_a_chat_that_was_left_and_opened_again_has_its_answers_in_their_place(
    scene: Scene, library: Library
) -> None:
    scene.send("One")
    scene.now[0].say("half")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    chat_id = scene.conversation.chat_id
    scene.conversation.new()
    scene.conversation.open(chat_id)
    scene.heard.until(lambda: any(event.opened for event in scene.heard.of(Shown)))
    assert scene.shown[0][1][0] == "half"
    scene.ask("Two", "c", "d")
    assert scene.shown[1] == ("Two", ["c", "d"])
    assert same_as_library(scene, library)


def test_a_chat_brings_its_own_models(scene: Scene) -> None:
    scene.ask("One", "a", "b")
    old = scene.now
    scene.conversation.use(TWO[:1])
    assert scene.conversation.models == tuple(TWO[:1]) and scene.conversation.turns == ()
    assert scene.threads[-1] >= scene.threads[0]
    scene.conversation.open("chat-1")
    scene.heard.until(lambda: any(event.opened for event in scene.heard.of(Shown)))
    assert scene.conversation.models == tuple(TWO)
    assert not set(old) & set(scene.now)
    scene.ask("Two", "c", "d")


def test_the_same_models_stay_loaded(scene: Scene) -> None:
    scene.ask("One", "a", "b")
    scene.conversation.use(TWO)
    assert len(scene.sessions) == 2 and scene.conversation.turns == ()


def test_a_chat_that_does_not_exist_is_not_opened(scene: Scene) -> None:
    scene.ask("One", "a", "b")
    scene.conversation.open("chat-9")
    scene.heard.until(lambda: any(isinstance(event, NotOpened) for event in scene.heard.events))
    assert "no chat" in str(scene.heard.of(NotOpened)[0].error)
    assert scene.shown == [("One", ["a", "b"])]


def test_only_the_latest_chat_is_opened(scene: Scene, held: Callable[[], None]) -> None:
    # The writer waits with it
    scene.conversation.send(Draft(question="One"), Asking(sampling=SHORT), system="S")
    scene.conversation.open("chat-9")
    scene.conversation.new()
    held()
    scene.ask("Two", "c", "d")
    assert scene.heard.of(NotOpened) == []
    assert scene.shown == [("Two", ["c", "d"])]


@pytest.mark.parametrize("is_here", [True, False], ids=["this chat", "another chat"])
def test_a_message_sent_while_a_chat_is_being_read_is_asked_where_it_was_sent(
    scene: Scene, library: Library, monkeypatch: pytest.MonkeyPatch, is_here: bool
) -> None:
    reading, free = threading.Event(), threading.Event()

    def slow(library: Library, chat_id: str) -> Transcript:
        reading.set()
        assert free.wait(SECONDS)
        return read_transcript(library, chat_id)

    scene.ask("One", "a", "b")
    first = scene.conversation.chat_id
    if not is_here:
        scene.conversation.new()
        scene.ask("One", "a", "b")
    here = scene.conversation.chat_id
    monkeypatch.setattr(sending, "read_transcript", slow)
    scene.conversation.open(first)
    assert reading.wait(SECONDS)
    assert scene.conversation.send(Draft(question="Two"), Asking(sampling=SHORT), system="S")
    free.set()
    scene.heard.until(lambda: scene.conversation.state == State.ASKING)
    scene.answer("c", "d")
    assert scene.shown == [("One", ["a", "b"]), ("Two", ["c", "d"])]
    assert scene.conversation.chat_id == here
    assert stored(library, here)[0] == ["One", "a", "Two", "c"]


def test_a_chat_that_is_deleted_is_left_and_nothing_more_is_stored(scene: Scene, library: Library) -> None:
    scene.send("One")
    chat_id = scene.conversation.chat_id
    scene.conversation.forget(chat_id)
    delete_chat(library, chat_id)
    assert scene.conversation.turns == () and scene.conversation.chat_id == ""
    scene.ask("Two", "c", "d")
    assert [chat.title for chat in list_chats(library)] == ["Two"]


def test_closing_in_the_middle_keeps_what_came(scene: Scene, library: Library) -> None:
    scene.send("One")
    scene.now[0].say("half")
    scene.heard.until(lambda: any(isinstance(event, Piece) for event in scene.heard.events))
    scene.heard.clear()
    scene.conversation.close()
    assert stored(library, "chat-1") == [["One", "half"], ["One", ""]]
    assert scene.heard.events == []
    assert not scene.conversation.send(Draft(question="Two"), Asking(sampling=SHORT), system="S")
    scene.conversation.new()
    scene.conversation.open("chat-1")
    scene.conversation.close()


def test_closing_while_storing_keeps_the_question(
    scene: Scene, library: Library, held: Callable[[], None]
) -> None:
    scene.conversation.send(Draft(question="One"), Asking(sampling=SHORT), system="S")
    held()
    scene.conversation.close()
    assert stored(library, "chat-1")[0][0] == "One"


def test_without_a_library_nothing_is_stored_and_all_else_works() -> None:
    scene = Scene(None)
    scene.conversation.use(TWO)
    scene.ask("One", "a", "b")
    scene.conversation.regenerate(Asking(sampling=SHORT))
    scene.answer("c", "d")
    change = scene.conversation.edit(0, Draft(question="Two"), Asking(sampling=SHORT), system="S")
    scene.answer("e", "f")
    assert scene.shown == [("Two", ["e", "f"])]
    assert change
    change.apply()
    change.undo()
    assert scene.shown == [("Two", ["e", "f"])]
    scene.conversation.open("chat-1")
    scene.heard.until(lambda: any(isinstance(event, NotOpened) for event in scene.heard.events))
    assert scene.heard.of(Stored) == []
    scene.conversation.close()


# With a real model in a real worker


@pytest.fixture
def real(library: Library, tiny_llama: TinyModel) -> Iterator[tuple[Conversation, Heard]]:
    """A conversation with a tiny model, twice."""
    pytest.importorskip("llama_cpp")
    heard = Heard()
    model = ChatModel(part="base", model=tiny_llama.gguf)
    with Conversation(library, heard) as made:
        made.use([model, ChatModel(part="teacher", model=tiny_llama.gguf)])
        yield made, heard


def test_a_real_answer_is_stored_and_graded(
    real: tuple[Conversation, Heard], library: Library, tiny_llama: TinyModel
) -> None:
    conversation, heard = real
    add_tasks(library, [TASK])
    assert conversation.send(Draft.of_task(TASK), Asking(sampling=SHORT), system="S")
    conversation.wait()
    assert conversation.state == State.DONE
    with ChatSession(tiny_llama.gguf, threads=1) as session:
        text = "".join(session.send([Message("system", "S"), Message("user", TASK.query)], SHORT))
        context = session.context
    for column in (0, 1):
        assert "".join(event.text for event in heard.of(Piece) if event.column == column) == text
    assert stored(library, conversation.chat_id) == [[TASK.query, text], [TASK.query, text]]
    assert [event.context for event in heard.of(AnswerEnded)] == [context, context]
    assert all(conversation.turns[0].verdicts)


def test_a_real_answer_at_temperature_0_is_the_same_when_regenerated(
    real: tuple[Conversation, Heard], library: Library
) -> None:
    conversation, _ = real
    conversation.send(
        Draft(question="12 + 30"), Asking(sampling=Sampling(max_tokens=20, temperature=0.0)), system=""
    )
    conversation.wait()
    before = [answer and answer.content for answer in conversation.turns[0].answers]
    change = conversation.regenerate(Asking(sampling=Sampling(max_tokens=20, temperature=0.0)))
    assert change
    conversation.wait()
    assert [answer and answer.content for answer in conversation.turns[0].answers] == before
    assert stored(library, conversation.chat_id)[0] == ["12 + 30", before[0]]


def test_a_real_answer_is_stopped_closed_and_stored(
    real: tuple[Conversation, Heard], library: Library
) -> None:
    conversation, heard = real
    conversation.send(Draft(question="Count"), Asking(sampling=ENDLESS), system="")
    heard.until(lambda: {event.column for event in heard.events if isinstance(event, Piece)} == {0, 1})
    conversation.stop()
    conversation.wait()
    assert conversation.state in (State.STOPPED, State.DONE)
    assert all(answer and answer.content for answer in conversation.turns[0].answers)
    assert read_transcript(library, conversation.chat_id).turns == conversation.turns
    heard.clear()
    conversation.send(Draft(question="Count"), Asking(sampling=ENDLESS), system="")
    heard.until(lambda: any(isinstance(event, Piece) for event in heard.events))
    conversation.close()
    kept = stored(library, conversation.chat_id or "chat-1")
    assert all(len(column) == 4 for column in kept)


def test_a_real_model_that_is_missing_or_dies_fails_in_its_column(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp")
    heard = Heard()
    models = [
        ChatModel(part="base", model=tiny_llama.gguf),
        ChatModel(part="teacher", model=tmp_path / "missing.gguf"),
    ]
    with Conversation(library, heard) as conversation:
        conversation.use(models)
        conversation.send(Draft(question="Count"), Asking(sampling=ENDLESS), system="")
        heard.until(lambda: bool(heard.of(Piece)) and bool(heard.of(AnswerFailed)))
        killed = psutil.Process().children()
        for process in killed:
            process.kill()
        psutil.wait_procs(killed, timeout=20)
        conversation.wait()
        failed = {event.column: event for event in heard.of(AnswerFailed)}
        assert "missing.gguf" in str(failed[1].error) and failed[1].answer is None
        if 0 in failed:  # a tiny model can be faster than its death
            assert failed[0].answer and failed[0].answer.content
        assert conversation.retry(0, Asking(sampling=SHORT))
        conversation.wait()
        answer = conversation.turns[0].answers[0]
        assert answer and answer.completion_tokens and answer.completion_tokens <= 5
