"""The part of Go's text/template that our templates for Ollama use, as Ollama runs it."""

import json
import re
from collections.abc import Iterator
from typing import Any

_ACTION = re.compile(r"{{(.*?)}}", re.DOTALL)


def render_go(template: str, messages: list[tuple[str, str]]) -> str:
    """Return what Ollama writes for `messages`, (role, text): .System is their system text, .Messages all."""
    system = "\n\n".join(text for role, text in messages if role == "system")
    scope = {".System": system, ".Messages": [{"Role": role, "Content": text} for role, text in messages]}
    pieces = _ACTION.split(template)
    out: list[str] = []
    end = _run(pieces, 0, scope, out)
    assert end == len(pieces), "an {{ end }} is left over"
    return "".join(out)


def _run(pieces: list[str], place: int, scope: dict[str, Any], out: list[str] | None) -> int:
    """Run `pieces` from `place` (None: skip them) to the end of the block; return the place behind it."""
    while place < len(pieces):
        if place % 2 == 0:
            if out is not None:
                out.append(pieces[place])
            place += 1
            continue
        action = pieces[place].strip()
        place += 1
        if action == "end":
            return place
        if action.startswith("if "):
            holds = out is not None and bool(_value(action[3:], scope))
            place = _run(pieces, place, scope, out if holds else None)
        elif action.startswith("range "):
            ranged = re.fullmatch(r"range (\$\w+), (\$\w+) := (.+)", action)
            assert ranged, action
            stop = _run(pieces, place, scope, None)
            for index, item in enumerate(_value(ranged[3], scope) if out is not None else []):
                scope |= {ranged[1]: index, ranged[2]: item}
                _run(pieces, place, scope, out)
            place = stop
        elif assigned := re.fullmatch(r"(\$\w+) :?= (.+)", action):
            if out is not None:
                scope[assigned[1]] = _value(assigned[2], scope)
        elif out is not None:
            out.append(str(_value(action, scope)))
    return place


def _value(expression: str, scope: dict[str, Any]) -> Any:
    if expression == "eq (len (slice $.Messages $i)) 1":
        return len(scope[".Messages"][scope["$i"] :]) == 1
    words = list(_words(expression.strip()))
    match words:
        case ["eq", one, other]:
            return _atom(one, scope) == _atom(other, scope)
        case ["and", one, other]:
            return _atom(one, scope) and _atom(other, scope)
        case ["not", one]:
            return not _atom(one, scope)
        case [one]:
            return _atom(one, scope)
    raise AssertionError(f"unknown to this subset: {expression}")


def _words(expression: str) -> Iterator[str]:
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|\S+', expression):
        yield match[0]


def _atom(word: str, scope: dict[str, Any]) -> Any:
    if word.startswith('"'):
        return json.loads(word)
    if word.startswith("$") and "." in word:
        name, field = word.split(".")
        return scope[name][field]
    return scope[word]
