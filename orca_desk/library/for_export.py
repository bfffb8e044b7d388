"""What exports read that nothing else asks for: graded answers by question, records by row, whole answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orca_desk.library.conditions import PAGE, json_list
from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation
from orca_desk.library.families import NAME
from orca_desk.library.records import (
    CORRECT,
    SELECT,
    TABLES,
    TEXT,
    RecordFilter,
    StoredRecord,
    conditions_of,
    stored_record,
)
from orca_desk.method.preferences import GradedAnswer
from orca_desk.method.turns import Turns, turns_from_json
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class EvaluatedAnswer:
    """A question of an evaluation and the model's answer; `response` is None where it has none."""

    task_id: str
    family: str
    question: str
    turns: Turns
    reference: str | None
    response: str | None
    correct: bool | None
    reason: str
    paired: str | None
    recognised: str | None
    completion_tokens: int | None
    finish_reason: str | None


def graded_answers(library: Library, wanted: RecordFilter) -> Iterator[GradedAnswer]:
    """Yield the matching records that are graded and could be trained on, in order of arrival.

    Dropped, held-out and empty ones are no part of any pair.
    """
    conditions = conditions_of(wanted)
    conditions.add("r.held_out = 0 AND coalesce(d.decision, '') <> 'drop'")
    conditions.add(f"{CORRECT} IS NOT NULL AND NOT is_blank({TEXT})")
    rows = library.rows(
        f"SELECT r.n, r.question, {CORRECT} AS correct {TABLES} {conditions.where} ORDER BY r.n",
        conditions.parameters,
    )
    for row in yielding(rows):
        yield GradedAnswer(n=row["n"], question=row["question"], correct=bool(row["correct"]))


def records_at(library: Library, rowids: Sequence[int]) -> dict[int, StoredRecord]:
    """Return the records in some rows, by row."""
    rows = library.rows(f"{SELECT} WHERE r.n IN (SELECT value FROM json_each(?))", (json_list(rowids),))
    return {row["n"]: stored_record(row) for row in rows}


def evaluated_answers(library: Library, evaluation_id: str) -> Iterator[EvaluatedAnswer]:
    """Yield the questions of an evaluation in order, with what was answered, reading a page at a time.

    Raises UserError if it does not exist.
    """
    get_evaluation(library, evaluation_id)
    after = -1
    while rows := library.rows(
        f"""
        SELECT q.position, q.task_id, {NAME} AS family, q.user AS question, q.turns, q.answer AS reference,
          a.response, a.correct, coalesce(a.reason, '') AS reason, q.paired, a.recognised,
          a.completion_tokens, a.finish_reason
        FROM questions AS q LEFT JOIN answers AS a USING (evaluation, task_id)
        WHERE q.evaluation = ? AND q.position > ? ORDER BY q.position LIMIT ?
        """,
        (evaluation_id, after, PAGE),
    ):
        for row in yielding(rows):
            fields = {name: row[name] for name in EvaluatedAnswer.__dataclass_fields__}
            correct = None if row["correct"] is None else bool(row["correct"])
            yield EvaluatedAnswer(**{**fields, "correct": correct, "turns": turns_from_json(row["turns"])})
        after = rows[-1]["position"]


def count_questions(library: Library, evaluation_id: str) -> int:
    """Return how many questions an evaluation asks."""
    row = library.row("SELECT count(*) FROM questions WHERE evaluation = ?", (evaluation_id,))
    return int(row[0]) if row else 0
