"""What the user makes of teacher records: kept or dropped, and edited, beside the teacher's own words."""

import sqlite3
from collections.abc import Sequence

from orca_desk.library.answer_facts import read_texts, store_facts
from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.new_records import verdict_row
from orca_desk.library.records import SELECT, StoredRecord, stored_record, unknown_record
from orca_desk.library.rows import table
from orca_desk.method.fitness import Decision
from orca_desk.method.grading import Verdict
from orca_desk.method.leaks import Leak
from orca_desk.method.records import content_key


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
            raise unknown_record(record_id)
        before = stored_record(row)
        (revision,) = db.execute(
            "SELECT 1 + coalesce(max(revision), 0) FROM revisions WHERE record = ?", (row["n"],)
        ).fetchone()
        revised = {
            "record": row["n"],
            "revision": revision,
            "response": response,
            "content": content_key(before.record.conversation, response),
            **verdict_row(verdict, leaks),
        }
        table(db, "revisions").insert(revised)
        store_facts(db, read_texts([(revised["content"], response)]))
        return before

    return library.write(store)
