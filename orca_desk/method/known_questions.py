"""The questions of a library with their splits, against which those of a file are held: 17 bytes each."""

from array import array
from collections.abc import Iterator

from orca_desk.method.records import Split
from orca_desk.method.splits import QuestionCounts, SplitQuestions

_SPLITS: dict[int, Split] = {0: "train", 1: "heldout"}


class KnownQuestions:
    """Questions by their `variant_key`, each with the first 64 bits of its task's id, and its split."""

    def __init__(self) -> None:
        self._keys: array[int] = array("Q")
        self._ids: array[int] = array("Q")
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, task_id: str, split: Split) -> None:
        """Add the question of a task."""
        self._keys.append(key)
        self._ids.append(int(task_id[:16], 16))
        self._held.append(split == "heldout")

    def extend(self, keys: "array[int]", ids: "array[int]", held: bytes) -> None:
        """Add what `part` of others returned."""
        self._keys.extend(keys)
        self._ids.extend(ids)
        self._held.extend(held)

    def part(self, start: int, end: int) -> "tuple[array[int], array[int], bytes]":
        """Return some of the questions, for `extend`."""
        return self._keys[start:end], self._ids[start:end], bytes(self._held[start:end])

    def count(self, keys: "array[int]") -> int:
        """Return how many of these questions a task asks; the last bit of a key does not count."""
        import numpy as np

        one = np.uint64(1)
        return int(np.isin(np.asarray(keys) & ~one, np.asarray(self._keys) & ~one).sum())

    def sides(self, counts: QuestionCounts) -> tuple[frozenset[int], frozenset[int]]:
        """Return those questions of `counts` that other tasks hold out, and train on.

        The tasks that are counted themselves have no say: an import that is repeated gives the same.
        """
        found: tuple[set[int], set[int]] = (set(), set())
        for place in counts.among(self._keys, self._ids).tolist() if self._keys else ():
            found[0 if self._held[place] else 1].add(self._keys[place])
        return frozenset(found[0]), frozenset(found[1])

    def others(self, questions: SplitQuestions, own: "array[int]") -> Iterator[tuple[int, Split]]:
        """Yield key and split of the tasks that ask one of `questions`, without the `own` ones.

        These are given by the first 64 bits of their ids.
        """
        for place in questions.among(self._keys, self._ids, own).tolist() if self._keys else ():
            yield self._keys[place], _SPLITS[self._held[place]]
