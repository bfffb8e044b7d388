"""The history of a task in words."""

import json

from orca_desk.counting import counted
from orca_desk.library.history import TaskEvent, TaskHistory
from orca_desk.ui.words.shorten import shorten

FIELDS = {
    "query": "question",
    "context": "context",
    "answer": "reference answer",
    "answer_kind": "type of answer",
    "tags": "tags",
    "split": "split",
    "strategy": "strategy",
    "family": "family",
    "turns": "earlier turns",
}
DECISIONS = {"keep": "Kept", "drop": "Dropped"}


def event_text(event: TaskEvent) -> str:
    """Return one event as a sentence without its time."""
    verdict = {True: ": correct", False: ": incorrect", None: ""}[event.correct]
    match event.kind:
        case "sample":
            return "Came with the library as a sample"
        case "imported":
            return f"Imported from {event.name} ({event.run})"
        case "grown":
            ancestry = event.former.get("ancestry", {})
            source = ancestry.get("source") or ancestry.get("generator") or ancestry.get("kind") or ""
            return f"Grown here{f' from {source}' if source else ''} ({event.run})"
        case "added":
            return "Added"
        case "edited":
            return f"Edited: {'; '.join(map(_former, event.former.items()))}"
        case "answered":
            return f"Answered under {event.name}{verdict} ({event.run or 'imported'})"
        case "reviewed":
            return f"{DECISIONS[event.name]} in review ({event.subject[:12]})"
        case "frozen":
            return f"Frozen into the snapshot {event.name}"
        case "trained":
            return f"Trained on by {event.run}, as part of {event.name}"
        case "evaluated":
            return f"Asked of {event.name}{verdict} ({event.run})"
        case "chatted":
            return f"Asked in the chat {event.name}"


def history_notes(history: TaskHistory) -> list[str]:
    """Return what the history leaves out."""
    notes = [
        f"{counted(count, 'earlier event')} of the type “{kind}” not shown"
        for kind, count in history.more.items()
    ]
    notes.append(f"Edits have been recorded since {history.edits_since[:10]}; earlier ones are not known.")
    return notes


def event_time(event: TaskEvent) -> str:
    """Return when it was, to the minute; a dash where it was not recorded."""
    return event.at[:16].replace("T", " ") or "—"


def _former(item: tuple[str, object]) -> str:
    name, value = item
    if name == "tags" and isinstance(value, str):
        value = ", ".join(json.loads(value))
    was = "were" if name in ("tags", "turns") else "was"
    return f"{FIELDS.get(name, name)} {was} {shorten(str(value), 60) if value not in (None, '') else 'empty'}"
