"""What an experiment needs of the teacher records behind a snapshot: their instructions, their samples."""

from collections.abc import Iterator
from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.records import CORRECT, FAMILY, TABLES


@dataclass(frozen=True, kw_only=True)
class SampledRecord:
    """One of several answers of one teacher to one task under one strategy.

    `correct` is None without a grade. `length` is in tokens, or in characters where the tokens are unknown.
    """

    record: str
    task_id: str
    strategy: str
    sample: int
    correct: bool | None
    length: int
    response: str


@dataclass(frozen=True)
class Origin:
    """Where a training record is from: its family, as it is called now, and the teacher's instruction."""

    family: str
    system: str


def origins(library: Library, snapshot_id: str) -> dict[str, Origin]:
    """Return the origin of each record of a snapshot, by the id of its teacher record."""
    known: dict[tuple[str, str], Origin] = {}  # each once: there are few strategies and families
    rows = library.rows(
        f"SELECT r.id, {FAMILY} AS family, r.system"
        " FROM snapshot_records AS s JOIN records AS r ON r.id = s.teacher_record_id WHERE s.snapshot = ?",
        (snapshot_id,),
    )
    return {
        row["id"]: known.setdefault((row["family"], row["system"]), Origin(row["family"], row["system"]))
        for row in rows
    }


def several_samples(library: Library, snapshot_id: str) -> Iterator[list[SampledRecord]]:
    """Yield the answers to each task of a snapshot that has several by one teacher, under its strategy.

    Without held-out and dropped records, and without answers that were cut off. Of several teachers, the one
    with the most answers counts.
    """
    rows = library.rows(
        f"""
        SELECT r.id, r.task_id, r.strategy, r.model_sha256, r.sample, {CORRECT} AS correct,
          coalesce(e.response, r.response) AS response, r.completion_tokens AS tokens
        {TABLES}
        WHERE (r.task_id, r.strategy) IN (SELECT task_id, strategy FROM snapshot_records WHERE snapshot = ?)
          AND NOT r.held_out AND d.decision IS NOT 'drop' AND r.finish_reason NOT IN ('length', 'cancelled')
        ORDER BY r.task_id, r.strategy, r.model_sha256, r.sample, r.n
        """,
        (snapshot_id,),
    )
    groups: dict[tuple[str, str], dict[str, list[SampledRecord]]] = {}
    for row in rows:
        one = SampledRecord(
            record=row["id"],
            task_id=row["task_id"],
            strategy=row["strategy"],
            sample=row["sample"],
            correct=None if row["correct"] is None else bool(row["correct"]),
            length=row["tokens"] or len(row["response"]),
            response=row["response"],
        )
        by_teacher = groups.setdefault((one.task_id, one.strategy), {})
        by_teacher.setdefault(row["model_sha256"], []).append(one)
    for by_teacher in groups.values():
        largest = max(by_teacher.values(), key=len)
        if len(largest) > 1:
            yield largest
