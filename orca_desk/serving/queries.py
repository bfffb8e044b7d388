"""What a client asks for: the bodies of `/v1/chat/completions` and `/v1/completions`, checked."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orca_desk.method.records import Sampling
from orca_desk.prompts.messages import Message
from orca_desk.serving.fields import Fields
from orca_desk.serving.refusals import ApiError

MOST_CHOICES = 64
MOST_PROMPTS = 128
MOST_STOPS = 16
MOST_ALTERNATIVES = 20
MOST_TOKENS = 10_000_000  # of one answer: any more is a mistake
SEEDS = 2**31
CHAT_ANSWER = 1024  # tokens at most, unless the client says otherwise
COMPLETION_ANSWER = 16  # OpenAI's
ROLES: Mapping[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}

SAMPLED = frozenset({"model", "stream", "stream_options", "stop", "temperature", "top_p", "top_k", "min_p",
                     "max_tokens", "seed", "n", "logprobs"})  # fmt: skip
# They tell the provider about the client, and change no answer.
ASIDE = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
     "prompt_cache_retention", "parallel_tool_calls", "tool_choice"}
)  # fmt: skip
CHAT = SAMPLED | ASIDE | {"messages", "max_completion_tokens", "top_logprobs"}
COMPLETION = SAMPLED | ASIDE | {"prompt", "echo", "add_special_tokens"}
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "repeat_penalty": (1,),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "best_of": (1,),
    "suffix": ("",),
}


@dataclass(frozen=True, kw_only=True)
class ClientQuery:
    """What both kinds of requests ask for.

    `max_tokens` None: the default. `scores` is how many alternatives each token's log-probability comes
    with; None: without log-probabilities.
    """

    model: str
    choices: int
    sampling: Sampling
    max_tokens: int | None
    stream: bool
    with_usage: bool
    scores: int | None


@dataclass(frozen=True, kw_only=True)
class ChatQuery(ClientQuery):
    """A conversation to continue."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class CompletionQuery(ClientQuery):
    """Prompts to continue, as texts or as token ids. `echo`: the answer repeats the prompt."""

    prompts: tuple[str | tuple[int, ...], ...]
    echo: bool
    adds_special: bool


def chat_query(fields: Fields) -> ChatQuery:
    """Read a chat request. Raises ApiError."""
    fields.require_known(CHAT, NEUTRAL)
    limit = "max_completion_tokens" if fields.any("max_completion_tokens") is not None else "max_tokens"
    alternatives = fields.whole("top_logprobs", 0, MOST_ALTERNATIVES, 0)
    scores = alternatives if fields.flag("logprobs") else None
    if alternatives and scores is None:
        raise ApiError("'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs")
    return ChatQuery(messages=_messages(fields.any("messages")), **_common(fields, limit, 1, scores))


def completion_query(fields: Fields) -> CompletionQuery:
    """Read a completion request. Raises ApiError."""
    choices = fields.whole("n", 1, MOST_CHOICES, 1)
    fields.require_known(COMPLETION, {**NEUTRAL, "best_of": (1, choices)})
    scores = fields.whole("logprobs", 0, MOST_ALTERNATIVES, 0) if fields.any("logprobs") is not None else None
    echo = fields.flag("echo")
    special = fields.any("add_special_tokens")
    return CompletionQuery(
        prompts=_prompts(fields.any("prompt")),
        echo=echo,
        adds_special=True if special is None else fields.flag("add_special_tokens"),
        **_common(fields, "max_tokens", 0 if echo else 1, scores),
    )


def _common(fields: Fields, limit: str, fewest: int, scores: int | None) -> dict[str, Any]:
    stream = fields.flag("stream")
    if stream and scores is not None:
        raise ApiError(
            "Log-probabilities are not available with 'stream': leave one of the two out.", param="logprobs"
        )
    options = fields.object("stream_options")
    options.require_known({"include_usage", "include_obfuscation"}, {})
    wanted = fields.any(limit)
    seed = fields.whole("seed", -(2**63), 2**63, secrets.randbelow(SEEDS)) % SEEDS
    return {
        "model": fields.text("model"),
        "choices": fields.whole("n", 1, MOST_CHOICES, 1),
        "sampling": Sampling(
            temperature=fields.number("temperature", 0, 100, 0),
            top_p=fields.number("top_p", 0, 1, 1),
            top_k=max(0, fields.whole("top_k", -1, 1_000_000, 0)),
            min_p=fields.number("min_p", 0, 1, 0),
            seed=seed,
            stop=fields.texts("stop", MOST_STOPS),
        ),
        "max_tokens": None if wanted is None else fields.whole(limit, fewest, MOST_TOKENS, 1),
        "stream": stream,
        "with_usage": stream and options.flag("include_usage"),
        "scores": scores,
    }


def _messages(value: Any) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise ApiError("The parameter 'messages' must be a list of messages.", param="messages")
    return tuple(_message(one, f"messages[{place}]") for place, one in enumerate(value))


def _message(value: Any, name: str) -> Message:
    if not isinstance(value, dict):
        raise ApiError(f"{name} must be an object with a role and a content.", param=name)
    if value.get("tool_calls") or value.get("function_call"):
        raise ApiError(f"{name} calls a tool: tools are not supported here.", param=name)
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise ApiError(f"{name}.role must be system, developer, user or assistant.", param=f"{name}.role")
    return Message(ROLES[role], _content(value.get("content"), f"{name}.content"))  # type: ignore[arg-type]


def _content(value: Any, name: str) -> str:
    """Return a message's text; its parts, if it has some, one after the other."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    texts = [_text_of(part) for part in value] if isinstance(value, list) else [None]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts):
        raise ApiError(f"{name} must be a text, or a list of parts of the type 'text'.", param=name)
    return "".join(known)


def _text_of(part: Any) -> str | None:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else None


def _prompts(value: Any) -> tuple[str | tuple[int, ...], ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(_is_id(one) for one in value):
        return (tuple(value),)
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_PROMPTS:
        raise ApiError(
            "The parameter 'prompt' must be a text, a list of token ids, or a list of at most "
            f"{MOST_PROMPTS} of them.",
            param="prompt",
        )
    return tuple(_prompt(one, f"prompt[{place}]") for place, one in enumerate(value))


def _prompt(value: Any, name: str) -> str | tuple[int, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(_is_id(one) for one in value):
        return tuple(value)
    raise ApiError(f"{name} must be a text or a list of token ids.", param="prompt")


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
