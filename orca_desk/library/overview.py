"""The library at a glance: its counts, which step of the method is next, and the newest answer."""

import sqlite3
from dataclasses import dataclass, replace
from typing import Literal, get_args

from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.library.evaluations import OF_CHECKPOINT, OF_EXPERIMENT
from orca_desk.library.families import NAME
from orca_desk.library.fitness import usable_now
from orca_desk.library.samples import (
    RECORD_OF_SAMPLE,
    mixed_families_in,
    own_families_in,
    own_record_families_in,
    sample_ids,
)
from orca_desk.library.snapshot_store import LISTED
from orca_desk.method.statistics import Share, share_of

Step = Literal["collect", "pair", "instruct", "erase", "train", "test"]
StepState = Literal["done", "next", "waiting"]
Advice = Literal[
    "collect", "collect-train", "pair", "instruct", "regenerate", "erase", "train", "hold-out", "test", "chat"
]
STEPS: tuple[Step, ...] = get_args(Step)
SCORED = 50  # the newest evaluations among which the best is looked for

SHOWN = 2_000  # characters of a text that a view of a running job shows

RECORDS = f"""
    SELECT count(*) AS records, count(*) - count(d.decision) AS unreviewed
    FROM records AS r LEFT JOIN decisions AS d ON d.record = r.n
    WHERE ?1 IS NULL OR r.family_id IN
      (SELECT id FROM families WHERE name IN (SELECT value FROM json_each(?1))) AND NOT {RECORD_OF_SAMPLE}
"""
# Only families with training tasks need a strategy: the student learns nothing from the others
TASKS = """
    SELECT coalesce(sum(tasks), 0) AS tasks, coalesce(sum(heldout), 0) AS heldout,
      count(*) AS families, count(CASE WHEN tasks > heldout THEN 1 END) AS pairable,
      count(CASE WHEN tasks > heldout
        AND EXISTS (SELECT 1 FROM pairings AS p WHERE p.family_id = f.family_id) THEN 1 END) AS paired
    FROM (SELECT family_id, sum(tasks) AS tasks, sum(tasks * (split = 'heldout')) AS heldout FROM task_counts
          WHERE ?1 IS NULL OR family_id IN
            (SELECT id FROM families WHERE name IN (SELECT value FROM json_each(?1)))
          GROUP BY family_id HAVING sum(tasks) > 0) AS f
"""
# What was made of more than the tasks in ?1, which are the samples, or none
NOT_IN = "task_id NOT IN (SELECT value FROM json_each(?1))"
OWN_SNAPSHOT = f"""(?1 = '[]' OR EXISTS
  (SELECT 1 FROM snapshot_records AS s WHERE s.snapshot = snapshots.id AND s.{NOT_IN}))"""
OWN_EVALUATION = f"""(?1 = '[]' OR EXISTS
  (SELECT 1 FROM questions AS q WHERE q.evaluation = e.id AND q.{NOT_IN}))"""
