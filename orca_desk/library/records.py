"""Teacher records, read: the question and answer, with the verdict, the decision and the user's edit."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.conditions import PAGE, Conditions, ResultPage, iterate_pages, json_list
from orca_desk.library.database import Library
from orca_desk.library.families import ID_OF
from orca_desk.library.searching import add_record_query
from orca_desk.method.fitness import Decision, RecordFacts, Unfit
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import Leak
from orca_desk.method.records import (
    ImportedFrom,
    Provenance,
    Sampling,
    TeacherRecord,
    is_blank,
)
from orca_desk.method.turns import turns_from_json

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
        raise unknown_record(record_id)
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
    return ResultPage.of(rows, limit, stored_record)


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


def unknown_record(record_id: str) -> UserError:
    """Return the error for an id that no record has."""
    return UserError(f"There is no record {record_id}.", "List the records to see their ids.")
