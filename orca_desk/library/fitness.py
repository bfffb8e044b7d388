"""The facts that decide whether a stored record is fit for training, and how many records are.

SQL only collects the facts; `method/fitness.py` judges them. So there is no second copy of the rule.
"""

import json
import sqlite3

from orca_desk.library.conditions import json_list
from orca_desk.library.records import CORRECT, LEAKED, TABLES
from orca_desk.method.fitness import RecordFacts, why_unfit

FITNESS_TABLES = f"""{TABLES}
    LEFT JOIN tasks AS t ON t.id = r.task_id AND t.strategy IS NOT NULL
    LEFT JOIN (SELECT family_id, strategy, max(n) FROM pairings GROUP BY family_id) AS p
      ON p.family_id = r.family_id"""
# The fields of RecordFacts in order, as one JSON array: many records share the same few arrays
FACTS = f"""json_array(r.finish_reason, {CORRECT}, {LEAKED}, e.record IS NOT NULL, d.decision, r.held_out,
      coalesce(r.strategy <> coalesce(t.strategy, p.strategy), 0), r.is_blank AND e.record IS NULL)"""
CONTENT = "iif(e.record IS NULL, r.content, e.content)"


def facts_of(stored: str) -> RecordFacts:
    """Return the facts that the SQL expression FACTS gave."""
    finish_reason, correct, leaked, edited, decision, held_out, other_strategy, empty = json.loads(stored)
    return RecordFacts(
        finish_reason=finish_reason,
        correct=None if correct is None else bool(correct),
        leaked=bool(leaked),
        edited=bool(edited),
        decision=decision,
        held_out=bool(held_out),
        other_strategy=bool(other_strategy),
        empty=bool(empty),
    )


def count_usable(db: sqlite3.Connection) -> int:
    """Count the records that a snapshot under the default rules would take: equal ones count once."""
    found = db.execute(f"SELECT DISTINCT {FACTS} {FITNESS_TABLES}")
    fit = [row[0] for row in found if why_unfit(facts_of(row[0])) is None]
    if not fit:
        return 0
    sql = (
        f"SELECT count(DISTINCT {CONTENT}) {FITNESS_TABLES} WHERE {FACTS} IN (SELECT value FROM json_each(?))"
    )
    return int(db.execute(sql, (json_list(fit),)).fetchone()[0])
