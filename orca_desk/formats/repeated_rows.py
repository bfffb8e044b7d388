"""Rows that are like counted ones in all that matters, and so add nothing but their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.formats.mapped import MAX_SHAPES
from orca_desk.formats.plain_tasks import PLAIN_TYPES, RowShape
from orca_desk.formats.row_counts import RowCounts
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

    def take(self, shape: RowShape, values: Sequence[Any]) -> bool:
        """Count a row if it adds nothing but itself; return whether it did."""
        watch = self._watches.get(shape)
        if watch is None:
            return False
        for place, seen in watch.places:
            if values[place] not in seen:
                return False
        watch.rows += 1
        return True

    def learn(self, shape: RowShape, values: Sequence[Any]) -> None:
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
