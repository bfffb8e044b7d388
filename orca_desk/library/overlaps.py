"""Which training questions of a library overlap with what its students are tested on."""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.general_probe import probe_questions
from orca_desk.method.mixing import OverlapKind
from orca_desk.method.overlap import NEAR, find_overlaps
from orca_desk.method.turns import text_to_compare, turns_from_json

USER = "iif(context = '', query, context || char(10, 10) || query)"
HELD_OUT = f"SELECT id, question, {USER} AS user, turns FROM tasks WHERE split = 'heldout' ORDER BY n"
# One text per question: the column stands before the long ones
BENCHMARKS = (
    "SELECT q.question, q.user, b.name FROM benchmark_questions AS q JOIN benchmarks AS b"
    " ON b.id = q.benchmark ORDER BY b.name, q.question"
)
TRAINED = "SELECT question, user, turns FROM records WHERE NOT held_out GROUP BY question"


@dataclass(frozen=True, kw_only=True)
class OverlapPair:
    """A training question and the held-out one that it repeats, exactly or nearly (`similarity`, 0 to 1).

    `question` is the key of the first, `task_id` a task that asks it. `held_out_task` is the id of the
    held-out task; without one, `benchmark` names the file of the question, or is "" for the general probe.
    """

    question: str
    task_id: str
    user: str
    held_out_task: str
    held_out_user: str
    kind: OverlapKind
    similarity: float
    benchmark: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the pair as JSON, with the similarity to three digits."""
        return {**asdict(self), "similarity": round(self.similarity, 3)}


@dataclass(frozen=True, kw_only=True)
class LibraryOverlaps:
    """The overlapping questions by their key, and with how many held-out questions all were compared.

    `benchmarks` are the names of the user's files whose questions are among these.
    """

    pairs: dict[str, OverlapPair]
    held_out: int
    near: float
    benchmarks: tuple[str, ...] = ()


def library_overlaps(db: sqlite3.Connection, *, near: float = NEAR) -> LibraryOverlaps:
    """Compare the questions of all records with all held-out tasks, the named benchmarks and the probe.

    Takes seconds for 100,000 records, so what shows many counts under changing rules keeps the result.
    """
    tested: dict[str, tuple[str, str, str]] = {}
    for row in db.execute(HELD_OUT):
        tested.setdefault(row["question"], (_compared(row), row["id"], ""))
    benchmarks = set()
    for row in db.execute(BENCHMARKS):
        benchmarks.add(row["name"])
        tested.setdefault(row["question"], (row["user"], "", row["name"]))
    for one in probe_questions():
        tested.setdefault(one.key, (one.question, "", ""))
    found = find_overlaps(_trained(db), ((key, texts[0]) for key, texts in tested.items()), near=near)
    rows = db.execute(
        "SELECT question, task_id, user, turns FROM records"
        " WHERE question IN (SELECT value FROM json_each(?))"
        " GROUP BY question",
        (json_list(found),),
    )
    pairs = {}
    for row in rows:
        overlap = found[row["question"]]
        user, task, benchmark = tested[overlap.held_out]
        pairs[row["question"]] = OverlapPair(
            question=row["question"],
            task_id=row["task_id"],
            user=_compared(row),
            held_out_task=task,
            held_out_user=user,
            kind=overlap.kind,
            similarity=overlap.similarity,
            benchmark=benchmark,
        )
    return LibraryOverlaps(pairs=pairs, held_out=len(tested), near=near, benchmarks=tuple(sorted(benchmarks)))


def _trained(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for row in db.execute(TRAINED):
        yield row["question"], _compared(row)


def _compared(row: sqlite3.Row) -> str:
    return text_to_compare(turns_from_json(row["turns"]), row["user"])
