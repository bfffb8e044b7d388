"""The questions that the library has, against which the ones of a file are held."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from orca_desk.library.database import Library
from orca_desk.library.tasks import iterate_questions
from orca_desk.method.records import Split
from orca_desk.method.splits import QuestionCounts, SplitQuestions, variant_key


class LibraryQuestions:
    """The questions of the library with their splits, as they were at first use: 25 bytes for each task."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._keys: array[int] | None = None
        self._ids: array[int] = array("Q")
        self._held = bytearray()
        self._sorted: array[int] = array("Q")

    def has(self, key: int) -> bool:
        """Return whether a task of the library asks this question, given by its `variant_key`."""
        self.read()
        return _has(self._sorted, key)

    def read(self) -> "array[int]":
        """Read the questions, unless that was done; return their keys."""
        if self._keys is None:
            keys = self._keys = array("Q")
            for task, asked, split in iterate_questions(self._library):
                keys.append(variant_key(asked))
                self._ids.append(int(task[:16], 16))
                self._held.append(split == "heldout")
            self._sorted = array("Q", sorted(keys))
        return self._keys

    def sides(self, counts: QuestionCounts) -> tuple[frozenset[int], frozenset[int]]:
        """Return those questions of `counts` that other tasks of the library hold out, and train on.

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
        splits: dict[int, Split] = {0: "train", 1: "heldout"}
        mine = array("Q", sorted(own))
        others = ((key, splits[held]) for key, task, held in self._all() if not _has(mine, task))
        return questions.among(others)

    def _all(self) -> Iterator[tuple[int, int, int]]:
        return zip(self.read(), self._ids, self._held, strict=True)


def _has(numbers: "array[int]", number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
