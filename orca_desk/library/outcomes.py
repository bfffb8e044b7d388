"""The teacher's graded answers as outcomes: what strategies can be chosen by."""

from collections.abc import Collection, Iterator
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.yielding import yielding


def newest_teacher(library: Library) -> str | None:
    """Return the SHA-256 of the model that gave the newest answer with a verdict; None without any."""
    row = library.row(
        "SELECT model_sha256 FROM records AS r JOIN verdicts AS v ON v.record = r.n"
        " WHERE v.correct IS NOT NULL AND model_sha256 <> '' ORDER BY r.n DESC LIMIT 1"
    )
    return None if row is None else str(row[0])


def recorded_outcomes(
    library: Library, teacher: str, families: Collection[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the outcomes of a teacher's answers to training tasks; `families` None: all.

    A task's answer under a strategy is the newest for each sample, under the newest version of its
    instruction.
    """
    rows = library.rows(
        f"SELECT {NAME} AS family, r.task_id, r.strategy, r.sample, v.correct,"
        " r.completion_tokens, max(r.n)"
        " FROM records AS r JOIN verdicts AS v ON v.record = r.n"
        " JOIN (SELECT name, max(version) AS version FROM strategies GROUP BY name) AS s"
        "  ON s.name = r.strategy AND s.version = r.strategy_version"
        " WHERE v.correct IS NOT NULL AND r.held_out = 0 AND r.model_sha256 = :teacher"
        f" AND (:families IS NULL OR {NAME} IN (SELECT value FROM json_each(:families)))"
        " GROUP BY r.task_id, r.strategy, r.sample ORDER BY family, r.task_id, r.strategy, r.sample",
        {"teacher": teacher, "families": None if families is None else json_list(families)},
    )
    for row in yielding(rows):
        yield {
            "family": row["family"],
            "task": row["task_id"],
            "strategy": row["strategy"],
            "sample": row["sample"],
            "correct": bool(row["correct"]),
            "tokens": row["completion_tokens"],
        }
