"""The user's tasks: adding, editing, deleting with undo, and finding by family, tag or text."""

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, get_args

from orca_desk.errors import UserError
from orca_desk.library.bulk import insert_in_bulk
from orca_desk.library.clock import now
from orca_desk.library.conditions import PAGE, Conditions, ResultPage, iterate_pages, json_list
from orca_desk.library.connections import stoppable
from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.earlier_turns import MATCHING, after_turns
from orca_desk.library.families import ID_OF, NAME
from orca_desk.library.held_out import restore_flags
from orca_desk.library.rows import table
from orca_desk.library.searching import add_task_fields, add_task_query
from orca_desk.library.task_columns import COLUMNS, task_from_row, task_rows, task_values
from orca_desk.method.records import Split, Task, question_key
from orca_desk.method.search_query import Query, parse_query, terms_as_json, to_match
from orca_desk.method.turns import text_to_compare, turns_from_json
from orca_desk.yielding import yielding

CHUNK = 5_000  # tasks in one transaction
DELETED = 20_000  # the same, of deletions
SPAN = 100_000  # rows whose ids are read at once: more would hold up the window
SELECT = f"SELECT *, {NAME} AS family FROM tasks"


@dataclass(frozen=True, kw_only=True)
class TaskFilter:
    """Which tasks: those that match every field that is not None.

    `text` is a search (method/search_query.py): words in query, context or answer, and fields. `overrides`
    selects tasks with a strategy of their own, `reviewed` those with a record that was kept or dropped.
    `families` are several of which a task has one.
    `after` is the `next` of the previous page; `limit` is the maximum number of tasks, in order of arrival.
    """

    family: str | None = None
    families: tuple[str, ...] | None = None
    split: Split | None = None
    tag: str | None = None
    strategy: str | None = None
    overrides: bool | None = None
    has_answer: bool | None = None
    reviewed: bool | None = None
    text: str | None = None
    ids: tuple[str, ...] | None = None
    limit: int | None = None
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Added:
    """The ids of what was added, and of what already existed and stayed unchanged.

    Both are the ids that were given. A task that exists under another id is found by `same_tasks`.
    `newly_held` are the records (row ids) that the added tasks hold out, and that `remove_added` frees.
    """

    added: tuple[str, ...]
    duplicates: tuple[str, ...]
    newly_held: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FamilyCount:
    """The number of a family's tasks per split, and of those without a reference answer."""

    family: str
    train: int
    heldout: int
    unanswered: int

    @property
    def tasks(self) -> int:
        """Tasks of both splits."""
        return self.train + self.heldout


def add_tasks(library: Library, tasks: Iterable[Task]) -> Added:
    """Add new tasks; existing ones, which may have been edited since, stay unchanged.

    A task exists if the library has its id, or a task of its family that asks or asked the same.
    Writes in transactions of 5,000 tasks: after an interruption, the same call adds the rest.
    """
    added: list[str] = []
    duplicates: list[str] = []
    newly_held: list[int] = []
    source = iter(tasks)
    while chunk := list(islice(source, CHUNK)):
        part = library.write(lambda db, chunk=chunk: insert_tasks(db, chunk))  # type: ignore[misc]
        added += part.added
        duplicates += part.duplicates
        newly_held += part.newly_held
    return Added(added=tuple(added), duplicates=tuple(duplicates), newly_held=tuple(newly_held))


def insert_tasks(db: sqlite3.Connection, tasks: Sequence[Task]) -> Added:
    """Do what `add_tasks` does, inside a write."""
    done = insert_in_bulk(db, [task_values(task) for task in yielding(tasks)])
    others = set(done.others)
    added = tuple(task.id for place, task in enumerate(tasks) if place not in others)
    db.execute(  # an import notes its tasks by their rows instead
        "INSERT INTO task_events (task, what, former, created_at)"
        " SELECT value, 'added', '{}', ? FROM json_each(?)",
        (now(), json_list(added)),
    )
    return Added(
        added=added,
        duplicates=tuple(tasks[place].id for place in done.others),
        newly_held=done.newly_held,
    )


def remove_added(library: Library, added: Added) -> DeletedTasks:
    """Undo `add_tasks`: delete what was added, and free the records that it held out."""
    deleted = delete_tasks(library, added.added)
    free_records(library, added.newly_held)
    return deleted


