"""Conversations as rows: `messages`, ShareGPT's `conversations`, lists of prompt and completion."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.columns import plain
from orca_desk.formats.json_rows import parse
from orca_desk.formats.rows import native
from orca_desk.formats.spoken import spoken
from orca_desk.formats.values import tidy

_ROLES = ("role", "from", "speaker", "author")
_TEXTS = ("content", "value", "text", "message", "parts")
_TOOL = frozenset({
    "tool", "function", "observation", "functionresponse", "toolresponse", "ipython", "environment",
})  # fmt: skip
_USER = _TOOL | {"user", "human", "prompter", "question", "instruction", "person"}
_CALLS = ("tool_calls", "function_call")
_ASSISTANT = frozenset({
    "assistant", "gpt", "model", "chatbot", "bot", "ai", "bard", "chatgpt", "bing", "answer", "functioncall",
    "toolcall",
})  # fmt: skip
_SYSTEM = frozenset({"system", "developer"})
_SPEAKERS = frozenset({"user", "human", "assistant", "gpt", "bot", "chatbot", "model", "ai", "system"})
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")  # of a turn, beside its text
_THINKING = frozenset({"thinking", "reasoning", "redacted_thinking"})  # parts of a turn's content
END_OF_THOUGHTS = "</think>"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """The last question of a conversation, what came before it, and the answer that follows, if any.

    `system` is the system message, "" without one: a task has none, so an import of tasks leaves it aside.
    `more` counts the further texts of the assistant after that answer. `turns` are what came before, as role
    and text, user and assistant in turn; `context` is the same as one text. `tools`: calls of tools, or their
    results, are among the texts.
    """

    query: str
    context: str
    answer: str | None
    system: str
    more: int = 0
    turns: tuple[tuple[str, str], ...] = ()
    tools: bool = False


def turns_in(value: Any) -> list[dict[str, Any]] | None:
    """Return the turns of a value that is a conversation, perhaps as JSON text; None for any other."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = parse(value)
        except ValueError:
            return None
    if isinstance(value, str):
        said = spoken(value)
        return [{"role": role, "content": text} for role, text in said] if said else None
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        return None
    if all(_is_pair(one) and plain(one[0]) in _SPEAKERS for one in value):
        return [{"role": role, "content": text} for role, text in value]
    if not all(isinstance(turn, dict) for turn in value):
        return None
    if all(_key(turn, _ROLES) and _key(turn, (*_TEXTS, *_CALLS)) for turn in value):
        return value
    if all(turn and all(_is_said(name, text) for name, text in turn.items()) for turn in value):
        return [{"role": name, "content": text} for turn in value for name, text in turn.items()]
    return None


def may_be_turns(text: str) -> bool:
    """Return False of most texts that are not a conversation for `turns_in`, in little time."""
    return "[" in text or "<" in text or "###" in text or "Human:" in text


def _is_said(name: str, text: Any) -> bool:
    """Return whether a member of a turn is a speaker and what was said, as in {"human": "Why?"}."""
    return plain(name) in _SPEAKERS and isinstance(text, str)


def alternating(value: Any) -> list[dict[str, Any]] | None:
    """Return the turns of a conversation that is a list of texts, the first the user's; None for others."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, str) for one in value):
        return None
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": one} for place, one in enumerate(value)]


def turns_beside(value: Any) -> list[dict[str, Any]] | None:
    """Return the turns that stand beside a question: as a conversation, or as pairs; None without any.

    A pair is a role and a text, or a question and its answer, as Alpaca's histories have them.
    """
    turns = turns_in(value)
    if turns is not None:
        return turns
    if isinstance(value, str) and value.lstrip().startswith("[["):
        try:
            value = parse(value)
        except ValueError:
            return None
    if not isinstance(value, list) or not value or not all(_is_pair(one) for one in value):
        return None
    return [
        {"role": role, "content": text}
        for pair in value
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)


def is_reply(values: Mapping[str, Any]) -> bool:
    """Return whether a row is a single turn of a conversation, by the assistant or a system."""
    role = values.get("role")
    return isinstance(role, str) and plain(role) in _ASSISTANT | _SYSTEM


def exchange_of(turns: Sequence[dict[str, Any]]) -> Exchange:
    """Return the last question of a conversation. Raises ValueError, saying why, if it has none."""
    said = [(_role(turn), _text(turn)) for turn in turns]
    asked = [place for place, (role, _) in enumerate(said) if role == "User"]
    if not asked or all(
        plain(str(turn[_key(turn, _ROLES)])) in _TOOL for turn in map(turns.__getitem__, asked)
    ):
        raise ValueError("the conversation has no turn by a user")
    last = asked[-1]
    first = last
    while first and said[first - 1][0] == "User":  # one question in several turns
        first -= 1
    earlier = _merged([one for one in said[:first] if one[0] != "System" and one[1]])
    answers = [text for role, text in said[last + 1 :] if role == "Assistant" and text]
    return Exchange(
        query="\n\n".join(text for _, text in said[first : last + 1] if text),
        context="\n\n".join(f"{role}: {text}" for role, text in earlier),
        answer=answers[0] if answers else None,
        system=_system_in(said),
        more=max(0, len(answers) - 1),
        turns=tuple((role.casefold(), text) for role, text in earlier),
        tools=any(_is_about_tools(turn) for turn in turns),
    )


def _merged(said: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the turns with those that follow each other by the same role as one."""
    found: list[tuple[str, str]] = []
    for role, text in said:
        if found and found[-1][0] == role:
            found[-1] = (role, f"{found[-1][1]}\n\n{text}")
        else:
            found.append((role, text))
    return found


