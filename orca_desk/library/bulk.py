"""Adding thousands of tasks by a few statements: a row at a time, the triggers took most of an import.

Within the write, `adding_in_bulk` has a row, at which the trigger `tasks_added` leaves its work to `_index`:
what the one does for a row, the other does for all of them.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orca_desk.library.conditions import json_list
from orca_desk.library.families import family_ids
from orca_desk.library.incoming import (
    COLUMNS,
    OWN,
    Values,
    drop_incoming,
    fill_incoming,
    known_places,
)


@dataclass(frozen=True, kw_only=True)
class BulkAdded:
    """What one write added: the rows from `first` to `last`, which are 0 if there was nothing new.

    `others` are the places (from 0) of the given tasks that the library had, or that came twice.
    `families` counts the added tasks by family; `newly_held` are the records (row ids) that they hold out,
    `recorded` the ids of added tasks that have records, as they had been deleted.
    """

    given: int
    first: int = 0
    last: int = 0
    heldout: int = 0
    unanswered: int = 0
    families: dict[str, int] = field(default_factory=dict)
    others: tuple[int, ...] = ()
    newly_held: tuple[int, ...] = ()
    recorded: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        """How many tasks were added."""
        return self.last - self.first + 1 if self.first else 0


def insert_in_bulk(db: sqlite3.Connection, rows: Sequence[Values]) -> BulkAdded:
    """Add the tasks that are new, in their order, inside a write: see `add_incoming`."""
    fill_incoming(db, OWN, rows)
    done = add_incoming(db, OWN)
    drop_incoming(db, OWN)
    return done


def add_incoming(db: sqlite3.Connection, schema: str) -> BulkAdded:
    """Add the new ones of the tasks that came into `schema` (incoming.py), in their order, inside a write."""
    known = known_places(db, schema, by_id=False)
    (given,) = db.execute(f"SELECT count(*) FROM {schema}.incoming").fetchone()
    if len(known) == given:
        return BulkAdded(given=given, others=tuple(known))
    db.execute("SAVEPOINT guess")  # that no id is known: to look up each takes as long as to find out so
    try:
        first, last = _insert(db, schema, known)
    except sqlite3.IntegrityError:
        db.execute("ROLLBACK TO guess")
        known = known_places(db, schema)
        if len(known) < given:
            first, last = _insert(db, schema, known)
    db.execute("RELEASE guess")
    if len(known) == given:
        return BulkAdded(given=given, others=tuple(known))
    newly_held, recorded = _index(db, first, last)
    db.execute("DELETE FROM adding_in_bulk")
    counted = _count(db, first, last)
    return replace(counted, given=given, others=tuple(known), newly_held=newly_held, recorded=recorded)


def _insert(db: sqlite3.Connection, schema: str, known: Sequence[int]) -> tuple[int, int]:
    """Insert all but the known ones; return the first and the last row."""
    new, values = "", []
    if known:
        new, values = "WHERE i.place NOT IN (SELECT value FROM json_each(?))", [json_list(known)]
    named = db.execute(f"SELECT DISTINCT i.family FROM {schema}.incoming AS i {new}", values).fetchall()
    family_ids(db, [row[0] for row in named])
    columns = ["family_id" if name == "family" else name for name in COLUMNS]
    sources = ["f.id" if name == "family" else f"i.{name}" for name in COLUMNS]
    first = _last(db) + 1
    db.execute("INSERT INTO adding_in_bulk VALUES (1)")
    added = db.execute(
        f"INSERT INTO tasks ({', '.join(columns)}) SELECT {', '.join(sources)} FROM {schema}.incoming AS i"
        f" CROSS JOIN families AS f ON f.name = i.family {new} ORDER BY i.place",
        values,
    ).rowcount
    return first, first + added - 1


def _index(db: sqlite3.Connection, first: int, last: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Do what the trigger `tasks_added` does, for the rows `first` to `last`.

    Returns the records that they hold out, and which of them have records.
    """
    span = (first, last)
    new = "FROM tasks WHERE n BETWEEN ? AND ?"
    db.execute(
        "INSERT INTO tasks_text (rowid, query, context, answer)"
        f" SELECT n, query, context, answer {new} ORDER BY n",
        span,
    )
    db.execute(
        "INSERT OR IGNORE INTO task_tags SELECT value, n FROM tasks, json_each(tags)"
        " WHERE n BETWEEN ? AND ? AND tags <> '[]'",
        span,
    )
    db.execute(f"INSERT OR IGNORE INTO task_questions SELECT question, n {new} ORDER BY question", span)
    if db.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None:
        return (), ()
    moved = db.execute(
        "UPDATE records SET family_id = (SELECT family_id FROM tasks WHERE id = task_id)"
        f" WHERE task_id IN (SELECT id {new}) RETURNING task_id",
        span,
    ).fetchall()
    held: set[int] = set()
    for column, key in (("task_id", "id"), ("question", "question")):
        rows = db.execute(
            f"UPDATE records SET held_out = 1 WHERE NOT held_out AND {column} IN"
            f" (SELECT {key} {new} AND split = 'heldout') RETURNING n",
            span,
        )
        held.update(row[0] for row in rows.fetchall())
    return tuple(sorted(held)), tuple({row[0]: None for row in moved})


def _count(db: sqlite3.Connection, first: int, last: int) -> BulkAdded:
    """Do what the triggers `tasks_counted` and `tags_counted` do, for the rows `first` to `last`."""
    span = (first, last)
    counts = db.execute(
        "SELECT family_id, split, answer IS NOT NULL, count(*) FROM tasks WHERE n BETWEEN ? AND ?"
        " GROUP BY 1, 2, 3",
        span,
    ).fetchall()
    tags = db.execute(
        "SELECT tag, count(*) FROM task_tags INDEXED BY tags_by_task WHERE task BETWEEN ? AND ? GROUP BY tag",
        span,
    ).fetchall()
    grow = "ON CONFLICT DO UPDATE SET tasks = tasks + excluded.tasks"
    db.executemany(f"INSERT INTO task_counts VALUES (?, ?, ?, ?) {grow}", map(tuple, counts))
    db.executemany(f"INSERT INTO tag_counts VALUES (?, ?) {grow}", map(tuple, tags))
    names = dict(map(tuple, db.execute("SELECT id, name FROM families").fetchall()))
    families: Counter[str] = Counter()
    for family, _, _, tasks in counts:
        families[names[family]] += tasks
    return BulkAdded(
        given=0,
        first=first,
        last=last,
        heldout=sum(row[3] for row in counts if row[1] == "heldout"),
        unanswered=sum(row[3] for row in counts if not row[2]),
        families=dict(families),
    )


def _last(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").fetchone()
    return int(row[0]) if row else 0
