"""A conversation at work: its models, its turns, and the message on its way.

    IDLE --send, edit--> STORING --stored--> ASKING --all columns ended--> DONE
                            |                   `----stop, then all ended--> STOPPED
                            `--stop, then stored--> STOPPED, and no model is asked

`regenerate` and `retry` go the same way. `new`, `use` and `open` can come at any time: they leave the message
on its way behind. Its question and what the models wrote by then are stored, but no event tells of it.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from orca_desk.errors import UserError
from orca_desk.library.chats import RemovedRows
from orca_desk.library.database import Library
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.answering import get_answer
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.columns import Columns, OpenSession, sessions_with
from orca_desk.steps.chat.draft import Draft, whole_characters
from orca_desk.steps.chat.events import (
    BUSY,
    AnswerBegan,
    AnswerEnded,
    Event,
    NotOpened,
    NotStored,
    Piece,
    Sampled,
    Shown,
    State,
    StateChanged,
    Stored,
    TurnAdded,
    TurnsCut,
)
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.sending import ChatChange, ChatStore, Sending
from orca_desk.steps.chat.transcript import Turn

LARGEST_SEED = 2**31 - 1
WAKE = 0.1  # seconds; without a limit, Windows would hold Ctrl-C back for as long as `wait` waits


class Conversation:
    """Asks models side by side and stores what comes of it. Any thread may call any method.

    `listener` gets each event in order, from whichever thread it happens in. It must return at once and must
    not call the conversation. Without a `library` nothing is stored.
    """

    def __init__(
        self,
        library: Library | None,
        listener: Callable[[Event], None],
        *,
        open_session: OpenSession | None = None,
    ) -> None:
        """`open_session` replaces that of `sessions_with(library)`."""
        self._listener = listener
        self._lock = threading.RLock()
        self._settled = threading.Condition(self._lock)
        self._store = ChatStore(library)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="chat store")
        self._state = State.IDLE
        self._columns = Columns(open_session or sessions_with(library))
        self._ids: tuple[str, ...] = ()  # of the columns in the library
        self._first_system = ""
        self._turns: tuple[Turn, ...] = ()
        self._attempt = 0  # how often the last turn was regenerated
        self._sending: Sending | None = None  # the message on its way
        self._running: list[Sending] = []  # that one, and those that were left behind
        self._opening: object = None  # identifies the latest `open`
        self._swapping: object = None  # identifies the undo or redo that is being stored
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What there is

    @property
    def state(self) -> State:
        """Where the latest message stands."""
        return self._state

    @property
    def is_busy(self) -> bool:
        """Whether a message is being stored or answered."""
        return self._state in BUSY

    @property
    def chat_id(self) -> str:
        """The chat's id in the library; empty while it is not stored."""
        return self._ids[0] if self._ids else ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns so far."""
        return self._turns

    @property
    def models(self) -> tuple[ChatModel, ...]:
        """The model of each column."""
        return self._columns.models

    def wait(self) -> None:
        """Return when no message is on its way any more."""
        with self._lock:
            while self.is_busy:
                self._settled.wait(WAKE)

    # Which conversation

    def use(self, models: Sequence[ChatModel]) -> None:
        """Begin a new conversation with these models. If they are those in use, they stay loaded."""
        with self._lock:
            if not self._closed:
                self._leave()
                self._columns.use(models)
                self._show("")

    def new(self) -> None:
        """Begin a new conversation with the same models."""
        self.use(self.models)

    def open(self, chat_id: str) -> None:
        """Read a stored chat and continue it with its own models. Only the latest call has an effect.

        The chat that is being asked just stays. A message that is sent before the chat was read cancels this.
        """
        with self._lock:
            is_here = self.is_busy and chat_id == self.chat_id
            self._opening = token = None if is_here or self._closed else object()
            if token:
                self._writer.submit(self._open, chat_id, token)

    def forget(self, chat_id: str) -> None:
        """Leave a chat that is about to be deleted, and store nothing more of it."""
        with self._lock:
            self._discard(chat_id)
            if chat_id == self.chat_id:
                self.new()

    def close(self) -> None:
        """End all models. What they have written so far is stored."""
        with self._lock:
            self._closed = True
            self._leave()
            self._columns.use(())
        self._writer.shutdown(wait=True)
        self._columns.wait_for_left()

    # Messages

    def send(self, draft: Draft, asking: Asking, *, system: str) -> bool:
        """Ask every column; return False when that cannot be: no text, no model, or still busy.

        Raises UserError if the answers cannot vote, at temperature 0.
        """
        return self._ask_anew(len(self._turns), draft, asking, system) is not None

    def edit(self, number: int, draft: Draft, asking: Asking, *, system: str) -> ChatChange | None:
        """Ask every column a message in place of turn `number` and all later ones; return how to undo that.

        Returns None where `send` returns False. Raises UserError as that does.
        """
        return self._ask_anew(number, draft, asking, system)

    def regenerate(self, asking: Asking, *, column: int | None = None) -> ChatChange | None:
        """Let every column, or one alone, answer the last turn again with new seeds; return how to undo that.

        Returns None when there is no turn, or while busy. Raises UserError as `send` does.
        """
        with self._lock:
            if not self._can_ask() or not self._turns:
                return None
            columns = len(self._columns.now)
            wanted = range(columns) if column is None else [column]
            samplings = asking.samplings(columns, wanted)
            self._attempt += 1
            further = self._attempt * asking.votes
            seeded = [replace(one, seed=(one.seed + further) % LARGEST_SEED) for one in samplings]
            return self._ask_again(wanted, seeded, asking.votes)

    def retry(self, column: int, asking: Asking) -> bool:
        """Let one column answer the last turn, after it failed; return False when there is none, or busy.

        Raises UserError as `send` does.
        """
        with self._lock:
            if not self._can_ask() or not self._turns:
                return False
            samplings = asking.samplings(len(self._columns.now), [column])
            self._ask_again([column], samplings, asking.votes)
            return True

    def stop(self) -> None:
        """End the answers soon. What the models have written so far is stored."""
        with self._lock:
            if self._sending:
                self._sending.stop()

    def settle(self) -> None:
        """End all answers, also of chats that were left; return when what they wrote is stored."""
        with self._lock:
            for sending in self._running:
                sending.stop()
            while self._running:
                self._settled.wait(WAKE)

    # A message's way: from the call to the library ...

    def _can_ask(self) -> bool:
        return not self.is_busy and not self._closed and bool(self._columns.now)

    def _ask_anew(self, number: int, draft: Draft, asking: Asking, system: str) -> ChatChange | None:
        with self._lock:
            if not self._can_ask() or not draft.message or number > len(self._turns):
                return None
            everyone = range(len(self._columns.now))
            samplings = asking.samplings(len(everyone), everyone)
            if number < len(self._turns):
                self._emit(TurnsCut(number=number))
            turn = Turn.new(
                draft.message,
                system=whole_characters(system),
                task=draft.task,
                columns=len(everyone),
                before=draft.turns,
            )
            self._emit(TurnAdded(turn=turn))
            self._attempt = 0
            return self._begin(turn, number, everyone, samplings, asking.votes, is_question=True)

    def _ask_again(self, wanted: Sequence[int], samplings: Sequence[Sampling], votes: int) -> ChatChange:
        turn = self._turns[-1]
        for column in wanted:
            turn = turn.answered(column, None)
            self._emit(AnswerBegan(column=column))
        return self._begin(turn, len(self._turns) - 1, wanted, samplings, votes, is_question=False)

    def _begin(
        self,
        turn: Turn,
        number: int,
        wanted: Iterable[int],
        samplings: Sequence[Sampling],
        votes: int,
        *,
        is_question: bool,
    ) -> ChatChange:
        earlier = self._turns[:number]
        sending = Sending(
            turn=turn,
            number=number,
            earlier=earlier,
            replaced=self._turns,
            is_question=is_question,
            system_before=earlier[-1].system if earlier else self._first_system,
            samplings=tuple(samplings),
            votes=votes,
            columns=self._columns.now,
            waiting=set(wanted),
            ids=self._ids,
        )
        self._turns = (*earlier, turn)
        self._opening = None
        self._sending = sending
        self._running.append(sending)
        self._enter(State.STORING)
        return ChatChange(self._swap, sending, self._writer.submit(self._prepare, sending))

    def _prepare(self, sending: Sending) -> RemovedRows | None:
        """In the writer's thread: store a message, then ask the models."""
        is_new_chat = not sending.ids
        try:
            removed = self._store.prepare(sending)
        except Exception as error:
            self._give_back(sending, error)
            raise
        with self._lock:
            self._tell_stored(sending)
            if sending is not self._sending:
                self._running.remove(sending)
                return removed
            self._ids = sending.ids
            if is_new_chat:
                self._first_system = sending.turn.system
            self._ask(sending)
        return removed

    def _give_back(self, sending: Sending, error: Exception) -> None:
        """Restore the turns of before a message that could not be stored."""
        with self._lock:
            self._running.remove(sending)
            is_here = sending is self._sending
            if is_here:
                self._sending, self._turns = None, sending.replaced
                self._enter(State.IDLE)
                self._show(sending.turn.system)
            unsent = sending.turn if is_here and sending.is_question else None
            self._emit(NotStored(error=error, unsent=unsent))

    # ... and from the library to the answers

    def _ask(self, sending: Sending) -> None:
        if sending.is_stopping:
            for column in sorted(sending.waiting):
                self._emit(AnswerEnded(column=column, answer=None))
            self._end(sending)
            return
        self._enter(State.ASKING)
        for column in sorted(sending.waiting):
            sending.columns[column].run(partial(self._answer, sending, column))

    def _answer(self, sending: Sending, column: int) -> None:
        """In a column's thread: get its answer."""
        event = get_answer(sending, column, self._store, partial(self._tell_piece, sending))
        with self._lock:
            sending.waiting.discard(column)
            self._settled.notify_all()
            if sending is self._sending:
                verdict = event.verdict if isinstance(event, AnswerEnded) else None
                turn = self._turns[-1].answered(column, event.answer, verdict=verdict, vote=event.vote)
                self._turns = (*self._turns[:-1], turn)
                self._emit(event)
            if not sending.waiting:
                self._tell_stored(sending)
                self._end(sending)

    def _end(self, sending: Sending) -> None:
        self._running.remove(sending)
        if sending is self._sending:
            self._sending = None
            self._enter(State.STOPPED if sending.is_stopping else State.DONE)

    # Other turns, other models

    def _leave(self) -> None:
        self.stop()
        self._sending = self._opening = self._swapping = None
        self._attempt = 0
        self._ids, self._turns, self._first_system = (), (), ""
        self._enter(State.IDLE)

    def _open(self, chat_id: str, token: object) -> None:
        """In the writer's thread: read a chat and show it."""
        self._settle_left(chat_id, token)
        try:
            transcript, models = self._store.read(chat_id)
        except Exception as error:
            with self._lock:
                if token is self._opening:
                    self._emit(NotOpened(error=error))
            return
        with self._lock:
            if token is self._opening:
                self._leave()
                self._columns.use(models)
                self._ids = tuple(column.id for column in transcript.columns)
                self._first_system = transcript.columns[0].system
                self._turns = transcript.turns
                self._show(transcript.system, opened=True)

    def _settle_left(self, chat_id: str, token: object) -> None:
        """Wait for answers of a chat that were stopped at their next token, discard those without a token.

        Otherwise a late answer would be stored as if it answered the chat's next question.
        """
        with self._lock:
            while token is self._opening and any(
                one.chat_id == chat_id and one.waiting & one.begun for one in self._running
            ):
                self._settled.wait(WAKE)
            if token is self._opening:
                self._discard(chat_id)

    def _discard(self, chat_id: str) -> None:
        for sending in self._running:
            if chat_id and sending.chat_id == chat_id:
                sending.is_discarded = True
                sending.stop()

    def _swap(self, chat_id: str, removed: RemovedRows) -> RemovedRows:
        """Put removed rows of a chat back; return those that they replace. Answers to those are discarded."""
        token = object()
        with self._lock:
            self._discard(chat_id)
            is_here = chat_id == self.chat_id and not self._closed
            if is_here:
                self._sending, self._swapping = None, token
                self._enter(State.STORING)
        try:
            return self._store.swap(removed)
        finally:
            if is_here:
                self._read_again(chat_id, token)

    def _read_again(self, chat_id: str, token: object) -> None:
        try:
            turns = self._store.read(chat_id)[0].turns
        except UserError:  # the chat was deleted
            turns = None
        with self._lock:
            if token is not self._swapping:
                return
            if turns is None:
                self.new()
                return
            self._swapping, self._turns = None, turns
            self._enter(State.IDLE)
            self._show(turns[-1].system if turns else self._first_system)
            self._emit(Stored(chat_id=chat_id))

    # Events, all of them emitted with the lock held, which keeps them in order

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self._settled.notify_all()
            self._emit(StateChanged(state=state))

    def _show(self, system: str, *, opened: bool = False) -> None:
        self._emit(
            Shown(chat_id=self.chat_id, models=self.models, turns=self._turns, system=system, opened=opened)
        )

    def _tell_stored(self, sending: Sending) -> None:
        if sending.ids and not sending.is_discarded:
            self._emit(Stored(chat_id=sending.chat_id))

    def _tell_piece(self, sending: Sending, piece: Piece | Sampled) -> None:
        with self._lock:
            sending.begun.add(piece.column)
            if sending is self._sending:
                self._emit(piece)

    def _emit(self, event: Event) -> None:
        if not self._closed:
            self._listener(event)
