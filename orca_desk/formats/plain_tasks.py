"""Rows that are nothing but a few texts, read by a plan: most rows of most files.

What each column of such a row is for follows from the columns' names and the types of their values. So it is
worked out once, and every further row with the same ones takes a few steps. All other rows go the long way
(task_rows.py), which defines the result: this module only reaches the same result faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orca_desk.formats.chat_rows import END_OF_THOUGHTS, may_be_turns, turns_in
from orca_desk.formats.mapped import MAX_SHAPES, Mapped
from orca_desk.formats.reference_answers import essence
from orca_desk.formats.rows import BadRow, Literal, Row
from orca_desk.formats.task_rows import LOST, RowReader, is_whole
from orca_desk.formats.values import is_missing, is_nothing, tidy
from orca_desk.method.records import Task, task_identity

Plain = tuple[str, str, str, str, str | None]  # of a task: id, family, query, context and answer; no more
Read = Plain | Task | BadRow  # what becomes of a row
Names = tuple[str, ...]
RowShape = tuple[Names, tuple[type, ...]]  # the columns of a row, and the types of their values
Values = tuple[Any, ...]  # of a row
_Odd = set[int]  # the places of rows with texts that only the long way handles
_REMEMBERED = 1000  # families, and as many answers
_SHORT = 40  # characters of an answer that is worth remembering
_LONG = 20  # characters of a text that says more than that a value is missing
PLAIN_TYPES = frozenset({str, Literal, type(None), bool})
_TEXTS = frozenset({str, type(None)})


@dataclass(slots=True)
class _Plan:
    """The positions of the values; -1 where there is none."""

    query: int
    context: int
    answer: int
    family: int
    id: int


@dataclass(slots=True)
class RowsOfShape:
    """Rows of one shape: their places among others, and their values."""

    places: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)


class PlainTasks:
    """Makes tasks of plain rows, as `reader` does."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._plans: dict[RowShape, _Plan | None] = {}
        self._families: dict[str | None, str] = {}
        self._answers: dict[str | None, str | None] = {}

    def read(self, rows: Sequence[Row | BadRow], shapes: Mapping[RowShape, RowsOfShape]) -> list[Read]:
        """Return a task, or the reason why there is none, for each row; `shapes` are they `by_shape`."""
        found: dict[int, Read] = {}
        for shape, alike in shapes.items():
            tasks = self.take(shape, alike.values)
            for place, row, task in zip(alike.places, alike.rows, tasks, strict=True):
                found[place] = task or self._reader.task(row)
        return [row if isinstance(row, BadRow) else found[place] for place, row in enumerate(rows)]

    def take(self, shape: RowShape, rows: Sequence[Values]) -> Sequence[Plain | None]:
        """Return the tasks in rows of this shape, with these values; None in place of one that is not plain.

        It goes over them column by column: a look at all texts of one takes little more than at one text.
        """
        plan = self._plans[shape] if shape in self._plans else self._plan(*shape)
        if plan is None:
            return [None] * len(rows)
        columns = list(zip(*rows, strict=True))
        odd = _Odd()
        queries = self._queries(columns[plan.query], odd)
        nothing = ("",) * len(rows)
        contexts = _contexts(columns[plan.context], odd) if plan.context >= 0 else nothing
        families = self._named(columns[plan.family] if plan.family >= 0 else nothing, odd)
        answers = self._given(columns[plan.answer] if plan.answer >= 0 else nothing, odd)
        if plan.id >= 0:
            odd.update(place for place, own in enumerate(columns[plan.id]) if RowReader.is_ours(own))
        tasks = [
            (task_identity(family, context, query), family, query, context, answer)
            for family, query, context, answer in zip(families, queries, contexts, answers, strict=True)
        ]
        return [None if place in odd else task for place, task in enumerate(tasks)] if odd else tasks

    def _plan(self, names: Names, types: tuple[type, ...]) -> _Plan | None:
        """Return the plan for rows of a shape, or None if they are not plain; remember it."""
        plan = None
        asked = self._reader.mapping.get("query")
        is_read = not self._reader.html and is_whole(self._reader.family)
        if is_read and PLAIN_TYPES.issuperset(types) and (asked is None or asked in names):
            mapped = self._reader.mapped(names)
            plan = _planned(mapped, names, types) if mapped.is_simple else None
        if len(self._plans) < MAX_SHAPES:
            self._plans[names, types] = plan
        return plan

    def _queries(self, column: Sequence[str], odd: _Odd) -> Sequence[str]:
        found = _in_one_form(column, odd)
        odd.update(place for place, text in enumerate(found) if len(text) < _LONG and is_missing(text))
        if may_be_turns("\n".join(column)):
            odd.update(place for place, text in enumerate(column) if turns_in(text) is not None)
        return found

    def _named(self, column: Sequence[str | None], odd: _Odd) -> list[str]:
        """Return the families that a column names."""
        known = self._families
        return [
            known[named] if named in known else self._family(named, place, odd)
            for place, named in enumerate(column)
        ]

    def _family(self, named: str | None, place: int, odd: _Odd) -> str:
        text = _one_form(named or "", place, odd).strip()
        found = self._reader.family if is_nothing(text) else text
        if len(self._families) < _REMEMBERED and place not in odd:
            self._families[named] = found
        return found

    def _given(self, column: Sequence[str | None], odd: _Odd) -> list[str | None]:
        """Return the answers in a column."""
        known = self._answers
        return [
            known[given] if given in known else self._answer(given, place, odd)
            for place, given in enumerate(column)
        ]

    def _answer(self, given: str | None, place: int, odd: _Odd) -> str | None:
        text = _one_form(given or "", place, odd)
        if END_OF_THOUGHTS in text:
            odd.add(place)
        found = None if is_missing(text) else essence(text)
        if len(given or "") <= _SHORT and len(self._answers) < _REMEMBERED and place not in odd:
            self._answers[given] = found
        return found


def by_shape(rows: Sequence[Row | BadRow]) -> dict[RowShape, RowsOfShape]:
    """Return the rows of each shape."""
    found: dict[RowShape, RowsOfShape] = {}
    for place, row in enumerate(rows):
        if isinstance(row, BadRow):
            continue
        values = tuple(row.values.values())
        shape = (tuple(row.values), tuple(map(type, values)))
        alike = found.get(shape)
        if alike is None:
            alike = found[shape] = RowsOfShape()
        alike.places.append(place)
        alike.rows.append(row)
        alike.values.append(values)
    return found


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


def _in_one_form(texts: Sequence[str], odd: _Odd) -> list[str]:
    """Return what `tidy` makes of each text."""
    together = "".join(texts)
    if together.isascii() and together.isprintable():
        return [text.strip() for text in texts]
    return [_one_form(text, place, odd) for place, text in enumerate(texts)]


def _one_form(text: str, place: int, odd: _Odd) -> str:
    """Return what `tidy` makes of a text, unless it is odd."""
    if text.isascii():
        if text.isprintable():
            return text.strip()
        if "\0" not in text:
            return tidy(text)
    elif not ("\0" in text or LOST in text) and is_whole(text):
        return tidy(text)
    odd.add(place)
    return ""


def _contexts(column: Sequence[str | None], odd: _Odd) -> list[str]:
    found = _in_one_form([text or "" for text in column], odd)
    return ["" if text and is_nothing(text) else text for text in found]
