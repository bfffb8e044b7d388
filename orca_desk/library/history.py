"""The history of a task: where it came from, its edits, and everything that was done with it, in order."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from orca_desk.library.database import Library
from orca_desk.library.proposals import ancestry_of
from orca_desk.library.records import CORRECT, TABLES
from orca_desk.library.samples import OF_SAMPLES
from orca_desk.library.tasks import get_task

EventKind = Literal[
    "sample", "imported", "grown", "added", "edited", "answered", "reviewed", "frozen", "trained",
    "evaluated", "chatted",
]  # fmt: skip
SHOWN = 200  # events of one kind at most; `more` counts the rest


@dataclass(frozen=True, kw_only=True)
class TaskEvent:
    """Something that happened to a task, or with it.

    `at` is when, as the library stores times, or "" where that is unknown. `run` is the run or evaluation,
    `subject` the id of what was made: record, snapshot, training or chat. `name` is the file of an import,
    the strategy of an answer, the name of a snapshot, or that of an evaluated model. `correct` is the
    verdict. An edit has the `former` values by field.
    """

    kind: EventKind
    at: str = ""
    run: str = ""
    subject: str = ""
    name: str = ""
    correct: bool | None = None
    former: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TaskHistory:
    """The events of a task, the oldest first. Edits have been recorded since `edits_since`, not before.

    `more` counts events beyond the newest 200 of a kind, by the kind.
    """

    task: str
    events: tuple[TaskEvent, ...]
    edits_since: str
    more: dict[EventKind, int]


def task_history(library: Library, task_id: str) -> TaskHistory:
    """Return what the library knows of a task's past. Raises UserError if it does not exist."""
    get_task(library, task_id)
    events = [
        *_begin(_origin(library, task_id), _edits(library, task_id)),
        *_answers(library, task_id),
        *_frozen(library, task_id),
        *_trained(library, task_id),
        *_evaluated(library, task_id),
        *_chats(library, task_id),
    ]
    kept: list[TaskEvent] = []
    more: dict[EventKind, int] = {}
    for kind in dict.fromkeys(event.kind for event in events):
        of_kind = sorted((event for event in events if event.kind == kind), key=lambda event: event.at)
        kept += of_kind[-SHOWN:]
        if len(of_kind) > SHOWN:
            more[kind] = len(of_kind) - SHOWN
    begun = library.row("SELECT created_at FROM task_events WHERE what = 'begun' ORDER BY n LIMIT 1")
    return TaskHistory(
        task=task_id,
        events=tuple(sorted(kept, key=lambda event: event.at)),
        edits_since=begun["created_at"] if begun else "",
        more=more,
    )


def _origin(library: Library, task_id: str) -> list[TaskEvent]:
    if grown := ancestry_of(library, task_id):
        row = library.row("SELECT created_at FROM proposals WHERE accepted = ?", (task_id,))
        at = row["created_at"] if row else ""
        return [TaskEvent(kind="grown", at=at, run=grown.run, former={"ancestry": grown.proposal.ancestry})]
    imported = library.rows(
        "SELECT i.run, i.source, coalesce(r.started_at, r.created_at, '') AS at FROM tasks AS t"
        " JOIN imported_rows AS i ON t.n BETWEEN i.first AND i.last LEFT JOIN runs AS r ON r.id = i.run"
        " WHERE t.id = ?",
        (task_id,),
    )
    if imported:
        return [
            TaskEvent(kind="imported", at=row["at"], run=row["run"], name=row["source"]) for row in imported
        ]
    is_sample = library.row(f"SELECT 1 FROM tasks WHERE id = ? AND {OF_SAMPLES}", (task_id,))
    return [TaskEvent(kind="sample")] if is_sample else []


def _begin(origin: list[TaskEvent], edits: list[TaskEvent]) -> list[TaskEvent]:
    """Let where a task is from stand for its first addition, and take the time from there if it has none."""
    if not origin or not edits or edits[0].kind != "added":
        return [*origin, *edits]
    first, *later = edits
    return [*(one if one.at else replace(one, at=first.at) for one in origin), *later]


def _edits(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows("SELECT * FROM task_events WHERE task = ? ORDER BY n", (task_id,))
    return [
        TaskEvent(kind=row["what"], at=row["created_at"], former=json.loads(row["former"])) for row in rows
    ]


def _answers(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows(
        f"SELECT r.id, r.run, r.strategy, r.created_at, {CORRECT} AS correct, d.decision,"
        f" d.created_at AS decided_at {TABLES} WHERE r.task_id = ? ORDER BY r.n",
        (task_id,),
    )
    answered = [
        TaskEvent(
            kind="answered",
            at=row["created_at"],
            run=row["run"] or "",
            subject=row["id"],
            name=row["strategy"],
            correct=_truth(row["correct"]),
        )
        for row in rows
    ]
    reviewed = [
        TaskEvent(kind="reviewed", at=row["decided_at"], subject=row["id"], name=row["decision"])
        for row in rows
        if row["decision"]
    ]
    return answered + reviewed


def _frozen(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows(
        "SELECT DISTINCT s.id, s.name, s.created_at FROM records AS r"
        " JOIN snapshot_records AS c ON c.teacher_record_id = r.id JOIN snapshots AS s ON s.id = c.snapshot"
        " WHERE r.task_id = ?",
        (task_id,),
    )
    return [
        TaskEvent(kind="frozen", at=row["created_at"], subject=row["id"], name=row["name"]) for row in rows
    ]


def _trained(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows(
        "SELECT DISTINCT t.id, s.name, coalesce(u.started_at, u.created_at) AS at FROM records AS r"
        " JOIN snapshot_records AS c ON c.teacher_record_id = r.id JOIN snapshots AS s ON s.id = c.snapshot"
        " JOIN trainings AS t ON t.snapshot = s.id JOIN runs AS u ON u.id = t.id WHERE r.task_id = ?",
        (task_id,),
    )
    return [
        TaskEvent(kind="trained", at=row["at"], run=row["id"], subject=row["id"], name=row["name"])
        for row in rows
    ]


def _evaluated(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows(
        "SELECT a.evaluation, a.correct, a.created_at, m.name, m.model FROM questions AS q"
        " JOIN answers AS a USING (evaluation, task_id) JOIN evaluations AS m ON m.id = q.evaluation"
        " WHERE q.task_id = ?",
        (task_id,),
    )
    return [
        TaskEvent(
            kind="evaluated",
            at=row["created_at"],
            run=row["evaluation"],
            subject=row["evaluation"],
            name=row["name"] or row["model"].rsplit("/", 1)[-1],
            correct=_truth(row["correct"]),
        )
        for row in rows
    ]


def _chats(library: Library, task_id: str) -> list[TaskEvent]:
    rows = library.rows(
        "SELECT c.id, c.title, min(m.created_at) AS at FROM messages AS m JOIN chats AS c"
        " ON c.n = (SELECT coalesce(beside, n) FROM chats WHERE n = m.chat)"
        " WHERE m.task = ? GROUP BY c.id",
        (task_id,),
    )
    return [TaskEvent(kind="chatted", at=row["at"], subject=row["id"], name=row["title"]) for row in rows]


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