def free_records(library: Library, rowids: Iterable[int]) -> None:
    """Let the records in these rows be trained on again, unless a held-out task asks what they ask."""
    former = dict.fromkeys(rowids, False)
    library.write(lambda db: restore_flags(db, former))


def get_task(library: Library, task_id: str) -> Task:
    """Return one task. Raises UserError if it does not exist."""
    row = library.row(f"{SELECT} WHERE id = ?", (task_id,))
    if row is None:
        raise _unknown(task_id)
    return task_from_row(row)


def get_tasks(library: Library, ids: Sequence[str]) -> dict[str, Task]:
    """Return the existing tasks among `ids`, by id, in that order."""
    rows = library.rows(f"{SELECT} WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
    found = {row["id"]: task_from_row(row) for row in yielding(rows)}
    return {task_id: found[task_id] for task_id in ids if task_id in found}


def same_tasks(library: Library, tasks: Sequence[Task]) -> dict[str, Task]:
    """Return the stored task that each of `tasks` would be a duplicate of, by the id of the given one."""
    with library.read() as db:
        return same_tasks_in(db, tasks)


def same_tasks_in(db: sqlite3.Connection, tasks: Sequence[Task]) -> dict[str, Task]:
    """Do what `same_tasks` does, inside a read or a write."""
    present = _present(db, tasks) if tasks else {}
    stored = tasks_of(db, present.values())
    return {task.id: stored[present[task.id]] for task in tasks if present.get(task.id) in stored}


def tasks_asking(library: Library, users: Iterable[str]) -> dict[str, Task]:
    """Return a task for each of these questions that one asks: one with a reference, if there is any.

    A question is a user message, or a whole conversation (`Task.conversation`).
    """
    rows = library.rows(
        f"{SELECT} WHERE n IN (SELECT task FROM task_questions WHERE question IN"
        " (SELECT value FROM json_each(?))) ORDER BY answer IS NOT NULL, n DESC",
        (json_list({question_key(user) for user in users}),),
    )
    return {task.conversation: task for task in map(task_from_row, yielding(rows))}


def store_tasks(db: sqlite3.Connection, tasks: Sequence[Task]) -> list[Task]:
    """Replace the tasks with the same ids, all or none, inside a write; return the earlier ones.

    The verdicts of their records stay: `library/verdicts.py` replaces tasks whose references change.
    """
    before = tasks_of(db, [task.id for task in tasks])
    if gone := next((task.id for task in tasks if task.id not in before), None):
        raise _unknown(gone)
    assignments = ", ".join(f"{name} = :{name}" for name in COLUMNS[1:])
    db.executemany(f"UPDATE tasks SET {assignments} WHERE id = :id", task_rows(db, tasks))
    return [before[task.id] for task in tasks]


def tasks_of(db: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Task]:
    """Return the existing tasks among `ids`, by id, inside a write."""
    rows = db.execute(f"{SELECT} WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
    return {row["id"]: task_from_row(row) for row in rows.fetchall()}


def delete_tasks(library: Library, ids: Sequence[str]) -> DeletedTasks:
    """Delete the existing tasks among `ids`: see `delete_rows`."""
    rows = library.rows("SELECT n FROM tasks WHERE id IN (SELECT value FROM json_each(?))", (json_list(ids),))
    return delete_rows(library, array("q", (row[0] for row in rows)))


def delete_rows(library: Library, rowids: Iterable[int]) -> DeletedTasks:
    """Delete the tasks in these rows, but not their records; return what restores them.

    A record of a held-out task stays held out. More than 20,000 are deleted in several transactions, so that
    other writes get their turn: if one of them fails, or Ctrl+C comes, those before it are undone, but a kill
    leaves them.
    """
    deleted = DeletedTasks(library.folder)
    ordered = array("q", sorted(rowids))
    try:
        for start in range(0, len(ordered), DELETED):
            part = ordered[start : start + DELETED]
            library.write(lambda db, part=part: deleted.take(db, part))  # type: ignore[misc]
    except BaseException:
        with suppress(UserError):  # such as a full disk, which the first error reports
            library.write(lambda db: None)  # Ctrl+C only ends the wait for what the writer is still deleting
            restore_tasks(library, deleted)
        raise
    return deleted


def restore_tasks(library: Library, deleted: DeletedTasks) -> Added:
    """Restore deleted tasks to their rows; those that have been added again stay unchanged."""
    parts = list(restore_by_parts(library, deleted))
    return Added(
        added=tuple(task for part in parts for task in part.added),
        duplicates=tuple(sorted(task for part in parts for task in part.duplicates)),
    )


def restore_by_parts(library: Library, deleted: DeletedTasks) -> Iterator[Added]:
    """Do what `restore_tasks` does, and yield what each transaction restored."""
    for part in deleted.parts():
        yield library.write(lambda db, part=part: _restore(db, part, deleted))  # type: ignore[misc]


def _restore(db: sqlite3.Connection, part: Sequence[tuple[int, Task]], deleted: DeletedTasks) -> Added:
    present = _present(db, [task for _, task in part])
    found = db.execute(
        "SELECT id, n FROM tasks WHERE id IN (SELECT value FROM json_each(?))", (json_list(present.values()),)
    )
    # Two edited tasks may ask the same: one that was just restored keeps none of the others away
    own = {row["id"] for row in found.fetchall() if deleted.has(row["n"])}
    there = {given for given, stored in present.items() if stored == given or stored not in own}
    back = [(n, task) for n, task in part if task.id not in there]
    rows = task_rows(db, [task for _, task in back])
    table(db, "tasks").insert_all({"n": n, **row} for (n, _), row in zip(back, rows, strict=True))
    return Added(added=tuple(task.id for _, task in back), duplicates=tuple(sorted(there)))


def count_tasks(library: Library, wanted: TaskFilter = TaskFilter()) -> int:
    """Return the number of matching tasks, ignoring the filter's `limit`.

    By family, split and answer, or by a tag, it takes no time, however many there are; by words, some ms per
    million.
    """
    if _is_kept(wanted):
        conditions = Conditions()
        if wanted.family is not None:
            conditions.add(f"family_id = {ID_OF}", wanted.family)
        _among_families(conditions, wanted)
        conditions.equal("split", wanted.split)
        conditions.equal("answered", wanted.has_answer)
        sql = f"SELECT coalesce(sum(tasks), 0) FROM task_counts {conditions.where}"
    elif wanted.tag is not None and replace(wanted, tag=None, limit=None) == TaskFilter():
        conditions = Conditions(["tag = ?"], [wanted.tag])
        sql = f"SELECT coalesce(sum(tasks), 0) FROM tag_counts {conditions.where}"
    elif match := _words_alone(wanted):
        conditions = Conditions(parameters=[match] * 3)
        sql = (  # a union would sort all of them
            "SELECT (SELECT count(*) FROM tasks_text WHERE tasks_text MATCH ?)"
            " + (SELECT count(*) FROM turns_text WHERE turns_text MATCH ?"
            " AND rowid NOT IN (SELECT rowid FROM tasks_text WHERE tasks_text MATCH ?))"
        )
    else:
        conditions = conditions_of(wanted)
        sql = f"SELECT count(*) FROM tasks {conditions.where}"
    row = library.row(sql, conditions.parameters)
    return int(row[0]) if row else 0


def list_tasks(library: Library, wanted: TaskFilter = TaskFilter()) -> ResultPage[Task]:
    """Return the first `limit` (500) matching tasks by order of arrival, and the start of the next page."""
    limit = wanted.limit or PAGE
    if _is_kept(replace(wanted, after=0)):
        sql, parameters = _in_order(wanted)
        where = f"WHERE n IN ({sql} ORDER BY n LIMIT ?) ORDER BY n"
    else:
        conditions = conditions_of(wanted)
        where, parameters = f"{conditions.where} ORDER BY n LIMIT ?", conditions.parameters
    rows = library.rows(f"{SELECT} {where}", [*parameters, limit + 1])
    shown = rows[:limit]
    return ResultPage(tuple(map(task_from_row, shown)), shown[-1]["n"] if len(rows) > limit else None)


def iterate_tasks(library: Library, wanted: TaskFilter = TaskFilter()) -> Iterator[Task]:
    """Yield the matching tasks, at most `limit`, in order of arrival, reading a page at a time."""
    if _is_kept(replace(wanted, after=0)):
        return iterate_pages(
            lambda size, after: list_tasks(library, replace(wanted, limit=size, after=after)),
            limit=wanted.limit,
            after=wanted.after,
        )
    rowids = task_rowids(library, wanted)  # once: a search would begin again with each page
    pages = (tasks_at(library, rowids[start : start + PAGE]) for start in range(0, len(rowids), PAGE))
    return (task for page in pages for task in yielding(page) if task is not None)


def first_rowids(
    library: Library, wanted: TaskFilter, *, limit: int, check: Callable[[], None] = lambda: None
) -> tuple["array[int]", bool]:
    """Return the row ids of the first matching tasks, at most `limit`, and whether these are all.

    For what must be on the screen before all are found. A search whose last word is typed so far may need
    many words of the index; where it matches much, reading the first tasks takes less time. `check` is called
    every few ms; an exception from it stops.
    """
    parameters: list[Any]
    query = parse_query(wanted.text or "")
    if query.wanted and len(read := _read_first(library, wanted, query, limit)) > limit // 10:
        return array("q", read), False
    if _is_everything(wanted):
        sql, parameters = "SELECT n FROM tasks ORDER BY n LIMIT ?", [limit + 1]
    elif _is_kept(wanted):
        sql, parameters = _in_order(wanted)
        sql, parameters = f"{sql} ORDER BY n LIMIT ?", [*parameters, limit + 1]
    elif match := _words_alone(wanted):
        sql, parameters = f"{MATCHING} ORDER BY n LIMIT ?", [match, match, limit + 1]
    else:
        conditions = conditions_of(wanted)
        sql = f"SELECT n FROM tasks {conditions.where} ORDER BY n LIMIT ?"
        parameters = [*conditions.parameters, limit + 1]
    with library.read() as db, stoppable(db, check):
        found = array("q", (row[0] for row in yielding(db.execute(sql, parameters))))
    return found[:limit], len(found) <= limit


def _read_first(library: Library, wanted: TaskFilter, query: Query, limit: int) -> list[int]:
    """Return those of the first `limit` tasks that match all but the words in which these are as wanted."""
    conditions = conditions_of(replace(wanted, text=None))
    add_task_fields(conditions, query)
    words = f"{after_turns('query')} || char(10) || context || char(10) || coalesce(answer, '')"
    unwanted = [terms_as_json((term,)) for term in query.unwanted]
    rows = library.rows(
        f"SELECT n FROM (SELECT n, query, context, answer, turns FROM tasks {conditions.where}"
        f"  ORDER BY n LIMIT ?) WHERE has_terms(?, {words})"
        + f" AND NOT has_terms(?, {words})" * len(unwanted)
        + " ORDER BY n",
        [*conditions.parameters, limit, terms_as_json(query.wanted), *unwanted],
    )
    return [row[0] for row in rows]


def task_rowids(
    library: Library, wanted: TaskFilter = TaskFilter(), *, check: Callable[[], None] = lambda: None
) -> "array[int]":
    """Return the row ids of all tasks that match, in order: 8 bytes each, for lists that jump anywhere.

    `check` is called every few ms; an exception from it stops.
    """
    if _is_kept(wanted):
        return _rowids_by_spans(library, wanted, check)[: wanted.limit]
    limit = -1 if wanted.limit is None else wanted.limit
    # SQLite gives Python's lock away and takes it back with each row: rows of many numbers spare the window
    if match := _words_alone(wanted):
        sql = f"{MATCHING} ORDER BY n LIMIT ?"
        parameters: list[Any] = [match, match, limit]
    else:
        conditions = conditions_of(wanted)
        sql = f"SELECT n FROM tasks {conditions.where} ORDER BY n LIMIT ?"
        parameters = [*conditions.parameters, limit]
    grouped = f"SELECT json_group_array(n) AS found FROM ({sql}) GROUP BY n / 2000 ORDER BY n / 2000"
    with library.read() as db, stoppable(db, check):
        rows = list(yielding(db.execute(grouped, parameters)))
    return array("q", chain.from_iterable(sorted(json.loads(row["found"])) for row in yielding(rows)))


def _rowids_by_spans(library: Library, wanted: TaskFilter, check: Callable[[], None]) -> "array[int]":
    """Do what `task_rowids` does for what is kept as a count: some rows after the other, without sorting."""
    sql = (
        "SELECT (SELECT min(n) FROM tasks), (SELECT max(n) FROM tasks), (SELECT sum(tasks) FROM task_counts)"
    )
    found, row = array("q"), library.row(sql)
    if row is None or row[0] is None:
        return found
    first, last, tasks = row
    has_no_gap = _is_everything(replace(wanted, limit=None)) and last - first + 1 == tasks
    for start in yielding(range(first, last + 1, SPAN)):
        check()
        if wanted.limit is not None and len(found) >= wanted.limit:
            break
        end = min(start + SPAN - 1, last)
        if has_no_gap:
            found.extend(range(start, end + 1))
            continue
        sql, parameters = _in_order(wanted, (start, end))
        row = library.row(f"SELECT json_group_array(n) FROM ({sql})", parameters)
        found.extend(sorted(json.loads(row[0])) if row else ())
    return found


def _in_order(wanted: TaskFilter, span: tuple[int, int] | None = None) -> tuple[str, list[Any]]:
    """Return the SELECT of the row ids in a span for what is kept as a count.

    Of each split an index gives them in order, so that a first few take no time.
    """
    is_by_row = wanted.has_answer is not None and wanted.family is None and wanted.families is None
    parts, parameters = [], []
    for one in (wanted.split,) if wanted.split or is_by_row else get_args(Split):
        conditions = conditions_of(replace(wanted, split=one, text=None))
        if span:
            conditions.add("n BETWEEN ? AND ?", *span)
        parts.append(f"SELECT n FROM tasks {conditions.where}")
        parameters += conditions.parameters
    return " UNION ALL ".join(parts), parameters


def tasks_at(library: Library, rowids: Sequence[int]) -> list[Task | None]:
    """Return the task in each of these rows, or None where it was deleted."""
    rows = library.rows(f"{SELECT} WHERE n IN (SELECT value FROM json_each(?))", (json_list(rowids),))
    found = {row["n"]: task_from_row(row) for row in rows}
    return [found.get(rowid) for rowid in rowids]


def last_row(library: Library) -> int:
    """Return the row of the task that came last; 0 without tasks."""
    return int(library.rows("SELECT coalesce(max(n), 0) FROM tasks")[0][0])


def iterate_questions(
    library: Library, after: int = 0, last: int | None = None
) -> Iterator[tuple[str, str, Split]]:
    """Yield id, text to compare and split of every task, reading some thousands at a time.

    Those in the rows up to `after` are left out, and with `last` those that came after it.
    """
    while rows := library.rows(
        "SELECT n, id, iif(context = '', query, context || char(10, 10) || query) AS asked, turns, split"
        " FROM tasks WHERE n > ? AND n <= coalesce(?, n) ORDER BY n LIMIT ?",
        (after, last, CHUNK),
    ):
        after = rows[-1]["n"]
        for row in yielding(rows):
            asked = text_to_compare(turns_from_json(row["turns"]), row["asked"])
            yield row["id"], asked, row["split"]


def task_ids(library: Library, rowids: Sequence[int]) -> list[str]:
    """Return the ids of the tasks in these rows, in order of arrival, without deleted ones."""
    rows = library.rows(
        "SELECT id FROM tasks WHERE n IN (SELECT value FROM json_each(?)) ORDER BY n", (json_list(rowids),)
    )
    return [row["id"] for row in rows]


def all_task_ids(library: Library) -> set[str]:
    """Return the ids of all tasks."""
    return {row["id"] for row in library.rows("SELECT id FROM tasks")}


def families(library: Library) -> list[FamilyCount]:
    """Return every family with its counts, by name."""
    rows = library.rows(
        f"SELECT {NAME} AS family, sum(tasks * (split = 'train')) AS train,"
        " sum(tasks * (split = 'heldout')) AS heldout, sum(tasks * NOT answered) AS unanswered"
        " FROM task_counts GROUP BY family_id HAVING sum(tasks) > 0 ORDER BY family"
    )
    return [FamilyCount(**dict(row)) for row in rows]


def undecided_families(library: Library, wanted: TaskFilter = TaskFilter()) -> set[str]:
    """Return the families of those wanted tasks that have no strategy of their own."""
    conditions = conditions_of(wanted)
    if wanted.limit is not None:
        sql = (
            f"SELECT DISTINCT {NAME} FROM (SELECT family_id, strategy FROM tasks {conditions.where}"
            " ORDER BY n LIMIT ?) WHERE strategy IS NULL"
        )
        return {row[0] for row in library.rows(sql, [*conditions.parameters, wanted.limit])}
    conditions.add("family_id = each.id AND strategy IS NULL")  # the first such task of a family is enough
    sql = f"SELECT name FROM families AS each WHERE EXISTS (SELECT 1 FROM tasks {conditions.where})"
    return {row[0] for row in library.rows(sql, conditions.parameters)}


def tags(library: Library) -> dict[str, int]:
    """Return the number of tasks per tag, by name."""
    rows = library.rows("SELECT tag, tasks FROM tag_counts WHERE tasks > 0 ORDER BY tag")
    return {row[0]: row[1] for row in rows}


def tags_of(library: Library, rowids: Sequence[int]) -> Counter[str]:
    """Return the number of tasks per tag of the tasks in these rows."""
    found: Counter[str] = Counter()
    for start in yielding(range(0, len(rowids), SPAN)):
        rows = library.rows(
            "SELECT tag, count(*) FROM task_tags INDEXED BY tags_by_task"
            " WHERE task IN (SELECT value FROM json_each(?)) GROUP BY tag",
            (json_list(rowids[start : start + SPAN]),),
        )
        found.update(dict(map(tuple, rows)))
    return found


def _is_everything(wanted: TaskFilter) -> bool:
    return replace(wanted, text=wanted.text or None) == TaskFilter()


def _is_kept(wanted: TaskFilter) -> bool:
    """Return whether a filter asks for nothing but what is kept as a count."""
    rest = replace(wanted, family=None, families=None, split=None, has_answer=None, limit=None)
    rest = replace(rest, text=wanted.text or None)
    return rest == TaskFilter()


def _words_alone(wanted: TaskFilter) -> str | None:
    """Return the query of the index of texts, if a filter asks for nothing else; or None."""
    if wanted.text is None or replace(wanted, text=None, limit=None) != TaskFilter():
        return None
    query = parse_query(wanted.text)
    return to_match(query.wanted) if query.wanted and not query.unwanted and not query.conditions else None


def conditions_of(wanted: TaskFilter) -> Conditions:
    conditions = Conditions()
    if wanted.family is not None:
        conditions.add(f"family_id = {ID_OF}", wanted.family)
    _among_families(conditions, wanted)
    conditions.equal("split", wanted.split)
    conditions.equal("strategy", wanted.strategy)
    conditions.among("id", wanted.ids)
    if wanted.tag is not None:
        conditions.add("n IN (SELECT task FROM task_tags WHERE tag = ?)", wanted.tag)
    if wanted.overrides is not None:
        own = "n IN (SELECT n FROM tasks WHERE strategy IS NOT NULL)"  # by the index of these alone
        conditions.add(own if wanted.overrides else "strategy IS NULL")
    if wanted.reviewed is not None:
        reviewed = "SELECT task_id FROM records WHERE n IN (SELECT record FROM decisions)"
        conditions.add(f"id {'' if wanted.reviewed else 'NOT '}IN ({reviewed})")
    if wanted.has_answer is not None:
        conditions.add(f"answer IS {'NOT ' if wanted.has_answer else ''}NULL")
    if wanted.text is not None:
        add_task_query(conditions, wanted.text)
    if wanted.after:
        conditions.add("n > ?", wanted.after)
    return conditions


def _among_families(conditions: Conditions, wanted: TaskFilter) -> None:
    if wanted.families is not None:
        named = "SELECT id FROM families WHERE name IN (SELECT value FROM json_each(?))"
        conditions.add(f"family_id IN ({named})", json_list(wanted.families))


def _unknown(task_id: str) -> UserError:
    return UserError(f"There is no task {task_id}.", "List the tasks to see their ids.")


def _present(db: sqlite3.Connection, tasks: Sequence[Task]) -> dict[str, str]:
    """Return the ids of the stored tasks that ask, or asked, the same as `tasks`, by the ids of these.

    A file that is imported again finds its tasks after their family was renamed: under its old name by their
    ids, under its new one by what they ask in it. In another family the same question is a task of its own.
    """
    given = json_list([task.id, question_key(task.conversation), task.family] for task in yielding(tasks))
    rows = db.execute(
        "WITH given AS MATERIALIZED ("
        "  SELECT value ->> 0 AS id, value ->> 1 AS question, f.id AS family_id"
        "  FROM json_each(?) LEFT JOIN families AS f ON f.name = value ->> 2)"
        " SELECT g.id, t.id, t.n FROM given AS g JOIN task_questions AS q USING (question)"
        "  JOIN tasks AS t ON t.n = q.task AND t.family_id = g.family_id"
        " UNION ALL SELECT g.id, t.id, -1 FROM given AS g JOIN tasks AS t USING (id) ORDER BY 3 DESC",
        (given,),
    )
    return {row[0]: row[1] for row in rows}  # the task with the same id, else the first one, is the last here
