"""The questions that the library has, against which the ones of a file are held."""

from array import array
from collections.abc import Iterator

from orca_desk.library.database import Library
from orca_desk.library.tasks import iterate_questions
from orca_desk.method.records import Split
from orca_desk.method.splits import QuestionCounts, SplitQuestions, variant_key


class LibraryQuestions:
    """The questions of the library with their splits, as they were at first use: 16 bytes for each task."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._keys: array[int] | None = None
        self._ids: array[int] = array("Q")
        self._held = bytearray()

    def sides(self, counts: QuestionCounts) -> tuple[frozenset[int], frozenset[int]]:
        """Return those questions of `counts` that other tasks of the library hold out, and train on.

        The tasks that are counted themselves have no say: an import that is repeated gives the same.
        """
        found: tuple[set[int], set[int]] = (set(), set())
        for key, held in counts.among(self._all()):
            found[0 if held else 1].add(key)
        return frozenset(found[0]), frozenset(found[1])

    def others(self, questions: SplitQuestions) -> Iterator[tuple[int, Split]]:
        """Yield key and split of the tasks that ask one of `questions`."""
        splits: dict[int, Split] = {0: "train", 1: "heldout"}
        return questions.among((key, splits[held]) for key, _, held in self._all())

    def _all(self) -> Iterator[tuple[int, int, int]]:
        if self._keys is None:
            self._keys = array("Q")
            for task, asked, split in iterate_questions(self._library):
                self._keys.append(variant_key(asked))
                self._ids.append(int(task[:16], 16))
                self._held.append(split == "heldout")
        return zip(self._keys, self._ids, self._held, strict=True)
