"""The verdicts on answers to some tasks, and storing others when a task's reference answer has changed."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.held_out import flags_at_change, restore_flags
from orca_desk.library.pairings import ProbedAnswer, correct_evidence
from orca_desk.library.tasks import store_tasks, tasks_of
from orca_desk.method.grading import Verdict
from orca_desk.method.records import Task

JUDGED = ("correct", "kind", "answer", "reason")


@dataclass(frozen=True, kw_only=True)
class GradedText:
    """The teacher's words, or the newest edit of them (`revision`), with the verdict that is stored.

    `user` is what was asked; the task may ask something else by now.
    """

    record: int
    revision: int | None
    task_id: str
    user: str
    response: str
    verdict: Verdict | None


@dataclass(frozen=True, kw_only=True)
class Regraded:
    """A text and the verdict that it gets in place of its own."""

    text: GradedText
    verdict: Verdict | None


@dataclass(frozen=True, kw_only=True)
class FormerTasks:
    """Tasks before they were replaced, and which records that this could hold out were held out."""

    tasks: tuple[Task, ...]
    held_out: dict[int, bool]


class OutdatedError(Exception):
    """What was graded has changed meanwhile: an answer has arrived, or a task was edited."""


def graded_texts(library: Library, task_ids: Iterable[str]) -> list[GradedText]:
    """Return the texts that answer these tasks, in a fixed order; no edits back to the teacher's words."""
    with library.read() as db:
        return _texts(db, task_ids)


def store_regraded(
    library: Library,
    regraded: Sequence[Regraded],
    *,
    tasks: Iterable[str],
    texts: Sequence[GradedText],
    seen: Sequence[Task],
    replaced_by: Sequence[Task] = (),
    held_out: Mapping[int, bool] = {},
) -> FormerTasks:
    """Replace tasks and the verdicts on their answers in one transaction; return the former tasks.

    `held_out` are flags of records to restore, where this undoes another replacement.
    Raises OutdatedError, and stores nothing, if the answers to `tasks` are no longer `texts`, or the tasks
    not as `seen`; UserError if a task to replace does not exist.
    """

    def store(db: sqlite3.Connection) -> FormerTasks:
        if tasks_of(db, [task.id for task in seen]) != {task.id: task for task in seen}:
            raise OutdatedError
        if _texts(db, tasks) != texts:
            raise OutdatedError
        known = tasks_of(db, [task.id for task in replaced_by])
        present = [task for task in replaced_by if task.id in known]
        flags = flags_at_change(db, [known[task.id] for task in present], present)
        before = store_tasks(db, replaced_by)
        restore_flags(db, held_out)
        _store_verdicts(db, regraded)
        return FormerTasks(tasks=tuple(before), held_out=flags)

    return library.write(store)


def _texts(db: sqlite3.Connection, task_ids: Iterable[str]) -> list[GradedText]:
    wanted = json_list(task_ids)
    among = "r.task_id IN (SELECT value FROM json_each(:tasks))"
    rows = db.execute(
        "SELECT r.n AS record, NULL AS revision, r.task_id, r.user, r.response,"
        f" {_columns('v')} FROM records AS r JOIN verdicts AS v ON v.record = r.n WHERE {among}"
        " UNION ALL SELECT r.n, e.revision, r.task_id, r.user, e.response,"
        f" {_columns('e')} FROM records AS r JOIN revisions AS e ON e.record = r.n AND e.content <> r.content"
        "  AND e.revision = (SELECT max(revision) FROM revisions WHERE record = r.n)"
        f" WHERE {among} ORDER BY 1, 2",
        {"tasks": wanted},
    )
    return [_text(row) for row in rows.fetchall()]


def _store_verdicts(db: sqlite3.Connection, regraded: Sequence[Regraded]) -> None:
    """Replace verdicts, and the outcomes in the evidence for strategies that they were.

    A revision never changes: an edit with another verdict is the next revision, with the same text.
    """
    own = [one for one in regraded if one.text.revision is None]
    edits = [one for one in regraded if one.text.revision is not None]
    db.executemany(
        "UPDATE verdicts SET correct = :correct, kind = :kind, answer = :answer, reason = :reason,"
        " created_at = :now WHERE record = :record",
        map(_values, own),
    )
    db.executemany(
        "INSERT INTO revisions (record, revision, response, created_at, correct, kind, answer, reason,"
        " leaks, leaked, content)"
        " SELECT record, revision + 1, response, :now, :correct, :kind, :answer, :reason,"
        " leaks, leaked, content FROM revisions WHERE record = :record AND revision = :revision",
        map(_values, edits),
    )
    _correct_evidence(db, own)


def _correct_evidence(db: sqlite3.Connection, own: Sequence[Regraded]) -> None:
    """Tell the evidence that the teacher's answers are."""
    verdicts = {one.text.record: one.verdict.correct for one in own if one.verdict is not None}
    if not verdicts:
        return
    rows = db.execute(
        "SELECT r.n, r.task_id, r.strategy, r.sample, r.created_at, v.correct FROM records AS r"
        " JOIN records AS changed ON changed.task_id = r.task_id AND changed.strategy = r.strategy"
        " LEFT JOIN verdicts AS v ON v.record = r.n"
        " WHERE changed.n IN (SELECT value FROM json_each(?)) GROUP BY r.n ORDER BY r.n",
        (json_list(verdicts),),
    )
    answers: defaultdict[tuple[str, str], list[ProbedAnswer]] = defaultdict(list)
    for row in rows.fetchall():
        answer = ProbedAnswer(
            answered_at=row["created_at"],
            sample=row["sample"],
            correct=None if row["correct"] is None else bool(row["correct"]),
            has_changed=row["n"] in verdicts,
        )
        answers[row["task_id"], row["strategy"]].append(answer)
    correct_evidence(db, answers)


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in JUDGED)


def _text(row: sqlite3.Row) -> GradedText:
    fields = {name: row[name] for name in ("record", "revision", "task_id", "user", "response")}
    if row["correct"] is None:
        return GradedText(**fields, verdict=None)
    verdict = Verdict(
        correct=bool(row["correct"]), kind=row["kind"], answer=row["answer"], reason=row["reason"]
    )
    return GradedText(**fields, verdict=verdict)


def _values(one: Regraded) -> dict[str, Any]:
    judged = {name: getattr(one.verdict, name, None) for name in JUDGED}
    judged["reason"] = judged["reason"] or ""
    return {**judged, "record": one.text.record, "revision": one.text.revision, "now": now()}
