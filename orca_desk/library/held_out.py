"""Which records are held out around a change of tasks, to give back exactly what was when it is undone.

The tables' triggers hold out the records of what a held-out task asks, and cannot know which of them were
held out before.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from orca_desk.library.conditions import json_list
from orca_desk.method.records import Task, question_key


def held_out_flags(db: sqlite3.Connection, tasks: Iterable[Task]) -> dict[int, bool]:
    """Return whether each record of these tasks, or of what they ask, is held out, by row id."""
    chosen = list(tasks)
    rows = db.execute(
        "SELECT n, held_out FROM records WHERE n IN ("
        " SELECT n FROM records WHERE task_id IN (SELECT value FROM json_each(?))"
        " UNION SELECT n FROM records WHERE question IN (SELECT value FROM json_each(?)))",
        (
            json_list({task.id for task in chosen}),
            json_list({question_key(task.conversation) for task in chosen}),
        ),
    )
    return {row["n"]: bool(row["held_out"]) for row in rows}


def flags_at_change(db: sqlite3.Connection, before: Sequence[Task], after: Sequence[Task]) -> dict[int, bool]:
    """Return whether each record is held out that a change from `before` to `after` can hold out or free."""
    return held_out_flags(
        db,
        [
            task
            for old, new in zip(before, after, strict=True)
            if (old.split, old.conversation) != (new.split, new.conversation)
            for task in (old, new)
        ],
    )


def restore_flags(db: sqlite3.Connection, former: Mapping[int, bool]) -> None:
    """Restore flags, but free no record whose task, or whose question, is held out by now."""
    held = json_list(n for n, flag in former.items() if flag)
    free = json_list(n for n, flag in former.items() if not flag)
    chosen = "n IN (SELECT value FROM json_each(?))"
    db.execute(f"UPDATE records SET held_out = 1 WHERE {chosen} AND NOT held_out", (held,))
    db.execute(
        f"UPDATE records SET held_out = 0 WHERE {chosen} AND held_out"
        " AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = records.task_id AND split = 'heldout')"
        " AND NOT EXISTS (SELECT 1 FROM task_questions AS q JOIN tasks AS t ON t.n = q.task"
        "  WHERE q.question = records.question AND t.question = q.question AND t.split = 'heldout')",
        (free,),
    )
