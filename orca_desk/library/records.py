"""Teacher records: the question and answer, which never change; verdicts, decisions and edits, which may."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.library.answer_facts import read_texts, store_facts
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE, Conditions, ResultPage, iterate_pages, json_list
from orca_desk.library.database import Library
from orca_desk.library.families import ID_OF, NAME, family_ids
from orca_desk.library.general_probe import probe_keys
from orca_desk.library.rows import table
from orca_desk.library.searching import add_record_query
from orca_desk.library.tasks import Added
from orca_desk.method.fitness import Decision, RecordFacts, Unfit
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import Leak
from orca_desk.method.records import (
    ImportedFrom,
    Provenance,
    Sampling,
    TeacherRecord,
    content_key,
    is_blank,
    question_key,
)
from orca_desk.method.turns import turns_from_json, turns_to_json
from orca_desk.yielding import yielding

ASKED = ("id", "task_id", "family", "strategy", "strategy_version", "sample", "system", "user", "response")
MADE_WITH = tuple(field.name for field in fields(Provenance) if field.name != "imported")
# `v` is the verdict on the teacher's words; `e` the user's newest edit, with a verdict of its own. An edit
# back to the teacher's words does not count as one.
TABLES = """FROM records AS r
    LEFT JOIN verdicts AS v ON v.record = r.n
    LEFT JOIN decisions AS d ON d.record = r.n
    LEFT JOIN revisions AS e ON e.record = r.n AND e.content <> r.content
      AND e.revision = (SELECT max(revision) FROM revisions WHERE record = r.n)"""
FAMILY = "(SELECT name FROM families WHERE id = r.family_id)"


def _judged(column: str) -> str:
    """Return the SQL for a column of the verdict on the text that a student would be trained on."""
    return f"iif(e.record IS NULL, v.{column}, e.{column})"


_IMPORTED = '{"imported": '  # how the column `sampling` of an imported record begins
CONTENT = "iif(e.record IS NULL, r.content, e.content)"  # equal for records that teach the same
TEXT = "coalesce(e.response, r.response)"
CORRECT, LEAKED = _judged("correct"), f"coalesce({_judged('leaked')}, 0)"
COLUMNS = f"""r.*, {FAMILY} AS family, d.decision, e.response AS edited, {CORRECT} AS correct,
    {", ".join(f"{_judged(name)} AS {name}" for name in ("kind", "answer", "reason", "leaks"))}"""
SELECT = f"SELECT {COLUMNS} {TABLES}"


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


@dataclass(frozen=True, kw_only=True)
class StoredRecord:
    """A teacher record with the user's decision and edit.

    `verdict` and `leaks` are those of the `current` text: of the edit, if there is one. `held_out`: its task
    is held out, or was when it was deleted.
    """

    record: TeacherRecord
    verdict: Verdict | None
    leaks: tuple[Leak, ...]
    decision: Decision | None
    edited: str | None
    run: str | None
    held_out: bool = False

    @property
    def facts(self) -> RecordFacts:
        """What decides whether the record is fit for training, but for the strategy of its task."""
        return RecordFacts(
            finish_reason=self.record.provenance.finish_reason,
            correct=self.verdict.correct if self.verdict else None,
            leaked=bool(self.leaks),
            edited=self.edited is not None,
            decision=self.decision,
            held_out=self.held_out,
            empty=is_blank(self.current.response),
        )

    @property
    def current(self) -> TeacherRecord:
        """The record with the user's edit, if any, instead of the teacher's answer."""
        return self.record if self.edited is None else replace(self.record, response=self.edited)


@dataclass(frozen=True, kw_only=True)
class TeacherAnswer:
    """What the teacher wrote, and its number of tokens."""

    response: str
    tokens: int


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """Which records: those that match every field that is not None.

    `correct` selects among graded ones; `graded` False selects the others. `decision` "none" selects those
    not reviewed yet. `text` is a search (method/search_query.py): words in question and answer
    or in the reason of the verdict, and fields.
    `ids` can be those that earlier versions of Orca Desk would have given. `used` and `reason` ask how
    records stand under the rules in force: `fitness.by_rowids` turns them into `rowids` first. `after` is the
    `next` of the previous page.
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
    used: bool | None = None
    reason: Unfit | None = None
    rowids: tuple[int, ...] | None = None
    text: str = ""
    limit: int | None = None
    after: int = 0


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
    """Return those ids that are already stored, under which id ever."""
    with library.read() as db:
        return _existing(db, ids)


