"""The engine's requests and results."""

from dataclasses import dataclass

from orca_desk.method.records import FinishReason, Sampling


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt to continue. It shares its first `prefix` ids with others (see Rendered).

    The answer's text begins with `opening`, which the prompt has written already. `ends` are the tokens that
    end it.
    """

    key: str
    ids: tuple[int, ...]
    prefix: int
    sampling: Sampling
    ends: frozenset[int]
    opening: str = ""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An answer: its text, cut before a stop string, and its ids without the token that ended it.

    `seconds` runs from admission to the end.
    """

    key: str
    text: str
    ids: tuple[int, ...]
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RequestFailure:
    """A request that the engine cannot answer, with a reason for the user."""

    key: str
    reason: str