# A question without an answer could not be asked, and counts as incorrect
TUNED = f"""
    SELECT e.id, (SELECT count(*) FROM questions AS q WHERE q.evaluation = e.id) AS questions,
      (SELECT count(*) FROM answers AS a WHERE a.evaluation = e.id AND a.correct IS NULL) AS ungraded,
      (SELECT count(*) FROM answers AS a WHERE a.evaluation = e.id AND a.correct = 1) AS correct
    FROM evaluations AS e JOIN runs AS r USING (id)
    WHERE e.adapter IS NOT NULL AND r.status = 'done' AND e.name NOT LIKE '{OF_EXPERIMENT}%'
      AND e.name NOT LIKE '{OF_CHECKPOINT}%' AND {OWN_EVALUATION}
    ORDER BY r.n DESC LIMIT {SCORED}
"""
OTHER_TASKS = """
    SELECT 1 FROM questions AS q WHERE q.evaluation = ?1 AND NOT EXISTS
      (SELECT 1 FROM questions AS other WHERE other.evaluation = ?2 AND other.task_id = q.task_id
       AND (other.user = q.user AND other.answer IS q.answer AND other.turns = q.turns
        OR '' IN (other.user, q.user))) LIMIT 1
"""
REST = f"""
    SELECT (SELECT count(*) FROM snapshots WHERE {LISTED} AND {OWN_SNAPSHOT}) AS snapshots,
      (SELECT records FROM snapshots WHERE {LISTED} AND {OWN_SNAPSHOT} ORDER BY created_at DESC LIMIT 1)
        AS frozen,
      (SELECT count(*) FROM trainings AS t JOIN snapshots ON snapshots.id = t.snapshot
       WHERE t.adapter_gguf IS NOT NULL AND {OWN_SNAPSHOT}) AS trainings,
      (SELECT t.id FROM trainings AS t JOIN runs AS r USING (id)
       JOIN snapshots ON snapshots.id = t.snapshot
       WHERE t.adapter_gguf IS NOT NULL AND {LISTED} AND {OWN_SNAPSHOT}
       ORDER BY r.n DESC LIMIT 1) AS newest_training,
      (SELECT count(*) FROM evaluations AS e JOIN runs AS r USING (id)
       WHERE r.status = 'done' AND {OWN_EVALUATION}) AS evaluations
"""


@dataclass(frozen=True, kw_only=True)
class BestEvaluation:
    """The best of `among` evaluations of tuned students that were asked the same tasks.

    The tasks are those of the largest evaluation, and the rank is by the lower bound of the share's interval:
    one correct answer of one is no better than 95% of 400.
    """

    evaluation: str
    share: Share
    among: int = 1


@dataclass(frozen=True, kw_only=True)
class LibraryOverview:
    """What a library holds.

    Beside own families those of sample tasks do not count, nor do their records and what was made of these
    alone: `samples` are how many families of tasks are left out, and `is_own` tells whether anything is.
    `mixed` counts the sample tasks in families that count as own, since they hold own tasks too.
    `heldout` counts those of the `tasks` that are held out; `pairable` the families with training tasks,
    `paired` those of them that have a strategy. `usable` records are those that a snapshot under the
    library's rules would take; `unreviewed` ones have neither been kept nor dropped. `frozen` counts the
    records of the newest snapshot. `trainings` counts those with an adapter, the newest of which is
    `newest_training`; `evaluations` counts the finished ones.
    """

    tasks: int = 0
    heldout: int = 0
    families: int = 0
    samples: int = 0
    mixed: int = 0
    pairable: int = 0
    paired: int = 0
    records: int = 0
    usable: int = 0
    unreviewed: int = 0
    snapshots: int = 0
    frozen: int = 0
    trainings: int = 0
    newest_training: str | None = None
    evaluations: int = 0
    best: BestEvaluation | None = None
    is_own: bool = False

    @property
    def unusable(self) -> int:
        """The number of records that a snapshot under the library's rules would leave out."""
        return self.records - self.usable


@dataclass(frozen=True, kw_only=True)
class NewestAnswer:
    """An answer as it arrived, with its question. `correct` is None for an ungraded answer."""

    family: str
    strategy: str | None
    question: str
    answer: str
    correct: bool | None


def overview(library: Library) -> LibraryOverview:
    """Count what the library holds: it takes milliseconds, but a second for a million records."""
    with library.read() as db:
        own, own_records = own_families_in(db), own_record_families_in(db)
        is_own = own is not None or own_records is not None
        samples = json_list(sample_ids() if is_own else ())
        rest = _row(db, REST, samples)
        counted = dict(_row(db, TASKS, None if own is None else json_list(own)))
        every = counted if own is None else dict(_row(db, TASKS, None))
        return LibraryOverview(
            **counted,
            **dict(_row(db, RECORDS, None if own_records is None else json_list(own_records))),
            samples=every["families"] - counted["families"],
            mixed=sum(mixed_families_in(db).values()),
            usable=usable_now(db, families=own_records),
            snapshots=rest["snapshots"],
            frozen=rest["frozen"] or 0,
            trainings=rest["trainings"],
            newest_training=rest["newest_training"],
            evaluations=rest["evaluations"],
            best=_best(db, samples),
            is_own=is_own,
        )


