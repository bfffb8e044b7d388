"""Rebuilding in place what follows from the tables: indexes, counts and the search of texts.

Nothing that anybody wrote is changed. What this cannot mend is a matter for a backup, or for `recovery`.
"""

import sqlite3
from collections.abc import Callable

from orca_desk.library.care.integrity import OnCheck, check_whole
from orca_desk.library.database import Library
from orca_desk.library.earlier_turns import fill_turns

STEPS = (
    "indexes",
    "tags",
    "questions",
    "what is held out",
    "counts",
    "run numbers",
    "the search of texts",
)


def mend(
    library: Library,
    *,
    on_step: Callable[[str], None] = lambda name: None,
    on_check: OnCheck = lambda what: None,
) -> list[str]:
    """Rebuild what follows from the tables, check the library, and return the problems that are left.

    `on_step` gets the name of each of `STEPS`, and `on_check` that of each check; an exception from them
    stops. One transaction: an end in the middle changes nothing. Raises UserError if the disk refuses, or the
    damage reaches into the tables.
    """
    library.write(lambda db: _rebuild(db, on_step))
    return check_whole(library, on_check=on_check)


def _rebuild(db: sqlite3.Connection, on_step: Callable[[str], None]) -> None:
    indexes, tags, questions, held_out, counts, numbers, texts = STEPS
    on_step(indexes)
    db.execute("REINDEX")
    on_step(tags)
    db.execute("DELETE FROM task_tags")
    db.execute("INSERT OR IGNORE INTO task_tags SELECT value, n FROM tasks, json_each(tags)")
    on_step(questions)
    db.execute("INSERT OR IGNORE INTO task_questions SELECT question, n FROM tasks")
    on_step(held_out)
    db.execute(
        "UPDATE records SET held_out = 1 WHERE NOT held_out"
        " AND task_id IN (SELECT id FROM tasks WHERE split = 'heldout')"
    )
    on_step(counts)
    db.execute("DELETE FROM task_counts")
    db.execute(
        "INSERT INTO task_counts"
        " SELECT family_id, split, answer IS NOT NULL, count(*) FROM tasks"
        " WHERE family_id IS NOT NULL GROUP BY 1, 2, 3"
    )
    db.execute("DELETE FROM tag_counts")
    db.execute("INSERT INTO tag_counts SELECT tag, count(*) FROM task_tags GROUP BY tag")
    on_step(numbers)
    db.execute("UPDATE counters SET last = max(last, (SELECT count(*) FROM runs WHERE kind = counters.kind))")
    on_step(texts)
    db.execute("INSERT INTO tasks_text (tasks_text) VALUES ('rebuild')")
    fill_turns(db)
