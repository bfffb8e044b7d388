"""Which training questions of a library overlap with what its students are tested on."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.general_probe import probe_questions
from orca_desk.method.mixing import OverlapKind
from orca_desk.method.overlap import NEAR, find_overlaps
from orca_desk.method.turns import text_to_compare, turns_from_json

USER = "iif(context = '', query, context || char(10, 10) || query)"
HELD_OUT = f"SELECT id, question, {USER} AS user, turns FROM tasks WHERE split = 'heldout'"
# One text per question: the column stands before the long ones
BENCHMARKS = (
    "SELECT q.question, q.user, b.name FROM benchmark_questions AS q JOIN benchmarks AS b"
    " ON b.id = q.benchmark"
)
NAMED = (
    "SELECT name FROM benchmarks AS b"
    " WHERE EXISTS (SELECT 1 FROM benchmark_questions WHERE benchmark = b.id) ORDER BY name"
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
    tested: set[str] = set()
    held_out = _once(_held_out(db), tested)
    found = find_overlaps(_trained(db), held_out, near=near)
    for _ in held_out:  # without anything to compare them with, they are still counted
        pass
    places = _places(db, {one.held_out for one in found.values()})
    rows = db.execute(
        "SELECT question, task_id, user, turns FROM records"
        " WHERE question IN (SELECT value FROM json_each(?))"
        " GROUP BY question",
        (json_list(found),),
    )
    pairs = {}
    for row in rows:
        overlap = found[row["question"]]
        if overlap.held_out not in places:  # it was deleted meanwhile
            continue
        user, task, benchmark = places[overlap.held_out]
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
    benchmarks = tuple(row[0] for row in db.execute(NAMED).fetchall())
    return LibraryOverlaps(pairs=pairs, held_out=len(tested), near=near, benchmarks=benchmarks)


def _held_out(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of what students are tested on; there may be a million of them."""
    for row in db.execute(f"{HELD_OUT} ORDER BY n"):
        yield row["question"], _compared(row)
    for row in db.execute(f"{BENCHMARKS} ORDER BY b.name, q.question"):
        yield row["question"], row["user"]
    for one in probe_questions():
        yield one.key, one.question


def _once(questions: Iterable[tuple[str, str]], seen: set[str]) -> Iterator[tuple[str, str]]:
    for key, text in questions:
        if key not in seen:
            seen.add(key)
            yield key, text


def _places(db: sqlite3.Connection, keys: set[str]) -> dict[str, tuple[str, str, str]]:
    """Return the text of held-out questions, and the task or the benchmark that asks each."""
    found: dict[str, tuple[str, str, str]] = {}
    chosen, among = (json_list(keys),), "(SELECT value FROM json_each(?1))"
    asking = f"question IN {among} AND n IN (SELECT task FROM task_questions WHERE question IN {among})"
    for row in db.execute(f"{HELD_OUT} AND {asking} ORDER BY n", chosen).fetchall():
        found.setdefault(row["question"], (_compared(row), row["id"], ""))
    rows = db.execute(f"{BENCHMARKS} WHERE q.question IN {among} ORDER BY b.name, q.question", chosen)
    for row in rows.fetchall():
        found.setdefault(row["question"], (row["user"], "", row["name"]))
    for one in probe_questions():
        if one.key in keys:
            found.setdefault(one.key, (one.question, "", ""))
    return found


def _trained(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for row in db.execute(TRAINED):
        yield row["question"], _compared(row)


def _compared(row: sqlite3.Row) -> str:
    return text_to_compare(turns_from_json(row["turns"]), row["user"])
