"""What a search (method/search_query.py) means for tasks, records, answers of evaluations and chats, in SQL.

A field about a task holds for a record, an answer or a chat whose task has it. A field about records holds
for a task with such a record. Where a kind has nothing like a field, `lacking` names the field.
"""

from collections.abc import Callable
from typing import Any, Literal

from orca_desk.library.conditions import Conditions, json_list
from orca_desk.library.earlier_turns import SET_OF_MATCHING, after_turns
from orca_desk.library.reason_search import records_with_reason
from orca_desk.method.search_query import (
    WORD,
    YES,
    Condition,
    Query,
    Term,
    parse_query,
    terms_as_json,
    to_match,
)

SearchKind = Literal["tasks", "records", "answers", "chats"]
KINDS: tuple[SearchKind, ...] = ("tasks", "records", "answers", "chats")
OF_RECORDS = frozenset({"reviewed", "decision", "leaked", "edited"})
LACKING: dict[SearchKind, frozenset[str]] = {
    "tasks": frozenset(),
    "records": frozenset(),
    "answers": OF_RECORDS,
    "chats": OF_RECORDS | {"wrong", "correct", "run", "strategy", "reason"},
}
COMMON = frozenset({"kind", "has", "split"})
Sql = tuple[str, list[Any]]
# The tables of an answer: `q` the question, `a` the answer, `u` the run of the evaluation, `m` the evaluation
ANSWER_TABLES = """FROM answers AS a JOIN questions AS q USING (evaluation, task_id)
    JOIN runs AS u ON u.id = a.evaluation JOIN evaluations AS m ON m.id = a.evaluation"""
ANSWER_PLACE = "(u.n << 32) + q.position"
_LAST = "\U0010ffff"


def lacking(query: Query, kind: SearchKind) -> tuple[str, ...]:
    """Return the fields of a query that nothing of this kind has: such a search finds none of them."""
    fields = dict.fromkeys(condition.field for condition in query.conditions)
    return tuple(field for field in fields if field in LACKING[kind])


def add_task_query(conditions: Conditions, text: str) -> None:
    """Add what the search `text` asks of tasks, by the names of their columns. Raises QueryError."""
    query = parse_query(text)
    if query.wanted and query.unwanted:
        _add_words_without(conditions, query)
    else:
        _add_words(conditions, query, "n", lambda terms: (SET_OF_MATCHING, [to_match(terms)] * 2))
    add_task_fields(conditions, query)


def add_task_fields(conditions: Conditions, query: Query) -> None:
    """Add what a search asks of tasks beside words."""
    _add_fields(conditions, query, _task)


def _add_words_without(conditions: Conditions, query: Query) -> None:
    """Let the index leave out the unwanted words: to list all tasks with a frequent one takes far longer."""
    unwanted = " OR ".join(term.match for term in query.unwanted)
    match = f"({to_match(query.wanted)}) NOT ({unwanted})"
    conditions.add(f"n IN ({SET_OF_MATCHING})", match, match)
    # What was said in earlier turns is in their own index alone
    conditions.add("n NOT IN (SELECT rowid FROM turns_text WHERE turns_text MATCH ?)", unwanted)


def add_record_query(conditions: Conditions, text: str) -> None:
    """Add what the search `text` asks of records, in the tables of records.py. Raises QueryError."""
    query = parse_query(text)
    _add_words(conditions, query, "r.n", _records_with)
    _add_fields(conditions, query, _record)


def add_answer_query(conditions: Conditions, query: Query) -> None:
    """Add what a search asks of answers of evaluations, in ANSWER_TABLES."""
    _add_words(conditions, query, ANSWER_PLACE, _answers_with)
    _add_fields(conditions, query, _answer)


def add_chat_query(conditions: Conditions, query: Query) -> None:
    """Add what a search asks of conversations: of `c`, the row of a conversation's first column in `chats`.

    All words occur in one turn of one column, or in the title.
    """
    if query.is_void:
        conditions.add("0")
    for terms, way in ((query.wanted, ""), *(((term,), "NOT ") for term in query.unwanted)):
        if terms:
            inner, values = _turns_with(terms)
            conditions.add(
                f"{way}(c.n IN (SELECT coalesce(beside, n) FROM chats WHERE n IN ({inner}))"
                " OR has_terms(?, c.title))",
                *values,
                terms_as_json(terms),
            )
    _add_fields(conditions, query, _chat)


