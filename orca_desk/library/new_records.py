"""New teacher records: question and answer, which never change from now on, with their first verdict."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.library.answer_facts import read_texts, store_facts
from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.families import NAME, family_ids
from orca_desk.library.general_probe import probe_keys
from orca_desk.library.records import ASKED
from orca_desk.library.rows import table
from orca_desk.library.tasks import Added
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import Leak
from orca_desk.method.records import TeacherRecord, content_key, is_blank, question_key
from orca_desk.method.turns import turns_to_json
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A new teacher record with its verdict (None without a reference answer) and its leaks.

    `held_out`: its task was held out when the teacher was asked. The library remembers it, also when the task
    is deleted.
    """

    record: TeacherRecord
    verdict: Verdict | None = None
    leaks: tuple[Leak, ...] = ()
    held_out: bool = False


def add_records(library: Library, records: Sequence[NewRecord], *, run: str | None = None) -> Added:
    """Store records made by the run with the id `run`, in one transaction.

    An existing record with the same id stays unchanged, including its verdict.
    """
    return library.write(lambda db: insert_records(db, records, run=run))


def insert_records(db: sqlite3.Connection, records: Sequence[NewRecord], *, run: str | None) -> Added:
    """Do what `add_records` does, inside a write."""
    seen = _existing(db, [item.record.id for item in records])
    new: list[NewRecord] = []
    duplicates: list[str] = []
    for item in records:
        if item.record.id in seen:
            duplicates.append(item.record.id)
        else:
            seen.add(item.record.id)
            new.append(item)
    _insert(db, new, run)
    return Added(added=tuple(item.record.id for item in new), duplicates=tuple(duplicates))


def known_records(library: Library, ids: Iterable[str]) -> set[str]:
    """Return the ids that are already stored, as that of a record or as an alias of one."""
    with library.read() as db:
        return _existing(db, ids)


def next_samples(library: Library, task_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return the number of the next sample by task and strategy; where an entry is missing, it is 0."""
    rows = library.rows(
        "SELECT task_id, strategy, 1 + max(sample) AS next FROM records"
        " WHERE task_id IN (SELECT value FROM json_each(?)) GROUP BY task_id, strategy",
        (json_list(task_ids),),
    )
    return {(row["task_id"], row["strategy"]): row["next"] for row in rows}


def verdict_row(verdict: Verdict | None, leaks: tuple[Leak, ...]) -> dict[str, Any]:
    """Return a verdict with the leaks of the same text as columns of verdicts and revisions."""
    return {
        "correct": verdict.correct if verdict else None,
        "kind": verdict.kind if verdict else None,
        "answer": verdict.answer if verdict else None,
        "reason": verdict.reason if verdict else "",
        "leaks": json.dumps([asdict(leak) for leak in leaks], ensure_ascii=False),
        "leaked": bool(leaks),
        "created_at": now(),
    }


def _existing(db: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    wanted = json_list(ids)
    rows = db.execute(
        "SELECT id FROM records WHERE id IN (SELECT value FROM json_each(?))"
        " UNION SELECT id FROM record_aliases WHERE id IN (SELECT value FROM json_each(?))",
        (wanted, wanted),
    )
    return {row[0] for row in rows}


def _insert(db: sqlite3.Connection, new: Sequence[NewRecord], run: str | None) -> None:
    """Insert records with their verdicts. The task, where it still exists, says family and split."""
    found = db.execute(
        f"SELECT id, {NAME} AS family, family_id, split FROM tasks"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json_list({item.record.task_id for item in new}),),
    )
    tasks = {row["id"]: row for row in found.fetchall()}
    families = family_ids(db, {one.record.family for one in new if one.record.task_id not in tasks})
    tested = _tested_questions(db, [item.record.conversation for item in new])

    def rows() -> Iterator[dict[str, Any]]:
        for item in yielding(new):
            row, task = _row(item.record), tasks.get(item.record.task_id)
            held_out = task["split"] == "heldout" if task else item.held_out
            yield {
                **row,
                "run": run,
                "family_id": task["family_id"] if task else families[item.record.family],
                "held_out": held_out or row["question"] in tested,
            }

    table(db, "records").insert_all(rows())
    store_facts(db, _read_answers(new))
    db.executemany(
        "INSERT INTO verdicts (record, correct, kind, answer, reason, leaks, leaked, created_at)"
        " SELECT n, :correct, :kind, :answer, :reason, :leaks, :leaked, :created_at"
        " FROM records WHERE id = :id",
        ({"id": one.record.id, **verdict_row(one.verdict, one.leaks)} for one in yielding(new)),
    )


def _read_answers(new: Sequence[NewRecord]) -> list[dict[str, Any]]:
    """Return what the rules for records ask of new answers."""
    return read_texts(
        (content_key(one.record.conversation, one.record.response), one.record.response) for one in new
    )


def _tested_questions(db: sqlite3.Connection, users: Iterable[str]) -> set[str]:
    """Return the keys of those questions that test a student: of held-out tasks and the general probe."""
    rows = db.execute(
        "SELECT t.question FROM task_questions AS q JOIN tasks AS t ON t.n = q.task"
        " WHERE q.question IN (SELECT value FROM json_each(?)) AND t.question = q.question"
        " AND t.split = 'heldout'",
        (json_list({question_key(user) for user in users}),),
    )
    return {row[0] for row in rows} | probe_keys()


def _row(record: TeacherRecord) -> dict[str, Any]:
    made_with = asdict(record.provenance)
    if imported := made_with.pop("imported"):  # the column for how the answer was made holds where it is from
        made_with["sampling"] = json.dumps({"imported": imported}, ensure_ascii=False)
        made_with["prompt_tokens"] = made_with["completion_tokens"] = 0  # no column is empty: not read back
    else:
        made_with["sampling"] = json.dumps(made_with["sampling"], ensure_ascii=False)
    return {
        **{name: getattr(record, name) for name in ASKED if name != "family"},
        **made_with,
        "is_blank": is_blank(record.response),
        "turns": turns_to_json(record.turns),
        "question": question_key(record.conversation),
        "content": content_key(record.conversation, record.response),
    }
