"""Conversations as rows: `messages`, ShareGPT's `conversations`, lists of prompt and completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.json_rows import parse
from orca_desk.formats.values import tidy

_ROLES = ("role", "from", "speaker", "author")
_TEXTS = ("content", "value", "text", "message")
_USER = frozenset({"user", "human", "prompter", "question", "instruction", "person"})
_ASSISTANT = frozenset({
    "assistant", "gpt", "model", "chatbot", "bot", "ai", "bard", "chatgpt", "bing", "answer",
})  # fmt: skip
_SYSTEM = frozenset({"system", "developer"})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The last question of a conversation, what came before it, and the answer that follows, if any.

    `system` is the system message, "" without one: a task has none, so an import of tasks leaves it aside.
    `more` counts the further texts of the assistant after that answer.
    """

    query: str
    context: str
    answer: str | None
    system: str
    more: int = 0


def turns_in(value: Any) -> list[dict[str, Any]] | None:
    """Return the turns in a value that is a conversation, also as JSON in a text; None if it is none."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = parse(value)
        except ValueError:
            return None
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        return None
    return value if all(_key(turn, _ROLES) and _key(turn, _TEXTS) for turn in value) else None


def alternating(value: Any) -> list[dict[str, Any]] | None:
    """Return the turns of a conversation that is a list of texts, the first the user's; None for others."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, str) for one in value):
        return None
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": one} for place, one in enumerate(value)]


def is_reply(values: Mapping[str, Any]) -> bool:
    """Return whether a row is a single turn of a conversation, by the assistant or a system."""
    role = values.get("role")
    return isinstance(role, str) and role.strip().casefold() in _ASSISTANT | _SYSTEM


def exchange_of(turns: Sequence[dict[str, Any]]) -> Exchange:
    """Return the last question of a conversation. Raises ValueError, saying why, if it has none."""
    said = [(_role(turn), _text(turn)) for turn in turns]
    asked = [place for place, (role, _) in enumerate(said) if role == "User"]
    if not asked:
        raise ValueError("the conversation has no turn of a user")
    last = asked[-1]
    earlier = [f"{role}: {text}" for role, text in said[:last] if role != "System"]
    answers = [text for role, text in said[last + 1 :] if role == "Assistant" and text]
    return Exchange(
        query=said[last][1],
        context="\n\n".join(earlier),
        answer=answers[0] if answers else None,
        system=_system_in(said),
        more=max(0, len(answers) - 1),
    )


def system_of(turns: Sequence[dict[str, Any]]) -> str:
    """Return the system message of a conversation, "" without one. Raises ValueError if it is none."""
    return _system_in([(_role(turn), _text(turn)) for turn in turns])


def reply_in(turns: Sequence[dict[str, Any]]) -> str | None:
    """Return what the assistant says last in a conversation, as in a list of completions."""
    return next((_text(turn) for turn in reversed(turns) if _role(turn) == "Assistant"), None)


def _system_in(said: Sequence[tuple[str, str]]) -> str:
    return "\n\n".join(text for role, text in said if role == "System" and text)


def _role(turn: dict[str, Any]) -> str:
    role = str(turn[_key(turn, _ROLES)]).strip().casefold()
    for known, name in ((_USER, "User"), (_ASSISTANT, "Assistant"), (_SYSTEM, "System")):
        if role in known:
            return name
    raise ValueError(f"the conversation has a turn of {role!r}, which is neither user nor assistant")


def _text(turn: dict[str, Any]) -> str:
    value = turn[_key(turn, _TEXTS)]
    if isinstance(value, list):  # parts, of which some may be pictures
        if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
            raise ValueError("a turn of the conversation holds more than text")
        value = "\n".join(part["text"] for part in value)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("a turn of the conversation is not text")
    return tidy(value)


def _key(turn: dict[str, Any], names: Sequence[str]) -> str:
    return next((name for name in names if name in turn), "")