def _add_words(
    conditions: Conditions, query: Query, place: str, found: Callable[[tuple[Any, ...]], Sql]
) -> None:
    if query.is_void:
        conditions.add("0")  # without a word, nothing can match
    if query.wanted:
        sql, values = found(query.wanted)
        conditions.add(f"{place} IN ({sql})", *values)
    for term in query.unwanted:
        sql, values = found((term,))
        conditions.add(f"{place} NOT IN ({sql})", *values)


def _add_fields(conditions: Conditions, query: Query, meaning: Callable[[Condition], Sql]) -> None:
    for condition in query.conditions:
        sql, values = meaning(condition)
        conditions.add(f"NOT coalesce(({sql}), 0)" if condition.negated else f"({sql})", *values)


# Texts that are not indexed yet are read: the answer is right at any time, only slower


def _records_with(terms: tuple[Any, ...]) -> Sql:
    """Return the SELECT of the records in which all terms occur, or in the reason of whose verdict."""
    reasons, values = records_with_reason(terms)
    return (
        "SELECT rowid FROM records_text WHERE records_text MATCH ? UNION ALL"
        " SELECT n FROM records WHERE n < (SELECT below FROM text_indexes WHERE name = 'records')"
        f" AND has_terms(?, {after_turns('user')} || char(10) || coalesce((SELECT response FROM revisions"
        "  WHERE record = records.n ORDER BY revision DESC LIMIT 1), response))"
        f" UNION ALL {reasons}",
        [to_match(terms), terms_as_json(terms), *values],
    )


def _answers_with(terms: tuple[Any, ...]) -> Sql:
    return (
        "SELECT rowid FROM answers_text WHERE answers_text MATCH ? UNION ALL"
        f" SELECT {ANSWER_PLACE} {ANSWER_TABLES}"
        " WHERE (SELECT below FROM text_indexes WHERE name = 'answers') > 0"
        f" AND {ANSWER_PLACE} < (SELECT below FROM text_indexes WHERE name = 'answers')"
        f" AND has_terms(?, {after_turns('q.user', 'q.')} || char(10) || a.response)",
        [to_match(terms), terms_as_json(terms)],
    )


def _turns_with(terms: tuple[Any, ...]) -> Sql:
    """Return the SELECT of the columns (`n` of chats) with a turn in which all terms occur."""
    return (
        "SELECT rowid >> 32 FROM messages_text WHERE messages_text MATCH ? UNION ALL"
        " SELECT chat FROM messages"
        " WHERE (SELECT below FROM text_indexes WHERE name = 'messages') > 0"
        " AND (chat << 32) + position < (SELECT below FROM text_indexes WHERE name = 'messages')"
        f" AND has_terms(?, {after_turns('content')})",
        [to_match(terms), terms_as_json(terms)],
    )


def _task(condition: Condition) -> Sql:
    """What a condition asks of a task, by the columns' names."""
    field, values = condition.field, condition.values
    match field:
        case "family":
            return _in_families("family_id", values)
        case "split":
            return _any("split", values)
        case "tag":
            sql, parameters = _like("tag", values)
            return f"n IN (SELECT task FROM task_tags WHERE {sql})", parameters
        case "kind":
            return _any("answer_kind", values)
        case "has":
            return " OR ".join(_HAS[value] for value in values), []
        case "strategy":
            return _like("strategy", values)
        case "id":
            return _begins("id", values)
        case "run":
            chosen = json_list(values)
            return (
                "id IN (SELECT task_id FROM records WHERE run IN (SELECT value FROM json_each(?))"
                " UNION SELECT task_id FROM questions WHERE evaluation IN (SELECT value FROM json_each(?)))"
                " OR n IN (SELECT t.n FROM imported_rows AS i"
                "  JOIN tasks AS t ON t.n BETWEEN i.first AND i.last"
                "  WHERE i.run IN (SELECT value FROM json_each(?)))",
                [chosen, chosen, chosen],
            )
        case "model":
            (records, first), (asked, second) = _model_of_record(values), _model_of_answer(values)
            return (
                f"id IN (SELECT r.task_id FROM records AS r WHERE {records} UNION"
                f" SELECT a.task_id {ANSWER_TABLES} WHERE {asked})",
                [*first, *second],
            )
        case "reason":
            (records, first), (asked, second) = _record(condition), _answer(condition)
            return (
                f"id IN (SELECT r.task_id {_record_tables()} WHERE {records}"
                f" UNION SELECT a.task_id {ANSWER_TABLES} WHERE {asked})",
                [*first, *second],
            )
        case "wrong" | "correct":
            return _graded_tasks(field, values)
    sql, parameters = _record(condition)
    return f"id IN (SELECT r.task_id {_record_tables()} WHERE {sql})", parameters


