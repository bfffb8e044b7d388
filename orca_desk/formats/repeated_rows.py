"""Rows that are like counted ones in all that matters, and so add nothing but their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.mapped import MAX_SHAPES
from orca_desk.formats.plain_tasks import PLAIN_TYPES, RowShape, RowsOfShape
from orca_desk.formats.row_counts import RowCounts
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.shapes import Shape

MAX_SEEN = 1_000  # values of a column that are remembered


@dataclass(slots=True)
class _Watch:
    """Rows of a shape: the places whose values matter with those that were counted, and how many followed."""

    kind: Shape | None
    places: list[tuple[int, set[Any]]]
    rows: int = 0


class RepeatedRows:
    """Counts rows that differ from counted ones in nothing that matters, without a look at what they hold."""

    def __init__(self, counts: RowCounts) -> None:
        self._counts = counts
        self._watches: dict[RowShape, _Watch] = {}

    def add(self, rows: Sequence[Row | BadRow], shapes: Mapping[RowShape, RowsOfShape]) -> None:
        """Count rows, of which `shapes` has those that are not bad, in their order."""
        new = {place: shape for shape, alike in shapes.items() for place in self._new(shape, alike)}
        for place, row in enumerate(rows):
            if isinstance(row, BadRow):
                self._counts.add(row)
            elif place in new:
                self._counts.add(row)
                self._learn(new[place], tuple(row.values.values()))

    def settled(self) -> frozenset[RowShape]:
        """Return the shapes whose further rows add nothing but themselves, whatever they hold."""
        return frozenset(shape for shape, watch in self._watches.items() if not watch.places)

    def add_settled(self, rows: Mapping[RowShape, int], bad: int) -> None:
        """Count so many rows of settled shapes, and bad ones."""
        for shape, count in rows.items():
            self._watches[shape].rows += count
        self._counts.rows += bad

    def _new(self, shape: RowShape, alike: RowsOfShape) -> list[int]:
        """Count those rows that add nothing but themselves; return the places of the others."""
        watch = self._watches.get(shape)
        if watch is None:
            return alike.places
        found = [
            place
            for place, values in (zip(alike.places, alike.values, strict=True) if watch.places else ())
            if any(values[at] not in seen for at, seen in watch.places)
        ]
        watch.rows += len(alike.places) - len(found)
        return found

    def _learn(self, shape: RowShape, values: Sequence[Any]) -> None:
        """Note a row that was added."""
        names, types = shape
        if not PLAIN_TYPES.issuperset(types) or (still := self._counts.open_columns(names)) is None:
            return
        if shape not in self._watches and len(self._watches) == MAX_SHAPES:
            return
        watch = self._watches.setdefault(shape, _Watch(kind=self._counts.shapes[names].kind, places=[]))
        before = dict(watch.places)
        watch.places = [(place, before.get(place, set())) for place in map(names.index, still)]
        for place, seen in watch.places:
            if len(seen) < MAX_SEEN:
                seen.add(values[place])

    def tell(self) -> None:
        """Add the rows that were taken to the counts."""
        for watch in self._watches.values():
            self._counts.rows += watch.rows
            self._counts.shaped[watch.kind] += watch.rows
            watch.rows = 0
