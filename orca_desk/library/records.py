"""Teacher records: the question and answer, which never change; verdicts, decisions and edits, which may."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE, Conditions, ResultPage, json_list
from orca_desk.library.database import Library
from orca_desk.library.rows import table
from orca_desk.library.tasks import Added
from orca_desk.method.fitness import Decision
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import Leak
from orca_desk.method.pairing import Trial
from orca_desk.method.records import Provenance, Sampling, TeacherRecord
from orca_desk.yielding import yielding

ASKED = ("id", "task_id", "family", "strategy", "strategy_version", "sample", "system", "user", "response")
MADE_WITH = tuple(field.name for field in fields(Provenance))
TABLES = (
    "FROM records AS r LEFT JOIN verdicts AS v ON v.record = r.n LEFT JOIN decisions AS d ON d.record = r.n"
)
# An edit back to the teacher's own text does not count as one
EDITED = """nullif(
      (SELECT response FROM revisions WHERE record = r.n ORDER BY revision DESC LIMIT 1), r.response)"""
COLUMNS = f"r.*, v.correct, v.kind, v.answer, v.reason, v.leaks, d.decision, {EDITED} AS edited"
SELECT = f"SELECT {COLUMNS} {TABLES}"


@dataclass(frozen=True, kw_only=True)
class NewRecord:
    """A new teacher record with its verdict (None without a reference answer) and its leaks."""

    record: TeacherRecord
    verdict: Verdict | None = None
    leaks: tuple[Leak, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoredRecord:
    """A teacher record with its verdict, its leaks, and the user's decision and edit."""

    record: TeacherRecord
    verdict: Verdict | None
    leaks: tuple[Leak, ...]
    decision: Decision | None
    edited: str | None
    run: str | None

    @property
    def current(self) -> TeacherRecord:
        """The record with the user's edit, if any, instead of the teacher's answer."""
        return self.record if self.edited is None else replace(self.record, response=self.edited)


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """Which records: those that match every field that is not None.

    `correct` selects among graded ones; `graded` False selects the others. `decision` "none" selects those
    not reviewed yet. `after` is the `next` of the previous page.
    """

    family: str | None = None
    strategy: str | None = None
    task_id: str | None = None
    run: str | None = None
    correct: bool | None = None
    graded: bool | None = None
    leaked: bool | None = None
    decision: Literal["keep", "drop", "none"] | None = None
    ids: tuple[str, ...] | None = None
    limit: int | None = None
    after: int = 0


def add_records(library: Library, records: Sequence[NewRecord], *, run: str | None = None) -> Added:
    """Store records made by the run with the id `run`, in one transaction.

    An existing record with the same id stays unchanged, including its verdict.
    """

    def insert(db: sqlite3.Connection) -> Added:
        seen = _existing(db, [item.record.id for item in records])
        new: list[NewRecord] = []
        duplicates: list[str] = []
        for item in records:
            if item.record.id in seen:
                duplicates.append(item.record.id)
            else:
                seen.add(item.record.id)
                new.append(item)
        table(db, "records").insert_all({**_row(item.record), "run": run} for item in yielding(new))
        for item in yielding(new):
            _set_verdict(db, item)
        return Added(added=tuple(item.record.id for item in new), duplicates=tuple(duplicates))

    return library.write(insert)


def known_records(library: Library, ids: Iterable[str]) -> set[str]:
    """Return those ids that are already stored."""
    with library.read() as db:
        return _existing(db, ids)


def get_record(library: Library, record_id: str) -> StoredRecord:
    """Return one record. Raises UserError when there is none with this id."""
    row = library.row(f"{SELECT} WHERE r.id = ?", (record_id,))
    if row is None:
        raise UserError(f"There is no record {record_id}.", "List the records to see their ids.")
    return stored_record(row)


def count_records(library: Library, wanted: RecordFilter = RecordFilter()) -> int:
    """Return the number of matching records, ignoring the filter's `limit`."""
    conditions = conditions_of(wanted)
    row = library.row(f"SELECT count(*) {TABLES} {conditions.where}", conditions.parameters)
    return int(row[0]) if row else 0


def list_records(library: Library, wanted: RecordFilter = RecordFilter()) -> ResultPage[StoredRecord]:
    """Return the first `limit` (500) matching records by order of arrival, and the start of the next page."""
    conditions = conditions_of(wanted)
    limit = wanted.limit or PAGE
    rows = library.rows(
        f"{SELECT} {conditions.where} ORDER BY r.n LIMIT ?", [*conditions.parameters, limit + 1]
    )
    shown = rows[:limit]
    return ResultPage(tuple(map(stored_record, shown)), shown[-1]["n"] if len(rows) > limit else None)


def iterate_records(library: Library, wanted: RecordFilter = RecordFilter()) -> Iterator[StoredRecord]:
    """Yield the matching records, at most `limit`, in order of arrival, reading a page at a time."""
    left = wanted.limit
    after: int | None = wanted.after
    while after is not None and left != 0:
        size = PAGE if left is None else min(PAGE, left)
        page = list_records(library, replace(wanted, limit=size, after=after))
        yield from yielding(page.items)
        after = page.next
        left = None if left is None else left - len(page.items)