_HAS = {
    "answer": "answer IS NOT NULL",
    "context": "context <> ''",
    "tag": "tags <> '[]'",
    "strategy": "strategy IS NOT NULL",
    "record": "id IN (SELECT task_id FROM records)",
}


def _record(condition: Condition) -> Sql:
    """What a condition asks of a record, in the tables of records.py."""
    from orca_desk.library.records import (
        CORRECT,
        LEAKED,
    )  # it imports the tasks, which are searched from here

    field, values = condition.field, condition.values
    match field:
        case "family":
            return _in_families("r.family_id", values)
        case "split":
            return _any("r.held_out", [int(value == "heldout") for value in values])
        case "strategy":
            return _like("r.strategy", values)
        case "id":
            return _begins("r.id", values)
        case "run":
            return _any("r.run", values)
        case "model":
            return _model_of_record(values)
        case "reviewed":
            return _truth("d.decision IS NOT NULL", values)
        case "decision":
            return _any("coalesce(d.decision, 'none')", values)
        case "leaked":
            return _truth(f"{LEAKED} = 1", values)
        case "edited":
            return _truth("e.record IS NOT NULL", values)
        case "reason":
            return _reason("iif(e.record IS NULL, v.reason, e.reason)", values)
        case "wrong":
            return _any(CORRECT, [int(value != YES) for value in values])
        case "correct":
            return _any(CORRECT, [int(value == YES) for value in values])
    return _of_its_task("r.task_id", condition)


def _answer(condition: Condition) -> Sql:
    """What a condition asks of an evaluation's answer, in ANSWER_TABLES."""
    field, values = condition.field, condition.values
    match field:
        case "family":
            return _in_families("q.family_id", values)
        case "strategy":
            return _like("q.paired", values)
        case "id":
            return _begins("q.task_id", values)
        case "run":
            return _any("a.evaluation", values)
        case "model":
            return _model_of_answer(values)
        case "reason":
            return _reason("a.reason", values)
        case "wrong":
            return _any("a.correct", [int(value != YES) for value in values])
        case "correct":
            return _any("a.correct", [int(value == YES) for value in values])
        case _ if field in LACKING["answers"]:
            return "0", []
    return _of_its_task("q.task_id", condition)


def _chat(condition: Condition) -> Sql:
    """What a condition asks of a conversation `c`."""
    field, values = condition.field, condition.values
    if field in LACKING["chats"]:
        return "0", []
    if field == "id":
        return _begins("c.id", values)
    columns = "(SELECT n FROM chats WHERE n = c.n OR beside = c.n)"
    if field == "model":
        parts = ["instr(casefold(model || coalesce(adapter, '')), ?)" for _ in values]
        return (
            f"EXISTS (SELECT 1 FROM chats WHERE n IN {columns} AND ({' OR '.join(parts)}))",
            [_bare(value) for value in values],
        )
    sql, parameters = _of_its_task("task", condition)
    return f"EXISTS (SELECT 1 FROM messages WHERE chat IN {columns} AND {sql})", parameters


def _of_its_task(column: str, condition: Condition) -> Sql:
    sql, parameters = _task(condition)
    if condition.field in COMMON:  # nearly every task may have it: look at the task of each one instead
        return f"EXISTS (SELECT 1 FROM tasks WHERE tasks.id = {column} AND ({sql}))", parameters
    return f"{column} IN (SELECT id FROM tasks WHERE {sql})", parameters