def next_samples(library: Library, task_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return which sample the next answer to a task under a strategy is, by both; those without one are 0."""
    rows = library.rows(
        "SELECT task_id, strategy, 1 + max(sample) AS next FROM records"
        " WHERE task_id IN (SELECT value FROM json_each(?)) GROUP BY task_id, strategy",
        (json_list(task_ids),),
    )
    return {(row["task_id"], row["strategy"]): row["next"] for row in rows}


def stored_id(library: Library, identity: str) -> str | None:
    """Return the id of the record with this identity, which an older record may have as an alias; or None."""
    row = library.row(
        "SELECT id FROM records WHERE id = ?1"
        " UNION ALL SELECT record FROM record_aliases WHERE id = ?1 LIMIT 1",
        (identity,),
    )
    return None if row is None else str(row["id"])


def get_record(library: Library, record_id: str) -> StoredRecord:
    """Return one record. Raises UserError when there is none with this id."""
    row = library.row(f"{SELECT} WHERE r.id = ?", (record_id,))
    if row is None:
        raise _unknown(record_id)
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
    return iterate_pages(
        lambda size, after: list_records(library, replace(wanted, limit=size, after=after)),
        limit=wanted.limit,
        after=wanted.after,
    )


def teacher_answers(library: Library, identities: Iterable[str]) -> dict[str, TeacherAnswer]:
    """Return the teacher's own words by the identities of their records: no user's edit is among them."""
    wanted = json_list(identities)
    rows = library.rows(
        "SELECT id, response, completion_tokens AS tokens FROM records"
        " WHERE id IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT a.id, r.response, r.completion_tokens FROM record_aliases AS a"
        " JOIN records AS r ON r.id = a.record WHERE a.id IN (SELECT value FROM json_each(?))",
        (wanted, wanted),
    )
    return {row["id"]: TeacherAnswer(response=row["response"], tokens=row["tokens"]) for row in rows}


def decide(library: Library, ids: Sequence[str], decision: Decision | None) -> dict[str, Decision | None]:
    """Keep or drop records, or clear their decisions (None); return the earlier decisions, for undo."""

    return library.write(lambda db: store_decisions(db, ids, decision))


def store_decisions(
    db: sqlite3.Connection, ids: Sequence[str], decision: Decision | None
) -> dict[str, Decision | None]:
    """Do what `decide` does, inside a write."""
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


def revise(
    library: Library, record_id: str, response: str, *, verdict: Verdict | None, leaks: tuple[Leak, ...] = ()
) -> StoredRecord:
    """Store the user's version of an answer with a verdict of its own, beside the teacher's answer.

    Returns the earlier record; to undo, revise with its current answer. Raises UserError if the record does
    not exist.
    """

    def store(db: sqlite3.Connection) -> StoredRecord:
        row = db.execute(f"{SELECT} WHERE r.id = ?", (record_id,)).fetchone()
        if row is None:
            raise _unknown(record_id)
        before = stored_record(row)
        (revision,) = db.execute(
            "SELECT 1 + coalesce(max(revision), 0) FROM revisions WHERE record = ?", (row["n"],)
        ).fetchone()
        revised = {
            "record": row["n"],
            "revision": revision,
            "response": response,
            "content": content_key(before.record.conversation, response),
            **_verdict_row(verdict, leaks),
        }
        table(db, "revisions").insert(revised)
        store_facts(db, read_texts([(revised["content"], response)]))
        return before

    return library.write(store)


def stored_record(row: sqlite3.Row) -> StoredRecord:
    """Read one row of SELECT."""
    asked = {name: row[name] for name in ASKED}
    record = TeacherRecord(**asked, turns=turns_from_json(row["turns"]), provenance=_provenance(row))
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
        held_out=bool(row["held_out"]),
    )


def conditions_of(wanted: RecordFilter) -> Conditions:
    """Return the conditions of a filter on the columns of TABLES, all but its `limit`."""
    conditions = Conditions()
    if wanted.family is not None:
        conditions.add(f"r.family_id = {ID_OF}", wanted.family)
    conditions.equal("r.strategy", wanted.strategy)
    conditions.equal("r.task_id", wanted.task_id)
    conditions.equal("r.run", wanted.run)
    conditions.equal(CORRECT, wanted.correct)
    if wanted.used is not None or wanted.reason is not None:
        raise ValueError("by_rowids turns a filter on how records stand into rows first")
    if wanted.rowids is not None:
        conditions.add("r.n IN (SELECT value FROM json_each(?))", json_list(wanted.rowids))
    if wanted.ids is not None:
        conditions.add(
            "r.id IN (SELECT value FROM json_each(?) UNION SELECT record FROM record_aliases"
            " WHERE id IN (SELECT value FROM json_each(?)))",
            *[json_list(wanted.ids)] * 2,
        )
    if wanted.graded is not None:
        conditions.add(f"{CORRECT} IS {'NOT ' if wanted.graded else ''}NULL")
    if wanted.leaked is not None:
        conditions.add(f"{LEAKED} = ?", wanted.leaked)
    add_record_query(conditions, wanted.text)
    if wanted.decision == "none":
        conditions.add("d.decision IS NULL")
    else:
        conditions.equal("d.decision", wanted.decision)
    if wanted.after:
        conditions.add("r.n > ?", wanted.after)
    return conditions


def _provenance(row: sqlite3.Row) -> Provenance:
    made_with = {name: row[name] for name in MADE_WITH}
    if row["sampling"].startswith(_IMPORTED):
        source = ImportedFrom(**json.loads(row["sampling"])["imported"])
        unknown = dict.fromkeys(("sampling", "prompt_tokens", "completion_tokens"))
        return Provenance(**{**made_with, **unknown, "imported": source})
    made_with["sampling"] = _sampling(row["sampling"])
    return Provenance(**made_with)


@lru_cache(maxsize=256)
def _sampling(stored: str) -> Sampling:
    """Read sampling settings, which many records share."""
    return Sampling.from_json(json.loads(stored))


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
        ({"id": one.record.id, **_verdict_row(one.verdict, one.leaks)} for one in yielding(new)),
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


def _verdict_row(verdict: Verdict | None, leaks: tuple[Leak, ...]) -> dict[str, Any]:
    return {
        "correct": verdict.correct if verdict else None,
        "kind": verdict.kind if verdict else None,
        "answer": verdict.answer if verdict else None,
        "reason": verdict.reason if verdict else "",
        "leaks": json.dumps([asdict(leak) for leak in leaks], ensure_ascii=False),
        "leaked": bool(leaks),
        "created_at": now(),
    }


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


def _unknown(record_id: str) -> UserError:
    return UserError(f"There is no record {record_id}.", "List the records to see their ids.")
