"""The facts that decide whether a stored record is fit for training, and how many records are.

SQL only collects the facts; `method/fitness.py` judges them. So there is no second copy of the rule.
"""

import json
import sqlite3
from functools import lru_cache
from typing import Any

from orca_desk.library.records import CORRECT, LEAKED, TABLES
from orca_desk.method.fitness import Decision, RecordFacts, why_unfit
from orca_desk.method.records import FinishReason

FITNESS_TABLES = f"""{TABLES}
    LEFT JOIN tasks AS t INDEXED BY tasks_own_strategy ON t.id = r.task_id AND t.strategy IS NOT NULL
    LEFT JOIN (SELECT family_id, strategy, max(n) FROM pairings GROUP BY family_id) AS p
      ON p.family_id = r.family_id"""
# The fields of RecordFacts in order
_FIELDS = f"""r.finish_reason, {CORRECT}, {LEAKED}, e.record IS NOT NULL, d.decision, r.held_out,
      coalesce(r.strategy <> coalesce(t.strategy, p.strategy), 0),
      iif(e.record IS NULL, r.is_blank, is_blank(e.response))"""
FACTS = f"json_array({_FIELDS})"  # as one value
CONTENT = "iif(e.record IS NULL, r.content, e.content)"


def facts_of(stored: str) -> RecordFacts:
    """Return the facts that the SQL expression FACTS gave."""
    return _facts(*json.loads(stored))


def count_usable(db: sqlite3.Connection) -> int:
    """Count the records that a snapshot under the default rules would take: equal ones count once."""
    # One scan of an index, in which few records differ in their facts
    db.create_function("is_fit", 8, lru_cache(maxsize=None)(_is_fit), deterministic=True)
    sql = f"SELECT count(DISTINCT {CONTENT}) {FITNESS_TABLES} WHERE is_fit({_FIELDS})"
    return int(db.execute(sql).fetchone()[0])


def _is_fit(*values: Any) -> bool:
    return why_unfit(_facts(*values)) is None


def _facts(
    finish_reason: FinishReason,
    correct: int | None,
    leaked: int,
    edited: int,
    decision: Decision | None,
    held_out: int,
    other_strategy: int,
    empty: int,
) -> RecordFacts:
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