def _graded_tasks(field: str, values: tuple[str, ...]) -> Sql:
    """Tasks with an incorrect answer of a teacher or an evaluation; with "no", graded ones without any."""
    from orca_desk.library.records import CORRECT

    sought = 0 if field == "wrong" else 1
    found = f"SELECT r.task_id {_record_tables()} WHERE {CORRECT} = {{}} UNION SELECT task_id FROM answers"
    found += " WHERE correct = {}"
    with_it, without = found.format(sought, sought), found.format(1 - sought, 1 - sought)
    parts = [
        f"id IN ({with_it})" if value == YES else f"(id IN ({without}) AND id NOT IN ({with_it}))"
        for value in values
    ]
    return " OR ".join(parts), []


def _record_tables() -> str:
    from orca_desk.library.records import TABLES

    return TABLES


def _model_of_record(values: tuple[str, ...]) -> Sql:
    """By the file that the run was asked with, the name that an imported answer came with, or the hash."""
    parts: list[str] = []
    parameters: list[Any] = []
    for value in map(_bare, values):
        parts.append(
            "r.run IN (SELECT id FROM runs WHERE instr(casefold(request), ?)"
            " AND instr(casefold(json_extract(request, '$.model')), ?))"
            " OR (r.sampling LIKE '{\"imported\"%' AND instr(casefold(r.sampling), ?))"
            " OR instr(r.model_sha256, ?) = 1"
        )
        parameters += [value] * 4
    return " OR ".join(parts), parameters


def _model_of_answer(values: tuple[str, ...]) -> Sql:
    part = "instr(casefold(m.model || ' ' || coalesce(m.adapter, '') || ' ' || m.name), ?)"
    return " OR ".join([part] * len(values)), [_bare(value) for value in values]


def _reason(column: str, values: tuple[str, ...]) -> Sql:
    """By the code of a reason (method/grading/reasons.py), a part of what was found or expected, or words."""
    stored = f"iif(json_valid({column}), {column}, json_object('found', {column}))"
    said = f"coalesce({stored} ->> '$.found', '') || char(10) || coalesce({stored} ->> '$.expected', '')"
    parts: list[str] = []
    parameters: list[Any] = []
    for value in values:
        parts.append(f"{stored} ->> '$.why' = ? OR instr(casefold({said}), ?)")
        parameters += [_bare(value)] * 2
        if words := WORD.findall(value):
            parts.append(f"has_terms(?, reason_words({column}))")
            parameters.append(terms_as_json([Term(words=(word,)) for word in words]))
    return " OR ".join(parts), parameters


def _bare(value: str) -> str:
    return value.removesuffix("*").casefold()


def _in_families(column: str, values: tuple[str, ...]) -> Sql:
    parts = [
        "instr(casefold(name), ?) = 1" if value.endswith("*") else "casefold(name) = ?" for value in values
    ]
    found = f"{column} IN (SELECT id FROM families WHERE {' OR '.join(parts)})"
    return found, [_bare(value) if value.endswith("*") else value.casefold() for value in values]


def _like(column: str, values: tuple[str, ...]) -> Sql:
    """Compare without the case of letters where the value has it as a name usually has; `*` is any ending."""
    parts: list[str] = []
    parameters: list[Any] = []
    for value in values:
        for spelling in dict.fromkeys((value, value.lower(), value.capitalize())):
            if spelling.endswith("*"):
                parts.append(f"({column} >= ? AND {column} < ?)")
                parameters += [spelling[:-1], spelling[:-1] + _LAST]
            else:
                parts.append(f"{column} = ?")
                parameters.append(spelling)
    return " OR ".join(parts), parameters


def _begins(column: str, values: tuple[str, ...]) -> Sql:
    parts = [f"({column} >= ? AND {column} < ?)"] * len(values)
    starts = [value.removesuffix("*") for value in values]
    return " OR ".join(parts), [part for start in starts for part in (start, start + _LAST)]


def _any(column: str, values: Any) -> Sql:
    chosen = list(values)
    return f"{column} IN ({', '.join('?' * len(chosen))})", chosen


def _truth(sql: str, values: tuple[str, ...]) -> Sql:
    return " OR ".join(f"({sql})" if value == YES else f"NOT ({sql})" for value in values), []
