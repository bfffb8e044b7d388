"""Indexing the texts that a library had before there were indexes of them: a little at a time, newest first.

What is new is indexed by triggers. A search reads what is not indexed yet, so that it is always right.
"""

import sqlite3
from collections.abc import Callable

from orca_desk.library.database import Library
from orca_desk.library.earlier_turns import after_turns

STEP = 500  # rows in one transaction: the writer is free again within some tens of milliseconds
ANSWERS = f"""SELECT (u.n << 32) + q.position AS place, {after_turns("q.user", "q.")}, a.response
    FROM runs AS u JOIN questions AS q ON q.evaluation = u.id JOIN answers AS a USING (evaluation, task_id)"""


def indexed_percent(library: Library) -> int:
    """Return how much of the library's older texts is indexed, in percent: 100 when all are."""
    rows = library.rows("SELECT below, top FROM text_indexes WHERE below > 0")
    if not rows:
        return 100
    left: float = max(row["below"] / row["top"] for row in rows)
    return min(99, 100 - round(100 * left))


def index_some(library: Library) -> bool:
    """Index the next older texts; return whether any are left. Raises UserError on a full disk.

    One transaction: after a kill, the next call continues.
    """
    if not library.rows("SELECT 1 FROM text_indexes WHERE below > 0 LIMIT 1"):
        return False
    return library.write(_step)


def index_all(library: Library, *, on_percent: Callable[[int], None] = lambda percent: None) -> None:
    """Index all older texts. `on_percent` gets how far this got; an exception from it stops."""
    while index_some(library):
        on_percent(indexed_percent(library))


def _step(db: sqlite3.Connection) -> bool:
    left = db.execute("SELECT name, below FROM text_indexes WHERE below > 0 ORDER BY name DESC").fetchall()
    if not left:
        return False
    name, below = left[0]
    place = {"records": _records, "answers": _answers, "messages": _messages}[name](db, below)
    db.execute("UPDATE text_indexes SET below = ? WHERE name = ?", (place, name))
    return place > 0 or len(left) > 1


def _records(db: sqlite3.Connection, below: int) -> int:
    rows = db.execute(
        f"SELECT n, {after_turns('user')}, coalesce((SELECT response FROM revisions WHERE record = records.n"
        "  ORDER BY revision DESC LIMIT 1), response)"
        " FROM records WHERE n < ? ORDER BY n DESC LIMIT ?",
        (below, STEP),
    ).fetchall()
    db.executemany("INSERT INTO records_text (rowid, user, response) VALUES (?, ?, ?)", map(tuple, rows))
    return int(rows[-1][0]) if len(rows) == STEP else 0


def _answers(db: sqlite3.Connection, below: int) -> int:
    """Index answers of one run: of the one that `below` is in, or of the next older one with any answer."""
    run, position = below >> 32, below & 0xFFFFFFFF
    rows = db.execute(
        f"{ANSWERS} WHERE u.n = ? AND q.position < ? ORDER BY q.position DESC LIMIT ?", (run, position, STEP)
    ).fetchall()
    db.executemany("INSERT INTO answers_text (rowid, user, response) VALUES (?, ?, ?)", map(tuple, rows))
    if len(rows) == STEP:
        return int(rows[-1][0])
    (older,) = db.execute(
        "SELECT max(n) FROM runs WHERE n < ? AND id IN (SELECT id FROM evaluations)", (run,)
    ).fetchone()
    return 0 if older is None else (int(older) << 32) + 0xFFFFFFFF


def _messages(db: sqlite3.Connection, below: int) -> int:
    rows = db.execute(
        f"SELECT (chat << 32) + position, {after_turns('content')} FROM messages"
        " WHERE chat < ?1 >> 32 OR (chat = ?1 >> 32 AND position < ?1 & 4294967295)"
        " ORDER BY chat DESC, position DESC LIMIT ?2",
        (below, STEP),
    ).fetchall()
    db.executemany("INSERT INTO messages_text (rowid, words) VALUES (?, ?)", map(tuple, rows))
    return int(rows[-1][0]) if len(rows) == STEP else 0
