"""Exporting a chat: every turn with the answers of all columns, as Markdown, as a web page, or as JSON.

The files name the models' files, without their folders. In Markdown, questions and answers are quoted, so
that no answer can pass for another column's; in the web page all of it is text: it runs nothing and loads
nothing. Both show hidden characters by their names. JSON holds every character as it was written.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any, Literal, get_args

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write
from orca_desk.library.chats import Chat, ChatMessage
from orca_desk.library.database import Library
from orca_desk.method.grading import Verdict
from orca_desk.method.hidden_characters import visible
from orca_desk.steps.chat.models import ChatModel, models_of
from orca_desk.steps.chat.transcript import Transcript, Turn, read_transcript
from orca_desk.steps.chat.wording import column_names, sampling_text

ChatFormat = Literal["md", "html", "json"]
FORMATS: tuple[ChatFormat, ...] = get_args(ChatFormat)
KIND = "orca-desk chat"
ENDS = {"length": "cut off at the length limit", "cancelled": "stopped"}
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 110em; padding: 0 1.5em; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; margin: 0.4em 0; }
.question { border-left: 3px solid; padding-left: 0.8em; margin-top: 2em; }
.answers { display: flex; flex-wrap: wrap; gap: 1em; }
.answer { flex: 1 1 22em; border: 1px solid; border-radius: 6px; padding: 0.6em 0.9em; min-width: 0; }
.note { opacity: 0.75; font-size: 0.85em; }
h1 { font-size: 1.4em; } h2 { font-size: 1em; margin: 0; }
"""


def export_chat(library: Library, chat_id: str, path: Path, wanted: ChatFormat | None = None) -> int:
    """Write a chat to a file; return how many turns it has. By default the file's ending says the format.

    Raises UserError for an unknown chat or ending, and if the file cannot be written.
    """
    suffix = path.suffix.lower().removeprefix(".")
    chosen = wanted or {"md": "md", "markdown": "md", "html": "html", "htm": "html", "json": "json"}.get(
        suffix
    )
    if chosen is None:
        raise UserError(
            f"{path.name} is neither Markdown (.md), a web page (.html) nor JSON (.json).",
            "Give the file one of these endings.",
        )
    transcript = read_transcript(library, chat_id)
    models = models_of(library, transcript.columns)
    write: dict[str, Callable[[Transcript, Sequence[ChatModel]], str]] = {
        "md": as_markdown,
        "html": as_html,
        "json": as_json,
    }
    try:
        atomic_write(path, write[chosen](transcript, models))
    except OSError as error:
        raise cannot_write(path, error) from error
    return len(transcript.turns)


def as_markdown(transcript: Transcript, models: Sequence[ChatModel]) -> str:
    """Return a chat as Markdown."""
    chat = transcript.columns[0]
    parts = [f"# {_line(chat.title)}", f"Begun {_when(chat)} · {_line(_columns(models))}"]
    names, system = column_names(models), None
    for number, turn in enumerate(transcript.turns, 1):
        if turn.system != system:
            system = turn.system
            parts += ["## System message", _quoted(system) if system else "*None.*"]
        parts.append(f"## {number}. Question")
        parts += [f"**{role.capitalize()}, earlier:**\n\n{_quoted(text)}" for role, text in turn.before]
        parts.append(_quoted(turn.question))
        parts += [f"*{note}*" for note in _reference(turn)]
        for name, answer, verdict in zip(names, turn.answers, turn.verdicts, strict=True):
            parts.append(f"### {_line(name)}")
            parts.append("*No answer.*" if answer is None else _quoted(answer.content))
            notes = _notes(answer, verdict)
            parts += [f"*{notes}*"] if notes else []
    return "\n\n".join(parts) + "\n"


