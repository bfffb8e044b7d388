"""What a student answered before any training, to tell which tasks it solves always, sometimes or never."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.method.mixing import SolveRate
from orca_desk.method.records import FinishReason, question_key
from orca_desk.method.turns import conversation_text, turns_from_json

# The last measurement of each question: an earlier one may have cut the answers off
NEWEST = """base_answers AS b JOIN (SELECT model, question, asked, max(created_at)
    FROM base_answers WHERE system = ?1 GROUP BY model, question) USING (model, question, asked)
    WHERE b.system = ?1"""
# Evaluations of the same model without an adapter, under the same system message, count as well
EVALUATED = """SELECT q.user, q.turns, a.correct FROM evaluations AS e JOIN runs AS r USING (id)
    JOIN questions AS q ON q.evaluation = e.id
    JOIN answers AS a ON a.evaluation = e.id AND a.task_id = q.task_id
    WHERE e.adapter IS NULL AND e.system = ?2 AND json_extract(r.settings, '$.model') = ?1
      AND a.correct IS NOT NULL AND q.user <> ''"""


@dataclass(frozen=True, kw_only=True)
class BaseAnswer:
    """An answer of the untrained student to a question, the `sample`th (from 0); `question` is its key."""

    question: str
    sample: int
    response: str
    correct: bool
    completion_tokens: int
    finish_reason: FinishReason


def add_base_answers(
    library: Library, answers: Iterable[BaseAnswer], *, model: str, system: str, asked: str, run: str
) -> None:
    """Store answers of the model with the SHA-256 `model` to the message `system`; existing ones stay.

    `asked` identifies the sampling and the chat template.
    """
    same = {"model": model, "system": question_key(system), "asked": asked, "run": run}
    rows = [{**vars(one), **same, "created_at": now()} for one in answers]
    names = ", ".join(rows[0]) if rows else ""
    values = ", ".join(f":{name}" for name in rows[0]) if rows else ""
    if rows:
        sql = f"INSERT INTO base_answers ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"
        library.write(lambda db: db.executemany(sql, rows).rowcount)


def known_samples(library: Library, *, model: str, system: str, asked: str) -> set[tuple[str, int]]:
    """Return the answers that are stored, as the key of their question and their sample."""
    rows = library.rows(
        "SELECT question, sample FROM base_answers WHERE model = ? AND system = ? AND asked = ?",
        (model, question_key(system), asked),
    )
    return {(row["question"], row["sample"]) for row in rows}


def solve_rates(library: Library, *, model: str, system: str, asked: str) -> dict[str, SolveRate]:
    """Return how often a model solved each question in one measurement, by the question's key."""
    rows = library.rows(
        "SELECT question, count(*) AS n, sum(correct) AS correct FROM base_answers"
        " WHERE model = ? AND system = ? AND asked = ? GROUP BY question",
        (model, question_key(system), asked),
    )
    return {row["question"]: SolveRate(row["correct"], row["n"]) for row in rows}


def rates_in(db: sqlite3.Connection, *, model: str, system: str) -> dict[str, SolveRate]:
    """Return how often a model solved each question under a system message, by the question's key.

    Of several measurements of a question the last one counts.
    """
    n, correct = Counter[str](), Counter[str]()
    for row in db.execute(
        f"SELECT question, count(*) AS n, sum(correct) AS correct FROM {NEWEST} AND model = ?2"
        " GROUP BY question",
        (question_key(system), model),
    ):
        n[row["question"]], correct[row["question"]] = row["n"], row["correct"]
    for row in db.execute(EVALUATED, (model, system)):
        key = question_key(conversation_text(turns_from_json(row["turns"]), row["user"]))
        n[key] += 1
        correct[key] += row["correct"]
    return {key: SolveRate(correct[key], count) for key, count in n.items()}


@dataclass(frozen=True, kw_only=True)
class MeasuredBase:
    """A student whose answers before training are stored, to `questions` under one system message."""

    model: str
    questions: int
    answers: int
    correct: int


def measured_bases(library: Library, system: str) -> list[MeasuredBase]:
    """Return the students that were measured under a system message, the newest first."""
    rows = library.rows(
        "SELECT model, count(DISTINCT question) AS questions, count(*) AS answers, sum(correct) AS correct"
        f" FROM {NEWEST} GROUP BY model ORDER BY max(b.created_at) DESC",
        (question_key(system),),
    )
    return [MeasuredBase(**dict(row)) for row in rows]


def questions_of(db: sqlite3.Connection, rowids: Iterable[int]) -> dict[int, str]:
    """Return the key of the question of each record, by row."""
    rows = db.execute(
        "SELECT n, question FROM records WHERE n IN (SELECT value FROM json_each(?))", (json_list(rowids),)
    )
    return {row["n"]: row["question"] for row in rows}