def _is_about_tools(turn: dict[str, Any]) -> bool:
    role = plain(str(turn[_key(turn, _ROLES)]))
    value = turn.get(_key(turn, _TEXTS))
    parts = value if isinstance(value, list) else ()
    return (
        role in _TOOL
        or role in ("functioncall", "toolcall")
        or any(turn.get(name) for name in _CALLS)
        or any(isinstance(part, dict) and part.get("type") in ("tool_use", "tool_result") for part in parts)
    )


def has_thoughts(turns: Sequence[dict[str, Any]]) -> bool:
    """Return whether thoughts stand beside what a conversation says, in a part of it, or before an answer."""
    for turn in turns:
        value = turn.get(_key(turn, _TEXTS))
        parts = value if isinstance(value, list) else ()
        if (
            any(turn.get(name) for name in _THOUGHTS)
            or any(isinstance(part, dict) and part.get("type") in _THINKING for part in parts)
            or (isinstance(value, str) and END_OF_THOUGHTS in value)
        ):
            return True
    return False


def system_of(turns: Sequence[dict[str, Any]]) -> str:
    """Return the system message of a conversation, "" without one. Raises ValueError for anything else."""
    return _system_in([(_role(turn), _text(turn)) for turn in turns])


def reply_in(turns: Sequence[dict[str, Any]]) -> str | None:
    """Return what the assistant says last in a conversation, as in a list of completions."""
    return next((_text(turn) for turn in reversed(turns) if _role(turn) == "Assistant"), None)


def _system_in(said: Sequence[tuple[str, str]]) -> str:
    return "\n\n".join(text for role, text in said if role == "System" and text)


def _role(turn: dict[str, Any]) -> str:
    role = plain(str(turn[_key(turn, _ROLES)]).strip())
    for known, name in ((_USER, "User"), (_ASSISTANT, "Assistant"), (_SYSTEM, "System")):
        if role in known:
            return name
    raise ValueError(f"the conversation has a turn by {role!r}, which is neither user nor assistant")


def _text(turn: dict[str, Any]) -> str:
    """Return what a turn says; calls of tools and their results are kept as text."""
    value = turn.get(_key(turn, _TEXTS))
    if isinstance(value, list):  # parts, of which some may be pictures
        value = "\n".join(filter(None, map(_part_text, value)))
    if isinstance(value, dict) and plain(str(turn[_key(turn, _ROLES)])) in _TOOL:
        value = _as_json(value)
    if value is not None and not isinstance(value, str):
        raise ValueError("a turn of the conversation is not text")
    calls = [turn[name] for name in _CALLS if turn.get(name)]
    texts = [
        tidy(value or ""),
        *(f"Tool call: {_as_json(_call(one))}" for one in calls),
    ]
    text = "\n".join(filter(None, texts))
    if plain(str(turn[_key(turn, _ROLES)])) in _TOOL:
        return f"Tool result: {text}"
    return text


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in _THINKING:
        return ""
    if kind == "tool_use":
        return f"Tool call: {_as_json({'name': part.get('name'), 'arguments': part.get('input')})}"
    if kind == "tool_result":
        inner = part.get("content")
        texts = map(_part_text, inner if isinstance(inner, list) else [inner])
        return "Tool result: " + "\n".join(texts)
    if not isinstance(part, dict) or not isinstance(part.get("text"), str):
        what = f"a part of type {kind!r}" if isinstance(kind, str) else "more than text"
        raise ValueError(f"a turn of the conversation contains {what}; a task can only be text")
    return str(part["text"])


def _call(call: Any) -> Any:
    """Return a call of a tool without what its interface adds; a list if there are several."""
    if isinstance(call, list):
        return [_call(one) for one in call] if len(call) != 1 else _call(call[0])
    return call["function"] if isinstance(call, dict) and isinstance(call.get("function"), dict) else call


def _as_json(value: Any) -> str:
    return json.dumps(native(value), ensure_ascii=False)


def _key(turn: dict[str, Any], names: Sequence[str]) -> str:
    return next((name for name in names if name in turn), "")
