"""What the rows of a file add up to: the ground on which it is decided how to read them."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.choices import ChoiceCounts, Choosing, choice_columns, options_of
from orca_desk.formats.columns import MAX_COLUMNS, map_columns, plain
from orca_desk.formats.judged_columns import JudgedColumns, Pair, columns_to_judge
from orca_desk.formats.layout import Asked, Layout
from orca_desk.formats.mapped import MAX_SHAPES
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.shapes import (
    EARLIER,
    TOOLS,
    Shape,
    fields_of,
    flat,
    is_wanted,
    second_answer,
    shape_of,
    verdict_column,
)
from orca_desk.formats.task_rows import RowReader
from orca_desk.formats.values import is_nothing

_LABELS = frozenset({"label", "labels", "goldlabel"})  # where sets number their classes
_CHATS = frozenset({"messages", "ShareGPT", "conversation"})


@dataclass(frozen=True, slots=True)
class Look:
    """What the columns of a row show: where fields and choices are, what is to be judged, and the shape."""

    mapping: dict[str, str]
    choices: tuple[str, ...]
    judged: list[Pair]
    kind: Shape | None


class RowCounts:
    """What the rows of a file add up to, in memory that does not grow with it."""

    def __init__(self, asked: Asked, layout: Layout) -> None:
        self._said = asked.mapping or {}
        self._defaults = layout.defaults
        self.rows = 0
        self.columns: dict[str, None] = {}
        self.filled: dict[str, None] = {}  # columns with a value in some row
        self.shapes: dict[tuple[str, ...], Look] = {}
        self.shaped: Counter[Shape | None] = Counter()
        self.foreign_ids: set[str] = set()
        self._judged = JudgedColumns()
        self._choices: list[tuple[tuple[str, ...], ChoiceCounts]] = []
        self.beside: set[str] = set()  # columns that are read beside question and answer
        self._labels: dict[str, bool] = {}  # columns of labels: whether each so far is a number
        if layout.table is not None:
            self.columns.update(dict.fromkeys(layout.table.columns))

    def add(self, row: Row | BadRow) -> None:
        """Count a row."""
        self.rows += 1
        if isinstance(row, BadRow):
            return
        values = flat(row.values)
        shape = tuple(values)
        found = self.shapes.get(shape)
        if found is None:
            found = self._look(shape, shape_of(row.values) or shape_of(values))
            if len(self.shapes) < MAX_SHAPES:
                self.shapes[shape] = found
                self.columns.update(dict.fromkeys(name for name in shape[:MAX_COLUMNS] if name != EARLIER))
        mapping, kind = found.mapping, found.kind
        self.shaped[kind] += 1
        if len(self.filled) < len(self.columns):
            filled = (name for name in shape if values[name] not in (None, "", [], {}))
            self.filled.update(dict.fromkeys(filled))
        for pair in found.judged:
            self._judged.add(pair, values[pair[1]])
        if (own := mapping.get("id")) and not RowReader.is_ours(values[own]):
            self.foreign_ids.add(own)
        if plain(label := mapping.get("answer", "")) in _LABELS and not is_nothing(str(values[label])):
            is_number = re.fullmatch(r"\d{1,2}", str(values[label]).strip()) is not None
            self._labels[label] = self._labels.get(label, True) and is_number
        if kind == "KTO" and is_wanted(values) is not None:
            self.beside.add(verdict_column(shape))
        elif kind in _CHATS:
            self.beside.update(name for name in TOOLS if name in values)
        if found.choices:
            self._count_choices(values, found.choices, mapping)

    def open_columns(self, names: tuple[str, ...]) -> set[str] | None:
        """Return the columns of rows with these names whose values can still change what is counted.

        Other rows with the same values in these add nothing but their number. None: each row has to be added.
        """
        found = self.shapes.get(names)
        if found is None:
            return None
        if found.choices or found.kind == "KTO" or found.kind in _CHATS:
            return None
        still = {name for name in names if name not in self.filled and len(self.filled) < len(self.columns)}
        still.update(pair[1] for pair in found.judged if not self._judged.is_settled(pair))
        if (own := found.mapping.get("id")) and own not in self.foreign_ids:
            still.add(own)
        if plain(label := found.mapping.get("answer", "")) in _LABELS:
            still.add(label)
        return still

    @property
    def classes(self) -> str:
        """The column of labels that are all numbers, "" if there is none."""
        return next((column for column, are_numbers in self._labels.items() if are_numbers), "")

    def choosing(self) -> list[Choosing]:
        """Return how the rows give choices, for each set of columns with such."""
        found = [counts.choosing(columns) for columns, counts in self._choices]
        return [one for one in found if one is not None]

    def aside(self) -> tuple[Pair, ...]:
        """Return the pairs of field and column of which no value is such a thing."""
        return tuple(self._judged.aside())

    def _look(self, shape: tuple[str, ...], kind: Shape | None) -> Look:
        """Return the mapping and the choices of rows with these columns, and what is to be judged."""
        said = self._said.get("choices", self._defaults.get("choices"))
        if said is None:
            choices = choice_columns(shape)
        else:
            choices = (said,) if said in shape else tuple(one for one in said.split(", ") if one in shape)
        others = {**fields_of(shape), **self._defaults, **self._said}
        others.pop("choices", None)
        others = {name: column for name, column in others.items() if column in shape or column == ""}
        mapping = map_columns([name for name in shape if name not in choices], others)
        return Look(
            mapping={name: column for name, column in mapping.items() if column in shape},
            choices=choices,
            judged=columns_to_judge(shape, choices, self._said),
            kind=kind,
        )

    def _count_choices(
        self, values: dict[str, Any], choices: tuple[str, ...], mapping: dict[str, str]
    ) -> None:
        answer = values.get(mapping.get("answer", ""))
        if answer is None and (instead := second_answer(values)):
            answer = values[instead]
        counts = self._counts_of(choices)
        try:
            counts.add(answer, options_of(values, choices))
        except ValueError:  # the row is refused with this reason when it is read
            counts.add_fault(answer)

    def _counts_of(self, choices: tuple[str, ...]) -> ChoiceCounts:
        """Return the counts of rows with these columns; those with a choice more or less count together."""
        for place, (columns, counts) in enumerate(self._choices):
            if set(choices) <= set(columns):
                return counts
            if set(choices) > set(columns):
                self._choices[place] = (choices, counts)
                return counts
        self._choices.append((choices, ChoiceCounts()))
        return self._choices[-1][1]
