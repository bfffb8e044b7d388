"""Records for the review queue: row ids to jump anywhere, one line per record, and undo of decisions."""

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.fitness import standings
from orca_desk.library.record_edits import store_decisions
from orca_desk.library.record_rules import rules_in
from orca_desk.library.records import (
    CORRECT,
    FAMILY,
    LEAKED,
    SELECT,
    TABLES,
    TEXT,
    RecordFilter,
    StoredRecord,
    conditions_of,
    stored_record,
)
from orca_desk.method.fitness import Decision, RecordStanding

QUESTION = 160  # characters of a question in a line
RecordOrder = Literal["arrival", "newest", "question", "family", "strategy", "longest", "shortest"]
ORDERS: dict[RecordOrder, str] = {
    "arrival": "r.n",
    "newest": "r.n DESC",
    "question": "r.user COLLATE NOCASE, r.n",
    "family": f"{FAMILY} COLLATE NOCASE, r.n",
    "strategy": "r.strategy COLLATE NOCASE, r.n",
    "longest": f"length({TEXT}) DESC, r.n",
    "shortest": f"length({TEXT}), r.n",
}


@dataclass(frozen=True, kw_only=True)
class RecordLine:
    """What a list shows of a record. `correct` is None for an ungraded answer.

    `standing` is how it stands under the rules in force; None where these cannot be applied.
    """

    rowid: int
    id: str
    family: str
    strategy: str
    question: str
    correct: bool | None
    leaked: bool
    cut_off: bool
    edited: bool
    held_out: bool
    decision: Decision | None
    standing: RecordStanding | None = None


@dataclass(frozen=True, kw_only=True)
class RecordChoices:
    """What records can be filtered by, each with its number of records, by name."""

    families: dict[str, int]
    strategies: dict[str, int]
    runs: dict[str, int]


def record_rowids(library: Library, wanted: RecordFilter, order: RecordOrder = "arrival") -> "array[int]":
    """Return the row ids of all records that match, in order: 8 bytes each, for lists that jump anywhere."""
    conditions = conditions_of(wanted)
    limit = -1 if wanted.limit is None else wanted.limit
    with library.read() as db:
        rows = db.execute(
            f"SELECT r.n {TABLES} {conditions.where} ORDER BY {ORDERS[order]} LIMIT ?",
            [*conditions.parameters, limit],
        )
        return array("q", (row[0] for row in rows))


def record_lines(library: Library, rowids: Iterable[int]) -> list[RecordLine | None]:
    """Return the lines of the records in these rows, in their order; None for a record that is missing."""
    wanted = list(rowids)
    rows = library.rows(
        f"SELECT r.n AS rowid, r.id, {FAMILY} AS family, r.strategy, substr(r.user, 1, ?) AS question,"
        f" {CORRECT} AS correct, {LEAKED} AS leaked, r.finish_reason IN ('length', 'cancelled') AS cut_off,"
        " r.held_out, d.decision,"
        f" e.record IS NOT NULL AS edited {TABLES} WHERE r.n IN (SELECT value FROM json_each(?))",
        (QUESTION, json_list(wanted)),
    )
    standing = standings_now(library, wanted)
    found = {}
    for row in rows:
        fields = {**dict(row), "standing": standing.get(row["rowid"])}
        fields.update({name: bool(row[name]) for name in ("leaked", "cut_off", "edited", "held_out")})
        fields["correct"] = None if row["correct"] is None else bool(row["correct"])
        found[row["rowid"]] = RecordLine(**fields)
    return [found.get(rowid) for rowid in wanted]


def standings_now(library: Library, rowids: Sequence[int]) -> dict[int, RecordStanding]:
    """Return how the records in these rows stand under the rules in force."""
    with library.read() as db:
        return standings(db, rules_in(db), rowids)


def standings_by_id(library: Library, ids: Sequence[str]) -> dict[str, RecordStanding]:
    """Return how records stand under the rules in force, by id."""
    wanted = json_list(ids)
    rows = library.rows("SELECT n, id FROM records WHERE id IN (SELECT value FROM json_each(?))", (wanted,))
    with library.read() as db:
        found = standings(db, rules_in(db), [row["n"] for row in rows])
    return {row["id"]: found[row["n"]] for row in rows}


def record_at(library: Library, rowid: int) -> StoredRecord:
    """Return the record in a row. Raises UserError if there is none."""
    row = library.row(f"{SELECT} WHERE r.n = ?", (rowid,))
    if row is None:
        raise UserError(f"There is no record in row {rowid}.", "List the records again.")
    return stored_record(row)


def record_ids(library: Library, rowids: Iterable[int]) -> list[str]:
    """Return the ids of the records in these rows, in order of arrival."""
    rows = library.rows(
        "SELECT id FROM records WHERE n IN (SELECT value FROM json_each(?)) ORDER BY n", (json_list(rowids),)
    )
    return [row["id"] for row in rows]


def undecided_correct(library: Library, wanted: RecordFilter) -> list[str]:
    """Return the ids of the matching records that are correct and have no decision yet."""
    conditions = conditions_of(wanted)
    conditions.add(f"{CORRECT} = 1 AND d.decision IS NULL")
    rows = library.rows(f"SELECT r.id {TABLES} {conditions.where} ORDER BY r.n", conditions.parameters)
    return [row["id"] for row in rows]


def decided_otherwise(library: Library, wanted: RecordFilter, decision: Decision) -> list[str]:
    """Return the ids of the matching records that have another decision than this, or none."""
    conditions = conditions_of(wanted)
    conditions.add("d.decision IS NOT ?", decision)
    rows = library.rows(f"SELECT r.id {TABLES} {conditions.where} ORDER BY r.n", conditions.parameters)
    return [row["id"] for row in rows]


def rowid_of(library: Library, record_id: str) -> int | None:
    """Return the row id of a record, or None if there is no record with this id."""
    row = library.row("SELECT n FROM records WHERE id = ?", (record_id,))
    return None if row is None else int(row["n"])


def record_choices(library: Library) -> RecordChoices:
    """Return the families, strategies and runs that records come from."""

    def counts(column: str) -> dict[str, int]:
        rows = library.rows(
            f"SELECT {column} AS name, count(*) FROM records AS r WHERE name IS NOT NULL"
            " GROUP BY name ORDER BY name"
        )
        return {row[0]: row[1] for row in rows}

    return RecordChoices(families=counts(FAMILY), strategies=counts("r.strategy"), runs=counts("r.run"))


def restore_decisions(library: Library, before: Mapping[str, Decision | None]) -> None:
    """Undo `decide`: restore the decisions that it returned, in one transaction."""
    by_decision: defaultdict[Decision | None, list[str]] = defaultdict(list)
    for record_id, decision in before.items():
        by_decision[decision].append(record_id)

    def restore(db: sqlite3.Connection) -> None:
        for decision, ids in by_decision.items():
            store_decisions(db, ids, decision)

    library.write(restore)
