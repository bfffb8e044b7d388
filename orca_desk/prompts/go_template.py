"""Writes a chat template in Go's syntax, as Ollama's Modelfile takes it, from the pieces of the Jinja one.

Go ranges over the messages and writes the same around each text. It cannot trim a text or drop the thoughts
of earlier answers. A template whose turns depend on more than their role has no such form: Ollama then goes
by the template that it finds in the GGUF file.
"""

import json
from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.prompts.template import ChatTemplate, Shape

# The system message before the first question, where the template has no turn for it
_LEAD = '{{ if $lead }}{{ $lead }}\n\n{{ $lead = "" }}{{ end }}'


@dataclass(frozen=True, kw_only=True)
class Turns:
    """What a template writes before and after each role's text.

    `start` begins every conversation, and `answer` ends a prompt: for the most part it begins an assistant's
    turn. `system` is None where the system message leads the first question.
    """

    start: str
    system: tuple[str, str] | None
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str


def go_template(template: ChatTemplate, *, bos: str, adds_bos: bool) -> str | None:
    """Return `template` in Go's syntax; None where it has no such form.

    `adds_bos`: the application begins every prompt with `bos` by itself.
    """
    turns = turns_of(template, bos)
    if turns is None:
        return None
    lead, system = "{{ $lead := .System }}", ""
    if turns.system is not None:
        lead = ""
        system = _turn("system", turns.system)
    missing = ""
    if turns.system is not None and template.needs_system:
        missing = f"{{{{ if not .System }}}}{_text(''.join(turns.system))}{{{{ end }}}}"
    user = _turn("user", turns.user, _LEAD if turns.system is None else "")
    body = system + user + _turn("assistant", turns.assistant)
    start = "" if adds_bos else _text(turns.start)
    return f"{lead}{start}{missing}{{{{ range $m := .Messages }}}}{body}{{{{ end }}}}{_text(turns.answer)}"


def turns_of(template: ChatTemplate, bos: str) -> Turns | None:
    """Return what `template` writes around the texts; None where that depends on more than their role."""
    try:
        first, ends_question = template.skeleton(Shape(("user",), True)).pieces
        question_end = template.skeleton(Shape(("user",), False)).pieces[-1]
        answer_end = template.skeleton(Shape(("user", "assistant"), False)).pieces[-1]
        again = template.skeleton(Shape(("user", "assistant", "user"), True)).pieces
        system = template.skeleton(Shape(("system", "user"), True)).pieces if template.has_system else None
    except UserError:
        return None
    user = (again[2].removeprefix(answer_end), question_end)
    start = bos if bos and first.startswith(bos) else ""
    around = _system(system, start, user[0]) if system else None
    found = Turns(
        start=start,
        system=around,
        user=user,
        assistant=(again[1].removeprefix(question_end), answer_end),
        answer=ends_question.removeprefix(question_end),
    )
    default = first.removeprefix(start).removesuffix(user[0])
    holds = (
        again[0] == first
        and again[1] == question_end + found.assistant[0]
        and again[2] == answer_end + user[0]
        and again[3] == ends_question == question_end + found.answer
        and first == start + default + user[0]
        and (system is None) == (around is None)
        and (not default or template.needs_system)
    )
    return found if holds else None


def _system(pieces: tuple[str, ...], start: str, user: str) -> tuple[str, str] | None:
    """Return what is written around a system message, which a question follows."""
    before, between, _ = pieces
    if not before.startswith(start) or not between.endswith(user):
        return None
    return before.removeprefix(start), between.removesuffix(user)


def _turn(role: str, around: tuple[str, str], lead: str = "") -> str:
    text = f"{_text(around[0])}{lead}{{{{ $m.Content }}}}{_text(around[1])}"
    return f'{{{{ if eq $m.Role "{role}" }}}}{text}{{{{ end }}}}'


def _text(piece: str) -> str:
    """Return a template's own text, quoted where Go would take it for an action."""
    return f"{{{{ {json.dumps(piece, ensure_ascii=False)} }}}}" if "{{" in piece else piece
