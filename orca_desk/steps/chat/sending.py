"""One message on its way to the models, and where it is stored."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from orca_desk.errors import UserError
from orca_desk.library.chats import (
    ChatMessage,
    RemovedRows,
    add_message,
    ask_columns,
    create_columns,
    cut_chat,
    put_back,
    replace_message,
)
from orca_desk.library.database import Library
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.column import ModelColumn
from orca_desk.steps.chat.models import ChatModel, models_of
from orca_desk.steps.chat.transcript import Transcript, Turn, read_transcript, title_of


@dataclass(eq=False, kw_only=True)
class Sending:
    """A message on its way. Everything that can happen to it meanwhile is noted here and nowhere else."""

    turn: Turn
    number: int  # of the turn
    earlier: tuple[Turn, ...]  # the turns before it
    replaced: tuple[Turn, ...]  # all turns until it was sent, which return if it cannot be stored
    is_question: bool  # sent by the user; otherwise the last turn is asked again
    system_before: str  # the system message in force before it
    samplings: tuple[Sampling, ...]  # of each column
    votes: int  # how often each column is asked
    columns: tuple[ModelColumn, ...]  # of the conversation when it was sent
    waiting: set[int]  # numbers of the columns that still owe an answer
    ids: tuple[str, ...]  # of the columns in the library; empty while the chat is not stored
    begun: set[int] = field(default_factory=set)  # numbers of the columns that have written something
    is_stopping: bool = False
    is_discarded: bool = False  # the library has other turns in its place: nothing more of it is stored

    @property
    def chat_id(self) -> str:
        """The id of its chat; empty while that is not stored."""
        return self.ids[0] if self.ids else ""

    def stop(self) -> None:
        """End its answers soon."""
        self.is_stopping = True
        for column in self.waiting:
            self.columns[column].session.stop()


class ChatStore:
    """Writes messages into the library, one write at a time; without a library it writes nothing.

    A discarded message is not written, not even by a thread that was about to.
    """

    def __init__(self, library: Library | None) -> None:
        self.library = library
        self._guard = threading.Lock()

    def prepare(self, sending: Sending) -> RemovedRows | None:
        """Store what must be stored before the models are asked; return the rows that it replaces."""
        with self._guard:
            if self.library is None or sending.is_discarded:
                return None
            if not sending.is_question:
                return self._clear_answers(self.library, sending)
            if not sending.ids:
                sending.ids = self._new_chat(self.library, sending)
                return None
            return self._question(self.library, sending)

    def add_answer(
        self, sending: Sending, column: int, answer: ChatMessage, position: int | None
    ) -> int | None:
        """Store a column's answer, or replace the one at `position`; return where it is.

        Raises UserError when the library refuses.
        """
        with self._guard:
            if self.library is None or sending.is_discarded:
                return position
            if position is None:
                return add_message(self.library, sending.ids[column], answer)
            replace_message(self.library, sending.ids[column], position, answer)
            return position

    def swap(self, removed: RemovedRows) -> RemovedRows:
        """Put removed rows back; return those that they replace."""
        assert self.library
        with self._guard:
            return put_back(self.library, removed)

    def read(self, chat_id: str) -> tuple[Transcript, list[ChatModel]]:
        """Read a chat and its models. Raises UserError when it does not exist, or there is no library."""
        if self.library is None:
            raise UserError("This conversation has no library to open a chat from.", "Open a library.")
        with self._guard:
            transcript = read_transcript(self.library, chat_id)
        return transcript, models_of(self.library, transcript.columns)

    def _new_chat(self, library: Library, sending: Sending) -> tuple[str, ...]:
        turn = sending.turn
        made = create_columns(
            library,
            title=title_of(turn.question),
            models=[(column.model.model, column.model.adapter) for column in sending.columns],
            parts=[column.model.part for column in sending.columns],
            system=turn.system,
            turns=[_question(turn)],
        )
        return tuple(column.id for column in made)

    def _question(self, library: Library, sending: Sending) -> RemovedRows | None:
        turn = sending.turn
        rows = [_question(turn)]
        if turn.system != sending.system_before:
            rows.insert(0, ChatMessage(role="system", content=turn.system))
        if sending.number < len(sending.replaced):
            return cut_chat(library, sending.chat_id, sending.number, turns=rows)
        ask_columns(library, sending.chat_id, rows)
        return None

    def _clear_answers(self, library: Library, sending: Sending) -> RemovedRows:
        """Remove the answers of the columns that are asked again: all, or one."""
        is_all = len(sending.waiting) == len(sending.ids)
        only = "" if is_all else sending.ids[min(sending.waiting)]
        return cut_chat(library, sending.chat_id, sending.number, keep_question=True, only=only)


class ChatChange:
    """A change of a chat's turns that can be undone and redone. Both block until the library has changed."""

    def __init__(
        self,
        swap: Callable[[str, RemovedRows], RemovedRows],
        sending: Sending,
        stored: "Future[RemovedRows | None]",
    ) -> None:
        self._swap, self._sending, self._stored = swap, sending, stored
        self._removed: RemovedRows | None = None
        self._is_undone = False

    def apply(self) -> None:
        """Wait until the change is stored; after `undo`, make it again. Raises what prevents it."""
        if not self._is_undone:
            self._removed = self._stored.result()
        elif self._removed:
            self._removed = self._swap(self._sending.chat_id, self._removed)
        self._is_undone = False

    def undo(self) -> None:
        """Restore the turns that the change replaced. Raises what prevents it."""
        if self._removed and not self._is_undone:
            self._removed = self._swap(self._sending.chat_id, self._removed)
        self._is_undone = True


def _question(turn: Turn) -> ChatMessage:
    task = turn.task.id if turn.task else None
    return ChatMessage(role="user", content=turn.question, task=task, turns=turn.before)
