"""Writes a chat template in Go's syntax, as Ollama's Modelfile takes it, from the pieces of the Jinja one.

Go ranges over the messages and writes the same around each text. It cannot trim a text or drop the thoughts
of earlier answers. A template whose turns depend on more than their role has no such form: Ollama then goes
by the template that it finds in the GGUF file. Only prompts matter here, which end with a question: how a
template ends a last answer does not.
"""

import itertools
import json
from dataclasses import dataclass
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.prompts.template import ChatTemplate, Shape

# What the renderer writes around a system message where the template has no system role
_AROUND = ("", "\n\n")
_IS_LAST = "{{ $last := eq (len (slice $.Messages $i)) 1 }}"
Lead = Literal["first", "last"]


@dataclass(frozen=True, kw_only=True)
class Turns:
    """What a template writes before and after each role's text.

    `start` begins every conversation, and `answer` ends a prompt. With a `lead` the system message has no
    turn of its own, but leads the first or the last question. `default` says that a conversation without a
    system message has an empty one.
    """

    start: str
    system: tuple[str, str]
    lead: Lead | None
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str
    default: bool


def go_template(template: ChatTemplate, *, bos: str, adds_bos: bool) -> str | None:
    """Return `template` in Go's syntax; None where it has no such form.

    `adds_bos`: the application begins every prompt with `bos` by itself.
    """
    # A token that begins every turn may be named as the one that begins texts too, as in SmolLM2.
    turns = (None if adds_bos else turns_of(template, "")) or turns_of(template, bos)
    if turns is None:
        return None
    before, inside, question = "", "", ""
    if turns.lead is None:
        inside = _turn("system", turns.system)
        if turns.default:
            before = f"{{{{ if not .System }}}}{_text(''.join(turns.system))}{{{{ end }}}}"
    else:
        before = "{{ $lead := .System }}"
        question = _lead(turns)
        inside = _IS_LAST if turns.lead == "last" else ""
    body = inside + _turn("user", turns.user, question) + _turn("assistant", turns.assistant)
    start = "" if adds_bos else _text(turns.start)
    return f"{start}{before}{{{{ range $i, $m := .Messages }}}}{body}{{{{ end }}}}{_text(turns.answer)}"


def turns_of(template: ChatTemplate, bos: str) -> Turns | None:
    """Return what `template` writes around the texts; None where that depends on more than their role."""
    try:
        first, asks = template.skeleton(Shape(("user",), True)).pieces
        again = template.skeleton(Shape(("user", "assistant", "user"), True)).pieces
        start = bos if bos and first.startswith(bos) else ""
        user = first.removeprefix(start)
        if template.needs_system:  # the first question follows an empty system message
            end = template.skeleton(Shape(("user", "assistant"), False)).pieces[-1]
            user = again[2].removeprefix(end)
        return _turns(template, start, user, asks, again)
    except UserError:
        return None


def _turns(template: ChatTemplate, start: str, user: str, asks: str, again: tuple[str, ...]) -> Turns | None:
    """Return the turns if the measured pieces of all conversations are made of them."""
    first, answers, asks_again, last = again
    if not asks_again.endswith(user) or not first.endswith(user) or last != asks:
        return None
    question_end = _common_start(answers, asks)
    system = _AROUND
    lead: Lead | None = None if template.has_system else "first"
    if template.has_system:
        before, between, ends = template.skeleton(Shape(("system", "user"), True)).pieces
        if ends != asks or not before.startswith(start):
            return None
        if between.endswith(user):
            system = before.removeprefix(start), between.removesuffix(user)
        elif before.startswith(start + user):
            system, lead = (before.removeprefix(start + user), between), "first"
        else:
            return None
        long = template.skeleton(Shape(("system", "user", "assistant", "user"), True))
        order = tuple(slot.message for slot in long.slots)
        late = (first, answers, asks_again + system[0], between, asks)
        if lead and (order, long.pieces) == ((1, 2, 0, 3), late):
            lead = "last"
        elif (order, long.pieces) != ((0, 1, 2, 3), (before, between, answers, asks_again, asks)):
            return None
    default = bool(first.removeprefix(start).removesuffix(user))
    if default and (lead or not template.needs_system):
        return None
    return Turns(
        start=start,
        system=system,
        lead=lead,
        user=(user, question_end),
        assistant=(answers.removeprefix(question_end), asks_again.removesuffix(user)),
        answer=asks.removeprefix(question_end),
        default=template.needs_system,
    )


def _lead(turns: Turns) -> str:
    """Return what writes the system message before the question that it leads."""
    text = f"{_text(turns.system[0])}{{{{ $lead }}}}{_text(turns.system[1])}"
    if turns.lead == "last":
        return f"{{{{ if and $last $lead }}}}{text}{{{{ end }}}}"
    return f'{{{{ if $lead }}}}{text}{{{{ $lead = "" }}}}{{{{ end }}}}'


def _common_start(one: str, other: str) -> str:
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(first for first, _ in pairs)


def _turn(role: str, around: tuple[str, str], lead: str = "") -> str:
    text = f"{_text(around[0])}{lead}{{{{ $m.Content }}}}{_text(around[1])}"
    return f'{{{{ if eq $m.Role "{role}" }}}}{text}{{{{ end }}}}'


def _text(piece: str) -> str:
    """Return a template's own text, quoted where Go would take it for an action."""
    return f"{{{{ {json.dumps(piece, ensure_ascii=False)} }}}}" if "{{" in piece else piece
