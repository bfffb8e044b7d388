"""The questions of a library with their splits, against which those of a file are held: 17 bytes each."""

from array import array
from bisect import bisect_left
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
        self._sorted: array[int] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, task_id: str, split: Split) -> None:
        """Add the question of a task."""
        self._keys.append(key)
        self._ids.append(int(task_id[:16], 16))
        self._held.append(split == "heldout")
        self._sorted = None

    def extend(self, keys: "array[int]", ids: "array[int]", held: bytes) -> None:
        """Add what `part` of others returned."""
        self._keys.extend(keys)
        self._ids.extend(ids)
        self._held.extend(held)
        self._sorted = None

    def part(self, start: int, end: int) -> "tuple[array[int], array[int], bytes]":
        """Return some of the questions, for `extend`."""
        return self._keys[start:end], self._ids[start:end], bytes(self._held[start:end])

    def has(self, key: int) -> bool:
        """Return whether a task asks this question; the last bit of the key does not count."""
        if self._sorted is None:
            self._sorted = array("Q", sorted(one & ~1 for one in self._keys))
        return _has(self._sorted, key & ~1)

    def sides(self, counts: QuestionCounts) -> tuple[frozenset[int], frozenset[int]]:
        """Return those questions of `counts` that other tasks hold out, and train on.

        The tasks that are counted themselves have no say: an import that is repeated gives the same.
        """
        found: tuple[set[int], set[int]] = (set(), set())
        for key, held in counts.among(self._all()):
            found[0 if held else 1].add(key)
        return frozenset(found[0]), frozenset(found[1])

    def others(self, questions: SplitQuestions, own: "array[int]") -> Iterator[tuple[int, Split]]:
        """Yield key and split of the tasks that ask one of `questions`, without the `own` ones.

        These are given by the first 64 bits of their ids.
        """
        mine = array("Q", sorted(own))
        others = ((key, _SPLITS[held]) for key, task, held in self._all() if not _has(mine, task))
        return questions.among(others)

    def _all(self) -> Iterator[tuple[int, int, int]]:
        return zip(self._keys, self._ids, self._held, strict=True)


def _has(numbers: "array[int]", number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
