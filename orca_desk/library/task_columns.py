"""A task as the columns of its table, and back."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orca_desk.library.families import family_ids
from orca_desk.method.records import Split, Task, question_key
from orca_desk.method.turns import turns_from_json, turns_to_json
from orca_desk.yielding import yielding

FIELDS = ("id", "family", "query", "context", "answer", "answer_kind", "tags", "split", "strategy", "turns")
COLUMNS = ("id", "family_id", "question", *FIELDS[2:])  # of the table


def task_rows(db: sqlite3.Connection, tasks: Iterable[Task]) -> Iterator[dict[str, Any]]:
    """Yield tasks as rows of the table, by column. Makes the families that are new: call inside a write."""
    given = list(tasks)
    ids = family_ids(db, {task.family for task in given})
    for task in yielding(given):
        yield task_row(task, ids)


def task_values(task: Task) -> list[Any]:
    """Return a task as `insert_in_bulk` takes it: see incoming.py."""
    row = task_row(task, {task.family: task.family})
    return [row[name] for name in COLUMNS]


def plain_values(
    identity: str, family: str, query: str, context: str, answer: str | None, split: Split
) -> tuple[Any, ...]:
    """Return what `task_values` makes of a task with nothing but these."""
    question = question_key(f"{context}\n\n{query}" if context else query)
    return identity, family, question, query, context, answer, None, "[]", split, None, "[]"


def task_from_values(values: Sequence[Any]) -> Task:
    """Return the task that `task_values` took apart."""
    given = dict(zip(COLUMNS, values, strict=True))
    fields = {name: given["family_id" if name == "family" else name] for name in FIELDS}
    return task_from_fields(fields)


def task_row(task: Task, families: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task as a row of the table, by column. `families` are the ids of families by name."""
    return {
        "id": task.id,
        "family_id": families[task.family],
        "question": question_key(task.conversation),
        **{name: getattr(task, name) for name in FIELDS[2:]},
        "tags": json.dumps(task.tags, ensure_ascii=False) if task.tags else "[]",
        "turns": turns_to_json(task.turns),
    }


def task_from_row(row: sqlite3.Row) -> Task:
    """Return the task in a row of SELECT."""
    return task_from_fields({name: row[name] for name in FIELDS})


def task_from_fields(fields: dict[str, Any]) -> Task:
    """Return the task with these FIELDS, tags and turns as the table has them."""
    tags, turns = tuple(json.loads(fields["tags"])), turns_from_json(fields["turns"])
    return Task(**{**fields, "tags": tags, "turns": turns})
