"""Rows that are nothing but a few texts, read by a plan: most rows of most files.

What each column of such a row is for follows from the columns' names and the types of their values. So it is
found out once, and every further row with the same ones takes a few steps. All other rows go the long way
(task_rows.py), which decides what is right: here is only what comes out the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.chat_rows import END_OF_THOUGHTS, turns_in
from orca_desk.formats.mapped import MAX_SHAPES, Mapped
from orca_desk.formats.reference_answers import essence
from orca_desk.formats.rows import Literal, Row
from orca_desk.formats.task_rows import LOST, RowReader, is_whole
from orca_desk.formats.values import is_missing, is_nothing, tidy
from orca_desk.method.records import Task, task_identity

Plain = tuple[str, str, str, str, str | None]  # of a task: id, family, query, context and answer; no more
Names = tuple[str, ...]
RowShape = tuple[Names, tuple[type, ...]]  # the columns of a row, and the types of their values
_REMEMBERED = 1000  # families, and as many answers
_SHORT = 40  # characters of an answer that is worth remembering
_LONG = 20  # characters of a text that says more than that a value is missing
PLAIN_TYPES = frozenset({str, Literal, type(None), bool})
_TEXTS = frozenset({str, type(None)})


@dataclass(slots=True)
class _Plan:
    """At which places the values stand; -1 where there is none."""

    query: int
    context: int
    answer: int
    family: int
    id: int


class PlainTasks:
    """Makes tasks of plain rows, as `reader` does."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._plans: dict[RowShape, _Plan | None] = {}
        self._families: dict[str, str] = {}
        self._answers: dict[str, str | None] = {}

    def take(self, shape: RowShape, values: Sequence[Any]) -> Plain | None:
        """Return the task in a row of this shape, with these values; None if it is not plain."""
        try:
            plan = self._plans[shape]
        except KeyError:
            plan = self._plan(*shape)
        if plan is None:
            return None
        asked = values[plan.query]
        if plan.id >= 0 and RowReader.is_ours(values[plan.id]):
            return None
        family, context = self._reader.family, ""
        answer: str | None = None
        try:
            query = _one_form(asked)
            if (len(query) < _LONG and is_missing(query)) or turns_in(asked) is not None:
                return None
            if plan.family >= 0 and (named := values[plan.family]):
                family = self._families[named] if named in self._families else self._family(named)
            if plan.context >= 0 and (beside := values[plan.context]):
                context = _one_form(beside)
                if is_nothing(context):
                    context = ""
            if plan.answer >= 0 and (given := values[plan.answer]):
                answer = self._answers[given] if given in self._answers else self._answer(given)
            return task_identity(family, context, query), family, query, context, answer
        except (_OddError, UnicodeEncodeError):
            return None

    def _plan(self, names: Names, types: tuple[type, ...]) -> _Plan | None:
        """Return the plan for rows of a shape, or None if they are not plain; remember it."""
        plan = None
        asked = self._reader.mapping.get("query")
        if not self._reader.html and PLAIN_TYPES.issuperset(types) and (asked is None or asked in names):
            mapped = self._reader.mapped(names)
            plan = _planned(mapped, names, types) if mapped.is_simple else None
        if len(self._plans) < MAX_SHAPES:
            self._plans[names, types] = plan
        return plan

    def _family(self, named: str) -> str:
        text = _one_form(named).strip()
        found = self._reader.family if is_nothing(text) else text
        if len(self._families) < _REMEMBERED:
            self._families[named] = found
        return found

    def _answer(self, given: str) -> str | None:
        text = _one_form(given)
        if END_OF_THOUGHTS in text:
            raise _OddError
        found = None if is_missing(text) else essence(text)
        if len(given) <= _SHORT and len(self._answers) < _REMEMBERED:
            self._answers[given] = found
        return found


def shape_and_values(row: Row) -> tuple[RowShape, tuple[Any, ...]]:
    """Return a row as `PlainTasks` takes it."""
    values = tuple(row.values.values())
    return (tuple(row.values), tuple(map(type, values))), values


def task_of(plain: Plain) -> Task:
    """Return a plain task as a task."""
    identity, family, query, context, answer = plain
    return Task(id=identity, family=family, query=query, context=context, answer=answer)


def _planned(mapped: Mapped, names: Names, types: tuple[type, ...]) -> _Plan | None:
    places = {
        field: names.index(mapped.columns[field]) if field in mapped.columns else -1
        for field in ("query", "context", "answer", "family", "id")
    }
    plan = _Plan(**places)
    if types[plan.query] is not str:
        return None
    beside = (plan.context, plan.answer, plan.family)
    return plan if all(place < 0 or types[place] in _TEXTS for place in beside) else None


class _OddError(Exception):
    """A text has signs that are to be looked at the long way."""


def _one_form(text: str) -> str:
    """Return what `tidy` makes of a text. Raises _OddError."""
    if text.isascii():
        if text.isprintable():
            return text.strip()
        if "\0" not in text:
            return tidy(text)
    elif not ("\0" in text or LOST in text) and is_whole(text):
        return tidy(text)
    raise _OddError