def trials(library: Library, wanted: RecordFilter = RecordFilter()) -> list[Trial]:
    """Return all graded records that match, without a limit, as trials: the evidence for pairings."""
    conditions = conditions_of(wanted)
    conditions.add("v.correct IS NOT NULL")
    rows = library.rows(
        "SELECT r.task_id, r.family, r.strategy, v.correct, r.completion_tokens AS tokens"
        f" {TABLES} {conditions.where} ORDER BY r.n",
        conditions.parameters,
    )
    return [Trial(**{**dict(row), "correct": bool(row["correct"])}) for row in rows]


def decide(library: Library, ids: Sequence[str], decision: Decision | None) -> dict[str, Decision | None]:
    """Keep or drop records, or clear their decisions (None); return the earlier decisions, for undo."""

    def store(db: sqlite3.Connection) -> dict[str, Decision | None]:
        rows = db.execute(
            "SELECT r.n, r.id, d.decision FROM records AS r LEFT JOIN decisions AS d ON d.record = r.n"
            " WHERE r.id IN (SELECT value FROM json_each(?))",
            (json_list(ids),),
        ).fetchall()
        for row in rows:
            if decision is None:
                db.execute("DELETE FROM decisions WHERE record = ?", (row["n"],))
            else:
                db.execute("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?)", (row["n"], decision, now()))
        return {row["id"]: row["decision"] for row in rows}

    return library.write(store)


def revise(
    library: Library, record_id: str, response: str, *, verdict: Verdict | None, leaks: tuple[Leak, ...] = ()
) -> StoredRecord:
    """Store the user's version of an answer with its verdict, beside the teacher's answer.

    Returns the earlier record; to undo, revise with its current answer. Raises UserError if the record does
    not exist.
    """
    before = get_record(library, record_id)

    def store(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO revisions SELECT n,"
            " 1 + coalesce((SELECT max(revision) FROM revisions WHERE record = n), 0), ?, ?"
            " FROM records WHERE id = ?",
            (response, now(), record_id),
        )
        _set_verdict(db, NewRecord(record=before.record, verdict=verdict, leaks=leaks))

    library.write(store)
    return before


def stored_record(row: sqlite3.Row) -> StoredRecord:
    """Read one row of SELECT."""
    made_with = {name: row[name] for name in MADE_WITH}
    made_with["sampling"] = Sampling.from_json(json.loads(row["sampling"]))
    record = TeacherRecord(**{name: row[name] for name in ASKED}, provenance=Provenance(**made_with))
    verdict = None
    if row["correct"] is not None:
        verdict = Verdict(
            correct=bool(row["correct"]), kind=row["kind"], answer=row["answer"], reason=row["reason"]
        )
    return StoredRecord(
        record=record,
        verdict=verdict,
        leaks=tuple(Leak(**leak) for leak in json.loads(row["leaks"] or "[]")),
        decision=row["decision"],
        edited=row["edited"],
        run=row["run"],
    )


def conditions_of(wanted: RecordFilter) -> Conditions:
    """Return the conditions of a filter on the columns of TABLES, all but its `limit`."""
    conditions = Conditions()
    conditions.equal("r.family", wanted.family)
    conditions.equal("r.strategy", wanted.strategy)
    conditions.equal("r.task_id", wanted.task_id)
    conditions.equal("r.run", wanted.run)
    conditions.equal("v.correct", wanted.correct)
    conditions.among("r.id", wanted.ids)
    if wanted.graded is not None:
        conditions.add(f"v.correct IS {'NOT ' if wanted.graded else ''}NULL")
    if wanted.leaked is not None:
        conditions.add("coalesce(v.leaked, 0) = ?", wanted.leaked)
    if wanted.decision == "none":
        conditions.add("d.decision IS NULL")
    else:
        conditions.equal("d.decision", wanted.decision)
    if wanted.after:
        conditions.add("r.n > ?", wanted.after)
    return conditions


def _existing(db: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    rows = db.execute(
        "SELECT id FROM records WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),)
    )
    return {row[0] for row in rows}


def _set_verdict(db: sqlite3.Connection, item: NewRecord) -> int:
    verdict = item.verdict
    leaks = json.dumps([asdict(leak) for leak in item.leaks], ensure_ascii=False)
    return db.execute(
        "INSERT OR REPLACE INTO verdicts (record, correct, kind, answer, reason, leaks, leaked, created_at)"
        " SELECT n, ?, ?, ?, ?, ?, ?, ? FROM records WHERE id = ?",
        (
            verdict.correct if verdict else None,
            verdict.kind if verdict else None,
            verdict.answer if verdict else None,
            verdict.reason if verdict else "",
            leaks,
            bool(item.leaks),
            now(),
            item.record.id,
        ),
    ).rowcount


def _row(record: TeacherRecord) -> dict[str, Any]:
    made_with = asdict(record.provenance)
    made_with["sampling"] = json.dumps(made_with["sampling"], ensure_ascii=False)
    return {**{name: getattr(record, name) for name in ASKED}, **made_with}
