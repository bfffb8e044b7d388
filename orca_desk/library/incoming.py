"""Tasks on their way into the library: a table of their own, from which a few statements take them.

The table `incoming` is in a file that a worker wrote, which the library's writer attaches, or in its own
temporary database. A row costs the host no Python, and SQLite works without Python's lock meanwhile.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.yielding import yielding

# As the table `tasks` has them, but the family's name for its id
COLUMNS = (
    "id", "family", "question", "query", "context", "answer", "answer_kind", "tags", "split", "strategy",
    "turns",
)  # fmt: skip
FILE = "incoming"  # the name of an attached file's database
OWN = "temp"  # that of the writer's temporary one
_ONE = f"({', '.join('?' * (1 + len(COLUMNS)))})"
_AT_ONCE = 500  # rows in one statement: with each, SQLite gives Python's lock away and takes it back

Values = Sequence[Any]  # one for each of COLUMNS


def write_incoming(path: Path, rows: Sequence[Values]) -> None:
    """Write tasks into a new file. Raises sqlite3.Error."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # a file that was not finished is never read
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        fill_incoming(db, "main", rows)
        db.execute("COMMIT")


def read_incoming(path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the tasks in such a file. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        yield from db.execute(f"SELECT {', '.join(COLUMNS)} FROM incoming ORDER BY place")


def fill_incoming(db: sqlite3.Connection, schema: str, rows: Sequence[Values]) -> None:
    """Make the table, and `alike`: the places (from 0) of tasks that repeat the id or question of another."""
    db.execute(f"CREATE TABLE {schema}.incoming (place INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
    db.execute(f"CREATE TABLE {schema}.alike (place INTEGER PRIMARY KEY)")
    insert = f"INSERT INTO {schema}.incoming VALUES "
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        values = [value for place, row in enumerate(part, start) for value in (place, *row)]
        db.execute(insert + ", ".join([_ONE] * len(part)), values)
    db.executemany(f"INSERT INTO {schema}.alike VALUES (?)", [(place,) for place in _alike(rows)])


def drop_incoming(db: sqlite3.Connection, schema: str) -> None:
    """Remove the tables."""
    db.execute(f"DROP TABLE {schema}.incoming")
    db.execute(f"DROP TABLE {schema}.alike")


def known_places(db: sqlite3.Connection, schema: str, *, by_id: bool = True) -> list[int]:
    """Return the places of those tasks that the library has, or that come a second time.

    The library has a task if it has a task of its family that asks or asked the same, or, `by_id`, its id.
    """
    same_id = f"UNION SELECT i.place FROM {schema}.incoming AS i CROSS JOIN tasks AS t ON t.id = i.id"
    found = db.execute(
        f"SELECT i.place FROM {schema}.incoming AS i CROSS JOIN task_questions AS q USING (question)"
        "  CROSS JOIN tasks AS t ON t.n = q.task"
        "  AND t.family_id = (SELECT f.id FROM families AS f WHERE f.name = i.family)"
        f" {same_id if by_id else ''}"
    ).fetchall()
    known = {row[0] for row in found}
    new: set[tuple[str, ...]] = set()
    alike = db.execute(
        f"SELECT place, id, question, family FROM {schema}.incoming JOIN {schema}.alike USING (place)"
        " ORDER BY place"
    ).fetchall()
    for place, identity, question, family in yielding(alike):
        if place in known:
            continue
        if (identity,) in new or (question, family) in new:
            known.add(place)
        else:
            new.update(((identity,), (question, family)))
    return sorted(known)


def incoming_at(db: sqlite3.Connection, schema: str, places: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return the values of the tasks at these places."""
    if not places:
        return []
    rows = db.execute(
        f"SELECT {', '.join(COLUMNS)} FROM {schema}.incoming"
        " WHERE place IN (SELECT value FROM json_each(?)) ORDER BY place",
        (json_list(places),),
    )
    return list(map(tuple, rows.fetchall()))


def _alike(rows: Sequence[Values]) -> list[int]:
    ids = [row[0] for row in rows]
    asked = [(row[2], row[1]) for row in rows]
    if len(set(ids)) == len(set(asked)) == len(rows):
        return []
    by_id, by_question = Counter(ids), Counter(asked)
    return [
        place
        for place, (identity, question) in enumerate(zip(ids, asked, strict=True))
        if by_id[identity] > 1 or by_question[question] > 1
    ]
