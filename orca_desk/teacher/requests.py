"""What the engine is asked and what it answers."""

from dataclasses import dataclass

from orca_desk.method.records import FinishReason, Sampling


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt to be continued. The first `prefix` ids are those it shares with others (see Rendered)."""

    key: str
    ids: tuple[int, ...]
    prefix: int
    sampling: Sampling


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An answer: its text, cut before a stop string, and its ids without the token that ended it.

    `seconds` runs from when the request was admitted to when it was done.
    """

    key: str
    text: str
    ids: tuple[int, ...]
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A request that cannot be answered, and why, in words for the user."""

    key: str
    reason: str