def as_html(transcript: Transcript, models: Sequence[ChatModel]) -> str:
    """Return a chat as a web page in which nothing but text comes from the chat."""
    chat = transcript.columns[0]
    body = [
        f"<h1>{escape(_line(chat.title))}</h1>",
        f'<p class="note">Begun {escape(_when(chat))} · {escape(_line(_columns(models)))}</p>',
    ]
    names, system = column_names(models), None
    for number, turn in enumerate(transcript.turns, 1):
        if turn.system != system:
            system = turn.system
            body += ["<h2>System message</h2>", _text(system or "None.")]
        body.append(f'<div class="question"><h2>{number}. Question</h2>')
        for role, text in turn.before:
            body += [f'<div class="note">{escape(role.capitalize())}, earlier:</div>', _text(text)]
        body.append(_text(turn.question))
        body += [f'<div class="note">{escape(note)}</div>' for note in _reference(turn)]
        body += ["</div>", '<div class="answers">']
        for name, answer, verdict in zip(names, turn.answers, turn.verdicts, strict=True):
            body.append(f'<div class="answer"><h2>{escape(_line(name))}</h2>')
            body.append(_text("No answer." if answer is None else answer.content))
            body.append(f'<div class="note">{escape(_notes(answer, verdict))}</div></div>')
        body.append("</div>")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(_line(chat.title))}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def as_json(transcript: Transcript, models: Sequence[ChatModel]) -> str:
    """Return a chat as JSON: its columns, and its turns with the answers in the order of the columns."""
    chat = transcript.columns[0]
    content = {
        "kind": KIND,
        "id": chat.id,
        "title": chat.title,
        "created_at": chat.created_at,
        "columns": [
            {
                "role": model.part,
                "model": model.model.name,
                "adapter": model.adapter.name if model.adapter else None,
                "training": model.training or None,
            }
            for model in models
        ],
        "turns": [_turn(turn) for turn in transcript.turns],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "system": turn.system,
        "before": [{"role": role, "content": text} for role, text in turn.before],
        "question": turn.question,
        "task": turn.task.id if turn.task else None,
        "reference": turn.task.answer if turn.task else None,
        "answers": [
            None if answer is None else _answer(answer, verdict)
            for answer, verdict in zip(turn.answers, turn.verdicts, strict=True)
        ],
    }


def _answer(answer: ChatMessage, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "content": answer.content,
        "finish_reason": answer.finish_reason,
        "completion_tokens": answer.completion_tokens,
        "seconds": answer.seconds,
        "correct": verdict.correct if verdict else None,
        "sampling": asdict(answer.sampling) if answer.sampling else None,
        "sampled": asdict(answer.sampled) if answer.sampled else None,
    }


def _columns(models: Sequence[ChatModel]) -> str:
    return "; ".join(column_names(models))


def _reference(turn: Turn) -> list[str]:
    if turn.task is None:
        return []
    return [f"Task of {_line(turn.task.family)}. Reference answer: {_line(turn.task.answer or 'none')}"]


def _notes(answer: ChatMessage | None, verdict: Verdict | None) -> str:
    """Return what is known of an answer: "correct · temperature 0.7 · 42 tokens · stopped"."""
    if answer is None:
        return ""
    parts = [] if verdict is None else ["correct" if verdict.correct else "incorrect"]
    if answer.sampled is not None:
        parts.append(f"voted among {len(answer.sampled.samples)} answers")
    parts += [sampling_text(answer.sampling)] if answer.sampling else []
    if answer.completion_tokens is not None:
        parts.append(f"{answer.completion_tokens:,} tokens")
    parts += [ENDS[answer.finish_reason]] if answer.finish_reason in ENDS else []
    return " · ".join(parts)


def _when(chat: Chat) -> str:
    return chat.created_at[:16].replace("T", " ") + " UTC"


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _quoted(text: str) -> str:
    """Return a text as a quotation of Markdown, whatever ends its lines."""
    lines = visible(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _text(text: str) -> str:
    return f'<div class="text" dir="auto">{escape(visible(text))}</div>'
