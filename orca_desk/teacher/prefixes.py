"""Shared beginnings: each system instruction is decoded once and lent to every prompt that starts so."""

from collections import OrderedDict
from dataclasses import dataclass

from orca_desk.teacher.context import Context

SHORTEST = 8  # ids; below this a copy gains nothing
# Every step looks through all cells in use. So a prefix that this many requests in turn have not asked for
# is forgotten: when tasks come strategy by strategy, only the current ones stay.
PATIENCE = 16


@dataclass
class Prefix:
    """Ids held in the cache under a reserved sequence, and how many running requests build on them."""

    ids: tuple[int, ...]
    sequence: int
    users: int = 0
    asked: int = 0  # the number of the last request that asked for it


class Prefixes:
    """Keeps the prefixes used last, one a reserved sequence, as long as there is room."""

    def __init__(self, context: Context, sequences: range) -> None:
        self._context = context
        self._unused = list(sequences)
        self._held: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()
        self._asked = 0

    @property
    def cells(self) -> int:
        """How many cells of the cache the prefixes take."""
        return sum(len(ids) for ids in self._held)

    def find(self, ids: tuple[int, ...]) -> Prefix | None:
        """Return the prefix with these ids if it is held, as the one used last; forget stale ones."""
        self._asked += 1
        prefix = self._held.get(ids)
        if prefix is not None:
            prefix.asked = self._asked
            self._held.move_to_end(ids)
        for other in list(self._held.values()):
            if other.users == 0 and self._asked - other.asked >= PATIENCE:
                self._forget(other)
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
        prefix = self._held[ids] = Prefix(ids, sequence, asked=self._asked)
        return prefix

    def evict(self, keep: Prefix | None = None) -> bool:
        """Forget the longest unused prefix but `keep`; False when all others are in use."""
        for prefix in self._held.values():
            if prefix.users == 0 and prefix is not keep:
                self._forget(prefix)
                return True
        return False

    def _forget(self, prefix: Prefix) -> None:
        del self._held[prefix.ids]
        self._context.drop_sequence(prefix.sequence)
        self._unused.append(prefix.sequence)
