"""Shared beginnings: each system instruction is decoded once and lent to every prompt that starts so."""

from collections import OrderedDict
from dataclasses import dataclass

from orca_desk.teacher.context import Context

SHORTEST = 8  # ids; below this a copy gains nothing


@dataclass
class Prefix:
    """Ids held in the cache under a reserved sequence, and how many running requests build on them."""

    ids: tuple[int, ...]
    sequence: int
    users: int = 0


class Prefixes:
    """Keeps the prefixes used last, one a reserved sequence, as long as there is room."""

    def __init__(self, context: Context, sequences: range) -> None:
        self._context = context
        self._unused = list(sequences)
        self._held: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()

    @property
    def cells(self) -> int:
        """How many cells of the cache the prefixes take."""
        return sum(len(ids) for ids in self._held)

    def find(self, ids: tuple[int, ...]) -> Prefix | None:
        """Return the prefix with these ids if it is held, as the one used last."""
        prefix = self._held.get(ids)
        if prefix is not None:
            self._held.move_to_end(ids)
        return prefix

    def add(self, ids: tuple[int, ...]) -> Prefix | None:
        """Decode `ids` into a reserved sequence; None when all are in use or the cache has no room."""
        if not self._unused and not self.evict():
            return None
        sequence = self._unused.pop()
        for start in range(0, len(ids), self._context.rows):
            chunk = ids[start : start + self._context.rows]
            count = len(chunk)
            positions = range(start, start + count)
            if not self._context.decode(chunk, positions, [sequence] * count, [0] * count):
                self._context.drop_sequence(sequence)
                self._unused.append(sequence)
                return None
        prefix = self._held[ids] = Prefix(ids, sequence)
        return prefix

    def evict(self, keep: Prefix | None = None) -> bool:
        """Forget the longest unused prefix but `keep`; False when all others are in use."""
        for prefix in self._held.values():
            if prefix.users == 0 and prefix is not keep:
                del self._held[prefix.ids]
                self._context.drop_sequence(prefix.sequence)
                self._unused.append(prefix.sequence)
                return True
        return False
