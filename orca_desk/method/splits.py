"""Which tasks are held out: the wording of a question decides, so that a split can be made again."""

import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby

from orca_desk.method.records import Split, Task

_END = " ?.。？"


def variant_key(user_text: str) -> int:
    """Return a number of 64 bits that is the same for all variants of a question.

    Variants differ in case, white space, forms of the same letters and in the full stop or question mark.
    """
    text = " ".join(unicodedata.normalize("NFKC", user_text).casefold().split()).rstrip(_END)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The questions that are held out, by `variant_key`: all variants of one are on the same side."""

    keys: frozenset[int]
    tasks: int = 0  # how many of the tasks that were counted are held out

    def split(self, task: Task) -> Split:
        """Return the split of a task."""
        return "heldout" if variant_key(task.compared_text) in self.keys else "train"


@dataclass
class QuestionCounts:
    """The questions of many tasks, in 24 bytes each, from which those to hold out are chosen."""

    _keys: "array[int]" = field(default_factory=lambda: array("Q"))
    _ids: "array[int]" = field(default_factory=lambda: array("Q"))
    _families: "array[int]" = field(default_factory=lambda: array("Q"))
    _names: dict[str, int] = field(default_factory=dict)

    def add(self, task: Task) -> None:
        """Count a task; the same one again changes nothing."""
        self._keys.append(variant_key(task.compared_text))
        self._ids.append(int(task.id[:16], 16))
        self._families.append(self._names.setdefault(task.family, len(self._names)))

    def choose(self, percent: float, *, held: Collection[int] = (), trained: Collection[int] = ()) -> HeldOut:
        """Return the questions to hold out so that each family comes nearest to `percent` (0 to 100).

        Questions are ranked by their keys. One with variants, or in several families, is held out as a whole
        or not at all; those in `held` are held out in any case, those in `trained` never.
        """
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        totals: Counter[int] = Counter()
        for _, families in self._questions(order):
            totals.update(families)
        targets = {family: int(count * percent / 100 + 0.5) for family, count in totals.items()}
        keys: set[int] = set()
        taken: Counter[int] = Counter()
        for key, families in self._questions(order) if held else ():
            if key in held:
                keys.add(key)
                taken.update(families)
        for key, families in self._questions(order):
            if key in keys or key in trained:
                continue
            if all(2 * taken[family] + count <= 2 * targets[family] for family, count in families.items()):
                keys.add(key)
                taken.update(families)
        return HeldOut(keys=frozenset(keys), tasks=taken.total())

    def among(self, others: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
        """Yield key and mark of those (key, first 64 bits of the id, mark) that ask one of the questions.

        Tasks that are counted here are left out.
        """
        keys, ids = _sorted(self._keys), _sorted(self._ids)
        for key, task, mark in others:
            if _has(keys, key) and not _has(ids, task):
                yield key, mark

    def _questions(self, order: Iterable[int]) -> Iterator[tuple[int, Mapping[int, int]]]:
        """Yield the questions in the order of their keys, with the number of their tasks in each family."""
        for key, same in groupby(order, self._keys.__getitem__):
            first, *others = same
            if others:
                tasks = {(self._families[place], self._ids[place]) for place in (first, *others)}
                yield key, Counter(family for family, _ in tasks)
            else:
                yield key, {self._families[first]: 1}


def choose_held_out(tasks: Iterable[Task], percent: float) -> HeldOut:
    """Return the questions to hold out of `tasks`: the nearest whole number to `percent` of each family."""
    counts = QuestionCounts()
    for task in tasks:
        counts.add(task)
    return counts.choose(percent)


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """How many rows ask a question that an earlier row asks, and how many questions are in both splits."""

    rows: int
    both: int


@dataclass
class SplitQuestions:
    """The questions of many rows with their splits, in 8 bytes each."""

    _marked: "array[int]" = field(default_factory=lambda: array("Q"))

    def extend(self, marked: "array[int]") -> None:
        """Count rows by keys that have their split as the last bit."""
        self._marked.extend(marked)

    def among(self, others: Iterable[tuple[int, Split]]) -> Iterator[tuple[int, Split]]:
        """Yield those keys with their splits that are of one of the questions."""
        keys = _sorted(array("Q", (one & ~1 for one in self._marked)))
        return ((key, split) for key, split in others if _has(keys, key & ~1))

    def repeated(self, others: Iterable[tuple[int, Split]] = ()) -> Repeated:
        """Return what is repeated among these rows, and which stand in the other split in `others`."""
        rows = both = 0
        elsewhere: dict[int, set[int]] = {}
        for key, split in others:
            elsewhere.setdefault(key & ~1, set()).add(int(split == "heldout"))
        for key, splits in _runs(sorted(self._marked)):
            rows += len(splits) - 1
            both += len(set(splits) | elsewhere.get(key, set())) > 1
        return Repeated(rows=rows, both=both)


def _runs(marked: list[int]) -> Iterator[tuple[int, list[int]]]:
    for key, found in groupby(marked, lambda one: one & ~1):
        yield key, [one & 1 for one in found]


def _sorted(numbers: "array[int]") -> "array[int]":
    return array("Q", sorted(numbers))


def _has(numbers: "array[int]", number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
