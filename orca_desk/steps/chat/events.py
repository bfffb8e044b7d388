"""What a conversation reports to whoever shows it."""

from dataclasses import dataclass
from enum import Enum

from orca_desk.library.chats import ChatMessage
from orca_desk.method.agreement import Agreement
from orca_desk.method.grading import Verdict
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.transcript import Turn


class State(Enum):
    """Where a conversation stands with its latest message."""

    IDLE = "idle"  # nothing was sent since it began or was opened
    STORING = "storing"  # the library is being changed
    ASKING = "asking"  # at least one model is answering
    DONE = "done"  # every column has its answer, or failed
    STOPPED = "stopped"  # the user stopped it; what the models had answered by then is saved


BUSY = (State.STORING, State.ASKING)


@dataclass(frozen=True, kw_only=True)
class StateChanged:
    """The conversation entered `state`."""

    state: State


@dataclass(frozen=True, kw_only=True)
class Shown:
    """All of the conversation changed: it is new, another chat, or an edit was undone.

    `chat_id` is empty for a chat that is not stored yet. `opened` says that the user opened a stored chat.
    """

    chat_id: str
    models: tuple[ChatModel, ...]
    turns: tuple[Turn, ...]
    system: str
    opened: bool = False


@dataclass(frozen=True, kw_only=True)
class TurnsCut:
    """The turns from `number` on are gone: an edited message replaces them."""

    number: int


@dataclass(frozen=True, kw_only=True)
class TurnAdded:
    """The user sent a message; every column is about to answer it."""

    turn: Turn


@dataclass(frozen=True, kw_only=True)
class AnswerBegan:
    """A column is about to answer the last turn again."""

    column: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """More text of a column's answer. `tokens` counts all so far, `rate` is in tokens per second."""

    column: int
    text: str
    tokens: int
    rate: float | None


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A column has `count` of up to `of` answers that vote; the text of the next one begins again."""

    column: int
    count: int
    of: int
    vote: Agreement


@dataclass(frozen=True, kw_only=True)
class AnswerEnded:
    """A column finished the last turn; without an answer when it was stopped before it was asked.

    `vote` is that of a message that was asked several times. `context` is how many tokens a conversation with
    its model can have.
    """

    column: int
    answer: ChatMessage | None
    verdict: Verdict | None = None
    vote: Agreement | None = None
    context: int | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerFailed:
    """A column failed to answer the last turn, or to finish; `answer` is what it wrote until then."""

    column: int
    error: Exception
    answer: ChatMessage | None = None
    vote: Agreement | None = None


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The library changed: a chat was stored, or more of one."""

    chat_id: str


@dataclass(frozen=True, kw_only=True)
class NotStored:
    """The library refused a change. `unsent` is the message that was not sent because of it."""

    error: Exception
    unsent: Turn | None = None


@dataclass(frozen=True, kw_only=True)
class NotOpened:
    """A stored chat could not be opened; the one before stays."""

    error: Exception


Event = (
    StateChanged
    | Shown
    | TurnsCut
    | TurnAdded
    | AnswerBegan
    | Piece
    | Sampled
    | AnswerEnded
    | AnswerFailed
    | Stored
    | NotStored
    | NotOpened
)
