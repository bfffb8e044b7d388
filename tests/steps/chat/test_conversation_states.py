"""A conversation under any order of calls: its state stays explicit, and the library has what it shows."""

import tempfile
from itertools import pairwise
from pathlib import Path

from examples import at_most
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from new_library import new_library
from scripted_session import Heard, ScriptedSession

from orca_desk.errors import UserError
from orca_desk.library.chats import list_chats
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import (
    AnswerBegan,
    AnswerEnded,
    AnswerFailed,
    Shown,
    State,
    StateChanged,
    TurnAdded,
    TurnsCut,
)
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.sending import ChatChange
from orca_desk.steps.chat.transcript import Turn, read_transcript

MODELS = [ChatModel(part="teacher", model=Path(f"/{name}.gguf")) for name in "ab"]
SYSTEMS = st.sampled_from(["", "S", "T"])
COLUMNS = st.integers(0, 1)
NEXT = {
    State.IDLE: {State.STORING},
    State.STORING: {State.ASKING, State.STOPPED, State.IDLE},
    State.ASKING: {State.DONE, State.STOPPED, State.IDLE, State.STORING},
    State.DONE: {State.STORING, State.IDLE},
    State.STOPPED: {State.STORING, State.IDLE},
}


class Chatting(RuleBasedStateMachine):
    """Two scripted models. Undo and redo come in the order of a stack, as the desktop has it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.library = new_library(Path(self.folder.name))
        self.heard = Heard()
        self.sessions: list[ScriptedSession] = []
        self.conversation = Conversation(self.library, self.heard, open_session=self._open)
        self.conversation.use(MODELS)
        self.count = 0
        self.done: list[ChatChange] = []
        self.undone: list[ChatChange] = []
        self.saved: list[tuple[Turn, ...]] = []

    def _open(self, model: ChatModel, threads: int) -> ScriptedSession:
        self.sessions.append(ScriptedSession(model))
        return self.sessions[-1]

    def teardown(self) -> None:
        self.conversation.close()
        self.library.close()
        self.folder.cleanup()

    def _draft(self) -> Draft:
        self.count += 1
        return Draft(question=f"Q{self.count}")

    def _settle(self) -> None:
        """Wait until what was called is stored, and each model that is asked waits for its script."""
        self.heard.until(lambda: self.conversation.state != State.STORING)

    def _note(self, change: ChatChange | None) -> None:
        assert change
        change.apply()
        self.done.append(change)
        self.undone.clear()
        self._settle()

    # Calls

    @precondition(lambda self: not self.conversation.is_busy)
    @rule(system=SYSTEMS)
    def send(self, system: str) -> None:
        assert self.conversation.send(self._draft(), Asking(sampling=Sampling()), system=system)
        self._settle()

    @precondition(lambda self: not self.conversation.is_busy)
    @rule(system=SYSTEMS)
    def send_and_stop(self, system: str) -> None:
        assert self.conversation.send(self._draft(), Asking(sampling=Sampling()), system=system)
        self.conversation.stop()
        self.conversation.wait()

    @precondition(lambda self: not self.conversation.is_busy)
    @rule(system=SYSTEMS)
    def send_and_leave(self, system: str) -> None:
        assert self.conversation.send(self._draft(), Asking(sampling=Sampling()), system=system)
        self.conversation.new()
        self.heard.until(lambda: self._is_stored(f"Q{self.count}"))

    def _is_stored(self, question: str) -> bool:
        sql = "SELECT 1 FROM messages WHERE content = ?"
        return self.library.row(sql, (question,)) is not None

    @precondition(lambda self: self.conversation.turns and not self.conversation.is_busy)
    @rule(system=SYSTEMS, place=st.integers(0, 9))
    def edit(self, system: str, place: int) -> None:
        number = place % len(self.conversation.turns)
        self._note(self.conversation.edit(number, self._draft(), Asking(sampling=Sampling()), system=system))

    @precondition(lambda self: self.conversation.turns and not self.conversation.is_busy)
    @rule()
    def regenerate(self) -> None:
        self._note(self.conversation.regenerate(Asking(sampling=Sampling())))

    @precondition(lambda self: self.conversation.turns and not self.conversation.is_busy)
    @rule(column=COLUMNS)
    def retry(self, column: int) -> None:
        assert self.conversation.retry(column, Asking(sampling=Sampling()))
        self._settle()

    @precondition(lambda self: self.conversation.is_busy)
    @rule()
    def nothing_more_is_asked_while_busy(self) -> None:
        assert not self.conversation.send(Draft(question="x"), Asking(sampling=Sampling()), system="")
        assert self.conversation.regenerate(Asking(sampling=Sampling())) is None
        assert not self.conversation.retry(0, Asking(sampling=Sampling()))

    @rule()
    def stop(self) -> None:
        self.conversation.stop()
        self.conversation.wait()

    @rule()
    def new(self) -> None:
        self.conversation.new()
        assert self.conversation.turns == ()

    @precondition(lambda self: list_chats(self.library))
    @rule(place=st.integers(0, 9))
    def open(self, place: int) -> None:
        chats = list_chats(self.library)
        chat = chats[place % len(chats)].id
        count, turns = len(self.heard.of(Shown)), self.conversation.turns
        self.conversation.open(chat)
        if self.conversation.is_busy and chat == self.conversation.chat_id:
            assert self.conversation.turns == turns
            return
        self.heard.until(lambda: any(event.opened for event in self.heard.of(Shown)[count:]))

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        self.done[-1].undo()
        self.undone.append(self.done.pop())

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        self.undone[-1].apply()
        self.done.append(self.undone.pop())

    # What models do

    @precondition(lambda self: self.conversation.state == State.ASKING)
    @rule(column=COLUMNS, ending=st.sampled_from(["stop", "length", "fail"]), pieces=st.integers(0, 2))
    def answer(self, column: int, ending: str, pieces: int) -> None:
        if column not in waiting(self.heard):
            return
        session, turn = self.sessions[column], self.conversation.turns[-1].question
        for number in range(pieces):
            session.say(f"{turn}:{number} ")
        if ending == "fail":
            session.fail(UserError("It died.", "Retry."))
        else:
            session.finish(ending)  # type: ignore[arg-type]
        self.heard.until(lambda: column not in waiting(self.heard))

    # What always holds

    @invariant()
    def what_is_shown_is_in_the_library(self) -> None:
        if self.conversation.state in (State.STORING, State.ASKING) or not self.conversation.chat_id:
            return
        stored = read_transcript(self.library, self.conversation.chat_id)
        assert stored.turns == self.conversation.turns

    @invariant()
    def states_follow_each_other_as_they_may(self) -> None:
        states = [State.IDLE, *(event.state for event in self.heard.of(StateChanged))]
        for before, after in pairwise(states):
            assert after in NEXT[before], (before, after)
        assert states[-1] == self.conversation.state

    @invariant()
    def the_events_tell_the_turns(self) -> None:
        """A listener that only follows the events has the same turns as the conversation."""
        assert follow(self.heard) == self.conversation.turns


def waiting(heard: Heard) -> set[int]:
    """Return the columns that still owe an answer, as a listener knows them."""
    found: set[int] = set()
    for event in list(heard.events):
        if isinstance(event, Shown | TurnAdded):
            found = {0, 1} if isinstance(event, TurnAdded) else set()
        elif isinstance(event, AnswerBegan):
            found.add(event.column)
        elif isinstance(event, AnswerEnded | AnswerFailed):
            found.discard(event.column)
    return found


def follow(heard: Heard) -> tuple[Turn, ...]:
    """Return the turns as a listener builds them."""
    turns: tuple[Turn, ...] = ()
    for event in list(heard.events):
        if isinstance(event, Shown):
            turns = event.turns
        elif isinstance(event, TurnsCut):
            turns = turns[: event.number]
        elif isinstance(event, TurnAdded):
            turns = (*turns, event.turn)
        elif isinstance(event, AnswerBegan):
            turns = (*turns[:-1], turns[-1].answered(event.column, None))
        elif isinstance(event, AnswerEnded | AnswerFailed):
            turns = (*turns[:-1], turns[-1].answered(event.column, event.answer))
    return turns


TestChatting = Chatting.TestCase
TestChatting.settings = settings(at_most(60), stateful_step_count=25, suppress_health_check=list(HealthCheck))
