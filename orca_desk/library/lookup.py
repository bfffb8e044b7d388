"""Searching a whole library by a few words: tasks by text; strategies, trainings, runs and chats by name."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.tasks import TaskFilter, list_tasks

FoundKind = Literal["task", "record", "strategy", "training", "evaluation", "run", "chat"]
TEXT = 90  # characters of a task or an outcome


@dataclass(frozen=True, kw_only=True)
class Found:
    """A search result: its kind and id, and the title and detail to show.

    The `detail` of a run is its stored outcome, as `Run.outcome`.
    """

    kind: FoundKind
    id: str
    title: str
    detail: str


def look_up(library: Library, text: str, *, limit: int = 6) -> list[Found]:
    """Return what matches `text`, at most `limit` results per kind; nothing for a blank text.

    Runs a few indexed queries, and scans the runs and chats.
    """
    wanted = text.strip()
    if not wanted:
        return []
    folded = wanted.casefold()
    return [
        *_strategies(library, folded, limit),
        *_runs(library, folded, limit),
        *_records(library, wanted, limit),
        *_chats(library, folded, limit),
        *_tasks(library, wanted, limit),
    ]


def _strategies(library: Library, folded: str, limit: int) -> list[Found]:
    rows = library.rows(
        "SELECT name, title, max(version) FROM strategies"
        " WHERE instr(casefold(name), ?1) OR instr(casefold(title), ?1) GROUP BY name ORDER BY name LIMIT ?2",
        (folded, limit),
    )
    return [Found(kind="strategy", id=row[0], title=row[1], detail=row[0]) for row in rows]


def _runs(library: Library, folded: str, limit: int) -> list[Found]:
    kinds: dict[str, FoundKind] = {"train": "training", "evaluate": "evaluation"}
    rows = library.rows(
        "SELECT id, kind, status, outcome FROM runs WHERE instr(casefold(id), ?) ORDER BY n DESC LIMIT ?",
        (folded, limit),
    )
    return [
        Found(kind=kinds.get(row[1], "run"), id=row[0], title=row[0], detail=row[3] or row[2]) for row in rows
    ]


def _records(library: Library, wanted: str, limit: int) -> list[Found]:
    """Records by the beginning of their id, which the index of ids finds."""
    if not all(sign in "0123456789abcdef" for sign in wanted):
        return []
    rows = library.rows(
        f"SELECT id, {NAME} AS family, user FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (wanted, wanted + "g", limit),
    )
    return [Found(kind="record", id=row[0], title=_short(row[2]), detail=row[1]) for row in rows]


def _chats(library: Library, folded: str, limit: int) -> list[Found]:
    rows = library.rows(
        "SELECT id, title FROM chats WHERE instr(casefold(title), ?) ORDER BY n DESC LIMIT ?", (folded, limit)
    )
    return [Found(kind="chat", id=row[0], title=_short(row[1]), detail=row[0]) for row in rows]


def _tasks(library: Library, wanted: str, limit: int) -> list[Found]:
    tasks = list_tasks(library, TaskFilter(text=wanted, limit=limit)).items
    return [Found(kind="task", id=task.id, title=_short(task.query), detail=task.family) for task in tasks]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT else f"{line[: TEXT - 1]}…"
