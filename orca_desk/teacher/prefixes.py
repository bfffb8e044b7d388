"""Shared prefixes: each system instruction is decoded once and shared by every prompt that starts with it."""

from collections import OrderedDict
from dataclasses import dataclass

from orca_desk.teacher.context import Context
from orca_desk.teacher.prefix_store import PrefixStore

SHORTEST = 8  # ids; a shorter prefix is not worth a copy
# Every step looks through all cells in use. So a prefix that this many requests in a row did not use is
# dropped: when tasks come strategy by strategy, only the current ones stay.
PATIENCE = 16


@dataclass
class Prefix:
    """Ids in the cache under a reserved sequence, and how many running requests build on them."""

    ids: tuple[int, ...]
    sequence: int
    users: int = 0
    asked: int = 0  # the number of the last request that used it


class Prefixes:
    """Holds the prefixes used last, one per reserved sequence, while there is room."""

    def __init__(self, context: Context, sequences: range, store: PrefixStore) -> None:
        self._context = context
        self._store = store
        self._unused = list(sequences)
        self._held: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()
        self._asked = 0

    @property
    def cells(self) -> int:
        """The cells of the cache that the prefixes take."""
        return sum(len(ids) for ids in self._held)

    def find(self, ids: tuple[int, ...]) -> Prefix | None:
        """Return the prefix with these ids if it is cached, marking it as used last; drop stale ones."""
        self._asked += 1
        prefix = self._held.get(ids)
        if prefix is not None:
            prefix.asked = self._asked
            self._held.move_to_end(ids)
        for other in list(self._held.values()):
            if other.users == 0 and self._asked - other.asked >= PATIENCE:
                self._drop(other)
        return prefix

    def add(self, ids: tuple[int, ...]) -> Prefix | None:
        """Put `ids` into a reserved sequence; return None if all are in use or the cache has no room.

        They are decoded, unless the store has them from another replica, or from earlier.
        """
        if not self._unused and not self.evict():
            return None
        sequence = self._unused.pop()
        with self._store.reading(ids) as state:
            if not (
                self._read(ids, sequence) if state is None else self._context.load_sequence(state, sequence)
            ):
                self._unused.append(sequence)
                return None
        prefix = self._held[ids] = Prefix(ids, sequence, asked=self._asked)
        return prefix

    def _read(self, ids: tuple[int, ...], sequence: int) -> bool:
        """Decode `ids` into `sequence` and share them; return False if the cache has no room."""
        context = self._context
        for start in range(0, len(ids), context.rows):
            chunk = ids[start : start + context.rows]
            count = len(chunk)
            if not context.decode(chunk, range(start, start + count), [sequence] * count, [0] * count):
                context.drop_sequence(sequence)
                return False
        if context.state_bytes(sequence) <= self._store.most:
            self._store.put(ids, context.save_sequence(sequence))
        return True

    def evict(self, keep: Prefix | None = None) -> bool:
        """Drop the prefix unused for longest, except `keep`; return False if all others are in use."""
        for prefix in self._held.values():
            if prefix.users == 0 and prefix is not keep:
                self._drop(prefix)
                return True
        return False

    def _drop(self, prefix: Prefix) -> None:
        del self._held[prefix.ids]
        self._context.drop_sequence(prefix.sequence)
        self._unused.append(prefix.sequence)
