"""The facts that decide whether a stored record is fit for training, and how many records are.

SQL only collects the facts; `method/fitness.py` judges them. So there is no second copy of the rule.
"""

import json
import sqlite3

from orca_desk.library.conditions import json_list
from orca_desk.library.records import EDITED, TABLES
from orca_desk.method.fitness import RecordFacts, why_unfit

FITNESS_TABLES = f"""{TABLES}
    LEFT JOIN tasks AS t ON t.id = r.task_id
    LEFT JOIN pairings AS p ON p.n = (SELECT max(n) FROM pairings WHERE family = r.family)"""
# The fields of RecordFacts in order, as one JSON array: many records share the same few arrays
FACTS = f"""json_array(r.finish_reason, v.correct, coalesce(v.leaked, 0), {EDITED} IS NOT NULL, d.decision,
      coalesce(t.split = 'heldout', 0), coalesce(r.strategy <> coalesce(t.strategy, p.strategy), 0))"""
ANSWER = f"coalesce({EDITED}, r.response)"
# Comparing whole texts is slow, so only records whose texts have the same lengths and ends are compared
COUNT = f"""
    WITH fit AS MATERIALIZED (
      SELECT r.n, length(r.user) AS asked, substr(r.user, -16) AS asked_end,
        length({ANSWER}) AS answered, substr({ANSWER}, -16) AS answered_end
      {FITNESS_TABLES} WHERE {FACTS} IN (SELECT value FROM json_each(?))
    ), alike AS (
      SELECT n, count(*) OVER (PARTITION BY asked, asked_end, answered, answered_end) AS records FROM fit
    )
    SELECT (SELECT count(*) FROM alike WHERE records = 1) + (SELECT count(*) FROM (
      SELECT DISTINCT r.user, {ANSWER} FROM records AS r JOIN alike USING (n) WHERE alike.records > 1))
"""


def facts_of(stored: str) -> RecordFacts:
    """Return the facts that the SQL expression FACTS gave."""
    finish_reason, correct, leaked, edited, decision, held_out, other_strategy = json.loads(stored)
    return RecordFacts(
        finish_reason=finish_reason,
        correct=None if correct is None else bool(correct),
        leaked=bool(leaked),
        edited=bool(edited),
        decision=decision,
        held_out=bool(held_out),
        other_strategy=bool(other_strategy),
    )


def count_usable(db: sqlite3.Connection) -> int:
    """Count the records that a snapshot under the default rules would take."""
    found = db.execute(f"SELECT DISTINCT {FACTS} {FITNESS_TABLES}")
    fit = [row[0] for row in found if why_unfit(facts_of(row[0])) is None]
    return int(db.execute(COUNT, (json_list(fit),)).fetchone()[0]) if fit else 0
