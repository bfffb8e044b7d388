"""What the general probe found: answers and divergences by respondent, and the reports of evaluations.

A respondent is the digest of a model, its adapter and template, the system message and the probe: a base is
asked once, whatever number of students are compared with it.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.method.forgetting import GeneralAnswer, PromptDivergence
from orca_desk.method.records import FinishReason


@dataclass(frozen=True, kw_only=True)
class ProbeAnswer:
    """An answer to a general question, by the question's key."""

    question: str
    response: str
    correct: bool
    completion_tokens: int
    finish_reason: FinishReason


def add_probe_answers(library: Library, respondent: str, answers: Sequence[ProbeAnswer]) -> int:
    """Store answers in one transaction; existing ones stay. Returns the number of new ones."""
    rows = [
        (
            respondent,
            one.question,
            one.response,
            one.correct,
            one.completion_tokens,
            one.finish_reason,
            now(),
        )
        for one in answers
    ]

    def store(db: sqlite3.Connection) -> int:
        sql = "INSERT INTO probe_answers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return db.executemany(sql, rows).rowcount

    return library.write(store)


def probe_answers(library: Library, respondent: str) -> dict[str, GeneralAnswer]:
    """Return what a respondent's answers came to, by the questions' keys."""
    rows = library.rows(
        "SELECT question, correct, completion_tokens, finish_reason FROM probe_answers WHERE respondent = ?",
        (respondent,),
    )
    return {
        row["question"]: GeneralAnswer(
            correct=bool(row["correct"]),
            tokens=row["completion_tokens"],
            ended=row["finish_reason"] == "stop",
        )
        for row in rows
    }


def add_divergences(library: Library, respondent: str, found: Mapping[str, PromptDivergence]) -> int:
    """Store what was found, by prompt, in one transaction; what is there stays. Returns how many are new."""
    rows = [(respondent, key, one.tokens, one.nats, one.changed, now()) for key, one in found.items()]
    return library.write(
        lambda db: (
            db.executemany(
                "INSERT INTO divergences VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows
            ).rowcount
        )
    )


def divergences(library: Library, respondent: str) -> dict[str, PromptDivergence]:
    """Return what was found on each prompt."""
    rows = library.rows(
        "SELECT prompt, tokens, nats, changed FROM divergences WHERE respondent = ? ORDER BY prompt",
        (respondent,),
    )
    return {
        row["prompt"]: PromptDivergence(tokens=row["tokens"], nats=row["nats"], changed=row["changed"])
        for row in rows
    }


def store_report(library: Library, evaluation_id: str, report: Mapping[str, Any]) -> None:
    """Store what an evaluation reports, instead of an earlier report."""
    row = (evaluation_id, json.dumps(report, ensure_ascii=False), now())
    library.write(
        lambda db: (
            db.execute(
                "INSERT INTO forgetting VALUES (?, ?, ?) ON CONFLICT (evaluation)"
                " DO UPDATE SET report = excluded.report, created_at = excluded.created_at",
                row,
            ).rowcount
        )
    )


def stored_report(library: Library, evaluation_id: str) -> dict[str, Any] | None:
    """Return what an evaluation reports, or None."""
    row = library.row("SELECT report FROM forgetting WHERE evaluation = ?", (evaluation_id,))
    return None if row is None else dict(json.loads(row["report"]))