def has_work(library: Library) -> bool:
    """Return whether anything was run or paired in the library."""
    row = library.row("SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM pairings)")
    return bool(row and row[0])


def advice(seen: LibraryOverview) -> Advice:
    """Return what to do next: the first thing of the method that is still missing, else to chat."""
    if not seen.tasks:
        return "collect"
    if seen.heldout == seen.tasks:
        return "collect-train"
    if seen.paired < seen.pairable:
        return "pair"
    if not seen.records:
        return "instruct"
    if not seen.usable:
        return "regenerate"
    if not seen.snapshots:
        return "erase"
    if not seen.trainings:
        return "train"
    if not seen.heldout:
        return "hold-out"
    return "chat" if seen.best else "test"


def step_states(seen: LibraryOverview) -> dict[Step, StepState]:
    """Return the state of each step: done where it left something behind, and the first other one is next."""
    done: dict[Step, bool] = {
        "collect": seen.tasks > seen.heldout,
        "pair": 0 < seen.pairable == seen.paired,
        "instruct": seen.usable > 0,
        "erase": seen.snapshots > 0,
        "train": seen.trainings > 0,
        "test": seen.best is not None,
    }
    following = next((step for step in STEPS if not done[step]), None)
    return {step: "done" if done[step] else "next" if step == following else "waiting" for step in STEPS}


def newest_record(library: Library) -> NewestAnswer | None:
    """Return the teacher's newest answer."""
    return _newest(
        library,
        f"SELECT {NAME} AS family, r.strategy, substr(r.user, 1, {SHOWN}) AS question,"
        f" substr(r.response, 1, {SHOWN}) AS answer, v.correct"
        " FROM records AS r LEFT JOIN verdicts AS v ON v.record = r.n ORDER BY r.n DESC LIMIT 1",
    )


def newest_answer(library: Library) -> NewestAnswer | None:
    """Return the newest answer of the newest evaluation, with the strategy that it follows."""
    return _newest(
        library,
        "SELECT (SELECT name FROM families WHERE id = q.family_id) AS family, a.recognised AS strategy,"
        f" substr(q.user, 1, {SHOWN}) AS question,"
        f" substr(a.response, 1, {SHOWN}) AS answer, a.correct"
        " FROM answers AS a JOIN questions AS q USING (evaluation, task_id)"
        " WHERE a.evaluation = (SELECT e.id FROM evaluations AS e JOIN runs AS r USING (id)"
        " ORDER BY r.n DESC LIMIT 1) ORDER BY a.created_at DESC LIMIT 1",
    )


def _newest(library: Library, sql: str) -> NewestAnswer | None:
    row = library.row(sql)
    if row is None:
        return None
    return NewestAnswer(**{**dict(row), "correct": None if row["correct"] is None else bool(row["correct"])})


def _best(db: sqlite3.Connection, samples: str) -> BestEvaluation | None:
    tuned = db.execute(TUNED, (samples,)).fetchall()
    largest = max(tuned, key=lambda row: row["questions"], default=None)  # of equal ones the newest
    if largest is None:
        return None
    alike = [
        BestEvaluation(
            evaluation=row["id"], share=share_of(row["correct"], row["questions"] - row["ungraded"])
        )
        for row in tuned
        if row["questions"] == largest["questions"]
        and not db.execute(OTHER_TASKS, (row["id"], largest["id"])).fetchone()
    ]
    return replace(max(alike, key=lambda one: one.share.low), among=len(alike))


def _row(db: sqlite3.Connection, sql: str, *parameters: str | None) -> sqlite3.Row:
    row: sqlite3.Row = db.execute(sql, parameters).fetchone()
    return row
