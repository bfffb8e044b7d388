"""What the replicas of an engine have read of shared prefixes, in the machine's memory.

Reading a prefix takes much longer than copying its keys and values. So the replica that comes first reads it,
and the others copy, as it does itself once it has dropped the prefix.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from orca_desk.machine import free_memory
from orca_desk.teacher.context import State

MOST_BYTES = 256 * 2**20
MEMORY_SHARE = 1 / 16  # of the free memory, at most: a server has a store for each of its models


class PrefixStore:
    """States of sequences by their ids, those used last, of `most` bytes in all. Any thread may use it.

    `most` is None for as many as the machine can spare.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = min(MOST_BYTES, int(free_memory() * MEMORY_SHARE)) if most is None else most
        self._states: OrderedDict[tuple[int, ...], State] = OrderedDict()
        self._bytes = 0
        self._reading: set[tuple[int, ...]] = set()
        self._changed = threading.Condition()

    @contextmanager
    def reading(self, ids: tuple[int, ...]) -> Iterator[State | None]:
        """Yield the state of `ids`; None if the block is to read them, while others that want them wait."""
        with self._changed:
            self._changed.wait_for(lambda: ids not in self._reading)
            state = self._states.get(ids)
            if state is not None:
                self._states.move_to_end(ids)
            else:
                self._reading.add(ids)
        try:
            yield state
        finally:
            with self._changed:
                self._reading.discard(ids)
                self._changed.notify_all()

    def put(self, ids: tuple[int, ...], state: State) -> None:
        """Keep a state that the store lacks, of no more than `most` bytes; forget others to make room."""
        with self._changed:
            self._states[ids] = state
            self._bytes += state.size
            while self._bytes > self.most:
                self._bytes -= self._states.popitem(last=False)[1].size
