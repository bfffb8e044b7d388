"""The tasks in the order of a field; by family, split or strategy, a million take a fraction of a second."""

import json
import sqlite3
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from orca_desk.library.connections import stoppable
from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.tasks import TaskFilter, conditions_of
from orca_desk.yielding import yielding

TaskOrder = Literal["query", "family", "split", "answer", "tags", "strategy"]
ORDERS: dict[TaskOrder, str] = {
    "query": "query",
    "family": NAME,
    "split": "split",
    "answer": "answer",
    "tags": "nullif(tags, '[]')",
    "strategy": "strategy",
}
# An answer that is a number, perhaps with commas between thousands: 3, -2.5, 1,000
_IS_NUMBER = (
    "(answer GLOB '*[0-9]*' AND answer NOT GLOB '*[^0-9.,-]*' AND answer NOT GLOB '?*-*'"
    " AND answer NOT GLOB '*.*.*' AND answer NOT GLOB '*,[0-9]' AND answer NOT GLOB '*,[0-9][0-9]')"
)
_NUMBER = "CAST(replace(answer, ',', '') AS REAL)"
PART = 20_000  # consecutive row ids that are read and sorted at once
# For a field with few values: groups of them that are equal but for the case of letters, in order, and the
# tasks of a group by an index
_GROUPS: dict[TaskOrder, tuple[str, str]] = {
    "family": (
        "SELECT json_group_array(id) FROM families GROUP BY name COLLATE NOCASE"
        " ORDER BY name COLLATE NOCASE {way}",
        "SELECT n FROM tasks INDEXED BY tasks_by_family WHERE family_id IN (SELECT value FROM json_each(?))",
    ),
    "split": (
        'SELECT value FROM json_each(\'["heldout", "train"]\') ORDER BY value {way}',
        "SELECT n FROM tasks INDEXED BY tasks_by_split WHERE split = ?",
    ),
    "strategy": (
        "SELECT json_group_array(strategy) FROM (SELECT DISTINCT strategy FROM tasks"
        "  INDEXED BY tasks_by_strategy WHERE strategy IS NOT NULL)"
        " GROUP BY strategy COLLATE NOCASE ORDER BY strategy COLLATE NOCASE {way}",
        "SELECT n FROM tasks INDEXED BY tasks_by_strategy WHERE strategy IN (SELECT value FROM json_each(?))",
    ),
}
_WITHOUT_STRATEGY = (
    "SELECT n FROM tasks INDEXED BY tasks_by_split WHERE n NOT IN"
    " (SELECT n FROM tasks INDEXED BY tasks_by_strategy WHERE strategy IS NOT NULL)"
)


def ordered_rowids(
    library: Library,
    wanted: TaskFilter,
    by: TaskOrder,
    *,
    descending: bool = False,
    check: Callable[[], None] = lambda: None,
) -> "array[int]":
    """Return the row ids of all tasks that match, ordered by a field, and then by arrival.

    Texts are compared without case, answers that are numbers by their value, before those that are texts.
    Tasks in which the field is empty come last. `check` is called every
    few ms; an exception from it stops.
    """
    if by in _GROUPS and replace(wanted, text=wanted.text or None) == TaskFilter():
        return _by_groups(library, by, descending=descending)
    conditions = conditions_of(wanted)
    limit = -1 if wanted.limit is None else wanted.limit
    # SQLite gives Python's lock away and takes it back with each row: rows of many numbers spare the window
    sql = (
        "SELECT json_group_object(place, n) AS found FROM ("
        f"  SELECT n, row_number() OVER (ORDER BY {_order(by, descending)}) AS place"
        f"  FROM tasks {conditions.where} LIMIT ?)"
        " GROUP BY place / 2000 ORDER BY place / 2000"
    )
    with library.read() as db, stoppable(db, check):
        rows = list(yielding(db.execute(sql, [*conditions.parameters, limit])))
    found = array("q")
    for row in yielding(rows):
        chunk = json.loads(row["found"])
        found.extend(chunk[place] for place in sorted(chunk, key=int))
    return found


def first_ordered(
    library: Library, wanted: TaskFilter, by: TaskOrder, *, descending: bool, limit: int
) -> tuple["array[int]", bool]:
    """Return the first of `ordered_rowids`, at most `limit`, and whether these are all.

    For what must be on the screen before all are sorted: a tenth of the time.
    """
    if by in _GROUPS and replace(wanted, text=wanted.text or None) == TaskFilter():
        return _by_groups(library, by, descending=descending), True
    conditions = conditions_of(wanted)
    rows = library.rows(
        f"SELECT n FROM tasks {conditions.where} ORDER BY {_order(by, descending)} LIMIT ?",
        [*conditions.parameters, limit + 1],
    )
    found = array("q", (row[0] for row in rows))
    return found[:limit], len(found) <= limit


def _order(by: TaskOrder, descending: bool) -> str:
    field, way = ORDERS[by], "DESC" if descending else "ASC"
    numbers = f"iif({_IS_NUMBER}, 0, 1) {way}, iif({_IS_NUMBER}, {_NUMBER}, 0) {way}, "
    return f"{field} IS NULL, {numbers if by == 'answer' else ''}{field} COLLATE NOCASE {way}, n"


def _by_groups(library: Library, by: TaskOrder, *, descending: bool) -> "array[int]":
    values, tasks = _GROUPS[by]
    found = array("q")
    with library.read() as db:
        groups = db.execute(values.format(way="DESC" if descending else "ASC")).fetchall()
        for group in yielding(groups):
            _extend(found, db, tasks, [group[0]])
        if by == "strategy":
            _extend(found, db, _WITHOUT_STRATEGY, [])
    return found


def _extend(found: "array[int]", db: sqlite3.Connection, tasks: str, parameters: Sequence[Any]) -> None:
    """Add the row ids that an index gives, in order of arrival."""
    sql = f"SELECT json_group_array(n) FROM ({tasks}) GROUP BY n / {PART} ORDER BY n / {PART}"
    for row in yielding(db.execute(sql, parameters).fetchall()):
        found.extend(sorted(json.loads(row[0])))
