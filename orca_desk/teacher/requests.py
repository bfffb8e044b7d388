"""The engine's requests and results."""

from dataclasses import dataclass

from orca_desk.method.records import FinishReason, Sampling


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt to continue. It shares its first `prefix` ids with others (see Rendered).

    The answer's text begins with `opening`, which the prompt has written already. `ends` are the tokens that
    end it. `streams` is whether the run's `on_token` is to get its text. `scores` asks for the
    log-probability of every token of the answer, and of so many of the likeliest in its place;
    `scores_prompt` for those of the prompt too, which is then decoded again, without a shared prefix.
    `shown` is how many characters `on_token` has had, of an answer that has to start again.
    """

    key: str
    ids: tuple[int, ...]
    prefix: int
    sampling: Sampling
    ends: frozenset[int]
    opening: str = ""
    streams: bool = True
    scores: int | None = None
    scores_prompt: bool = False
    shown: int = 0


@dataclass(frozen=True)
class TokenScore:
    """A token with its log-probability (natural), and the likeliest tokens in its place, best first."""

    token: int
    logprob: float
    best: tuple[tuple[int, float], ...]


@dataclass(frozen=True, kw_only=True)
class Completion:
    """An answer: its text, cut before a stop string, and its ids without the token that ended it.

    `seconds` runs from admission to the end. `scores` are those of the answer's tokens, with the token that
    ended it; `prompt_scores` those of the prompt's tokens from the second on, as nothing stands before the
    first. Both are empty unless the request asks for them.
    """

    key: str
    text: str
    ids: tuple[int, ...]
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    scores: tuple[TokenScore, ...] = ()
    prompt_scores: tuple[TokenScore, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestFailure:
    """A request that the engine cannot answer, with a reason for the user."""

    key: str
    reason: str
