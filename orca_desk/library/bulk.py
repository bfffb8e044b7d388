"""Adding thousands of tasks by a few statements: a row at a time, the triggers took most of an import.

Within the write, `adding_in_bulk` has a row, at which the trigger `tasks_added` leaves its work to `_index`:
what the one does for a row, the other does for all of them.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.library.families import family_ids
from orca_desk.yielding import yielding

AT_ONCE = 1_000  # rows in one statement
BATCH = 5_000  # tasks that one write should add at most, so that others get their turn


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


def insert_in_bulk(
    db: sqlite3.Connection, rows: Sequence[Sequence[Any]], columns: Sequence[str]
) -> BulkAdded:
    """Add the tasks that are new, in their order, inside a write.

    A row has a value for each of `columns`, which name the table's own, but the family's name for its id. A
    task exists if the library has its id, or a task of its family that asks or asked the same.
    """
    place_of = {name: place for place, name in enumerate(columns)}
    id_at, family_at, question_at = place_of["id"], place_of["family_id"], place_of["question"]
    known = _known_families(db, {row[family_at] for row in rows})
    stored = _stored(db, rows, id_at, question_at)
    new: dict[str, int] = {}  # places by id
    asked: set[tuple[str, str]] = set()
    others: list[int] = []
    for place, row in enumerate(yielding(rows)):
        key, question, family = row[id_at], row[question_at], row[family_at]
        is_stored = key in stored or (question, known.get(family)) in stored
        if is_stored or key in new or (question, family) in asked:
            others.append(place)
        else:
            new[key] = place
            asked.add((question, family))
    if not new:
        return BulkAdded(given=len(rows), others=tuple(others))
    chosen = [rows[place] for place in new.values()]
    families = family_ids(db, dict.fromkeys(row[family_at] for row in chosen))
    first = _last(db) + 1
    db.execute("INSERT INTO adding_in_bulk VALUES (1)")
    _insert(db, chosen, columns, family_at, families)
    last = first + len(new) - 1
    newly_held, recorded = _index(db, first, last)
    db.execute("DELETE FROM adding_in_bulk")
    counted = _counted(db, len(rows), first, last, tuple(others))
    return replace(counted, newly_held=newly_held, recorded=recorded)


def _known_families(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    rows = db.execute(
        "SELECT name, id FROM families WHERE name IN (SELECT value FROM json_each(?))", (json_list(names),)
    )
    return {row[0]: row[1] for row in rows.fetchall()}


def _stored(
    db: sqlite3.Connection, rows: Sequence[Sequence[Any]], id_at: int, question_at: int
) -> set[str | tuple[str, int | None]]:
    """Return which ids the library has, and which questions in which families (ids)."""
    found = db.execute(
        "SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?))",
        (json_list(row[id_at] for row in rows),),
    ).fetchall()
    asked = db.execute(
        "SELECT q.question, t.family_id FROM task_questions AS q CROSS JOIN tasks AS t ON t.n = q.task"
        " WHERE q.question IN (SELECT value FROM json_each(?))",
        (json_list(row[question_at] for row in rows),),
    ).fetchall()
    return {row[0] for row in found} | {(row[0], row[1]) for row in asked}


def _insert(
    db: sqlite3.Connection,
    rows: Sequence[Sequence[Any]],
    columns: Sequence[str],
    family_at: int,
    families: Mapping[str, int],
) -> None:
    """Insert rows, many a statement: with each, SQLite gives Python's lock away and takes it back."""
    one = f"({', '.join('?' * len(columns))})"
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        values = [value for row in part for value in row]
        values[family_at :: len(columns)] = [families[row[family_at]] for row in part]
        db.execute(f"INSERT INTO tasks ({', '.join(columns)}) VALUES {', '.join([one] * len(part))}", values)


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
    _count(db, first, last)
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


def _count(db: sqlite3.Connection, first: int, last: int) -> None:
    """Do what the triggers `tasks_counted` and `tags_counted` do, for the rows `first` to `last`."""
    new = (
        "SELECT family_id, split, answer IS NOT NULL AS answered, count(*) AS tasks FROM tasks"
        " WHERE n BETWEEN :first AND :last GROUP BY 1, 2, 3"
    )
    tags = (
        "SELECT tag, count(*) AS tasks FROM task_tags INDEXED BY tags_by_task"
        " WHERE task BETWEEN :first AND :last GROUP BY tag"
    )
    span = {"first": first, "last": last}
    for table, rows in (("task_counts", new), ("tag_counts", tags)):
        db.execute(
            f"INSERT INTO {table} {rows} ON CONFLICT DO UPDATE SET tasks = tasks + excluded.tasks", span
        )


def _counted(
    db: sqlite3.Connection,
    given: int,
    first: int,
    last: int,
    others: tuple[int, ...],
) -> BulkAdded:
    rows = db.execute(
        "SELECT name, tasks, heldout, unanswered FROM ("
        " SELECT family_id, count(*) AS tasks, sum(split = 'heldout') AS heldout,"
        "  sum(answer IS NULL) AS unanswered FROM tasks WHERE n BETWEEN ? AND ? GROUP BY family_id)"
        " JOIN families ON families.id = family_id",
        (first, last),
    ).fetchall()
    return BulkAdded(
        given=given,
        first=first,
        last=last,
        heldout=sum(row["heldout"] for row in rows),
        unanswered=sum(row["unanswered"] for row in rows),
        families={row["name"]: row["tasks"] for row in rows},
        others=others,
    )


def _last(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").fetchone()
    return int(row[0]) if row else 0
