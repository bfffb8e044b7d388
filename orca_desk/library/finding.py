"""Find: one search over tasks, teacher records, answers of evaluations and conversations, with counts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from orca_desk.library.conditions import Conditions
from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.records import FAMILY, TABLES
from orca_desk.library.searching import (
    ANSWER_PLACE,
    ANSWER_TABLES,
    KINDS,
    SearchKind,
    add_answer_query,
    add_chat_query,
    add_record_query,
    add_task_query,
    lacking,
)
from orca_desk.library.text_indexes import indexed_percent
from orca_desk.method.search_query import Query, parse_query

LENGTH = 300  # characters of a text in a list


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that was found. `id` is that of the task, the record or the chat.

    `run` is the evaluation of an answer, else empty. `title` is the beginning of the question, or of a chat
    its title; `text` the beginning of the answer. `correct` is None where nothing was graded.
    """

    kind: SearchKind
    id: str
    family: str
    title: str
    text: str = ""
    run: str = ""
    correct: bool | None = None
    created_at: str = ""


@dataclass(frozen=True, kw_only=True)
class FoundGroup:
    """What was found of one kind: the first hits, and how many there are.

    `lacking` are the fields of the search that nothing of this kind has, which is why there are none.
    """

    kind: SearchKind
    total: int
    hits: tuple[Hit, ...]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a search found, kind by kind. `indexed` is the share of older texts that is indexed, in percent.

    Below 100 the search is right, but has to read the texts that are not.
    """

    groups: tuple[FoundGroup, ...]
    indexed: int

    @property
    def total(self) -> int:
        """The number of all hits, shown or not."""
        return sum(group.total for group in self.groups)


def find(library: Library, text: str, *, kinds: Collection[SearchKind] = KINDS, limit: int = 50) -> Findings:
    """Search these kinds; return the newest `limit` hits of each and all counts; nothing for a blank text.

    Raises QueryError for a search that cannot be read.
    """
    query = parse_query(text)
    groups = []
    for kind in KINDS:
        if kind in kinds:
            missing = lacking(query, kind)
            blank = missing or not text.strip()
            groups.append(
                FoundGroup(kind=kind, total=0, hits=(), lacking=missing)
                if blank
                else _group(library, kind, text, query, limit)
            )
    return Findings(groups=tuple(groups), indexed=indexed_percent(library))


def _group(library: Library, kind: SearchKind, text: str, query: Query, limit: int) -> FoundGroup:
    conditions = Conditions()
    match kind:
        case "tasks":
            add_task_query(conditions, text)
            tables, order = "FROM tasks", "n"
            columns = f"id, {NAME} AS family, substr(query, 1, {LENGTH}) AS title, answer AS text"
        case "records":
            add_record_query(conditions, text)
            tables, order = TABLES, "r.n"
            columns = (
                f"r.id, {FAMILY} AS family, substr(r.user, 1, {LENGTH}) AS title, r.created_at,"
                f" substr(coalesce(e.response, r.response), 1, {LENGTH}) AS text,"
                " iif(e.record IS NULL, v.correct, e.correct) AS correct"
            )
        case "answers":
            add_answer_query(conditions, query)
            tables, order = ANSWER_TABLES, ANSWER_PLACE
            columns = (
                "q.task_id AS id, (SELECT name FROM families WHERE id = q.family_id) AS family,"
                f" substr(q.user, 1, {LENGTH}) AS title, substr(a.response, 1, {LENGTH}) AS text,"
                " a.evaluation AS run, a.correct, a.created_at"
            )
        case "chats":
            conditions.add("c.beside IS NULL")
            add_chat_query(conditions, query)
            tables, order = "FROM chats AS c", "c.n"
            columns = "c.id, '' AS family, c.title, c.created_at"
    counted = library.row(f"SELECT count(*) {tables} {conditions.where}", conditions.parameters)
    rows = library.rows(
        f"SELECT {columns} {tables} {conditions.where} ORDER BY {order} DESC LIMIT ?",
        [*conditions.parameters, limit],
    )
    hits = tuple(_hit(kind, dict(row)) for row in rows)
    return FoundGroup(kind=kind, total=int(counted[0]) if counted else 0, hits=hits)


def _hit(kind: SearchKind, row: dict[str, Any]) -> Hit:
    correct = row.pop("correct", None)
    values = {name: value or "" for name, value in row.items()}
    return Hit(kind=kind, **values, correct=None if correct is None else bool(correct))
