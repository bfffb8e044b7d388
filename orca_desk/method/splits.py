"""Which tasks are held out: the wording of a question decides, so that a split can be made again."""

import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from orca_desk.method.records import Split, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

_END = " ?.。？"
_AT_ONCE = 10_000  # questions


def variant_key(user_text: str) -> int:
    """Return a number of 64 bits that is the same for all variants of a question.

    Variants differ in case, white space, forms of the same letters and in the full stop or question mark.
    """
    return int.from_bytes(variant_digest(user_text), "big")


def variant_digest(user_text: str) -> bytes:
    """Return `variant_key` as 8 bytes, the highest first."""
    if user_text.isascii() and user_text.isprintable() and "  " not in user_text:  # mostly: it is in one form
        words = user_text.strip().lower().rstrip(_END).encode()
    else:
        text = " ".join(unicodedata.normalize("NFKC", user_text).casefold().split())
        words = text.rstrip(_END).encode("utf-8", "surrogatepass")
    return blake2b(words, digest_size=8).digest()


def variant_digests(texts: Sequence[str]) -> list[bytes]:
    """Return `variant_digest` of each text, in less time where all are in one form."""
    together = "".join(texts)
    if not (together.isascii() and together.isprintable()) or "  " in together:
        return [variant_digest(text) for text in texts]
    return [blake2b(text.strip().lower().rstrip(_END).encode(), digest_size=8).digest() for text in texts]


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
        key, identity = variant_key(task.compared_text), int(task.id[:16], 16)
        self.extend(array("Q", [key]), array("Q", [identity]), [task.family])

    def extend(self, keys: "array[int]", ids: "array[int]", families: Iterable[str]) -> None:
        """Count tasks by the keys of their questions, the first 64 bits of their ids, and their families."""
        names = self._names
        self._keys.extend(keys)
        self._ids.extend(ids)
        self._families.extend([names.setdefault(family, len(names)) for family in families])

    def choose(self, percent: float, *, held: Collection[int] = (), trained: Collection[int] = ()) -> HeldOut:
        """Return the questions to hold out so that each family comes nearest to `percent` (0 to 100).

        Questions are ranked by their keys. One with variants, or in several families, is held out as a whole
        or not at all; those in `held` are held out in any case, those in `trained` never.
        """
        ranked = _Ranked(self)
        targets = [int(count * percent / 100 + 0.5) for count in ranked.totals]
        keys: set[int] = set()
        taken = [0] * len(targets)
        for key, families in ranked.questions() if held else ():
            if key in held:
                keys.add(key)
                for family, count in families.items():
                    taken[family] += count
        left = sum(had < wanted for had, wanted in zip(taken, targets, strict=True))
        for key, families in ranked.questions():
            if not left:  # no family has room for another question
                break
            if key in keys or key in trained:
                continue
            if all(2 * taken[family] + count <= 2 * targets[family] for family, count in families.items()):
                keys.add(key)
                for family, count in families.items():
                    left -= taken[family] < targets[family] <= taken[family] + count
                    taken[family] += count
        return HeldOut(keys=frozenset(keys), tasks=sum(taken))

    def among(self, keys: "array[int]", ids: "array[int]") -> "Numbers":
        """Return the places of those tasks, given as to `extend`, that ask one of the questions.

        Tasks that are counted here are left out.
        """
        import numpy as np

        others = np.asarray(ids)
        asked = np.flatnonzero(np.isin(np.asarray(keys), np.asarray(self._keys)))
        return asked[~np.isin(others[asked], np.asarray(self._ids))]


class _Ranked:
    """The questions of counts in the order of their keys."""

    def __init__(self, counts: QuestionCounts) -> None:
        import numpy as np

        keys, self._ids = np.asarray(counts._keys), np.asarray(counts._ids)
        order = np.argsort(keys)
        self._order, self._keys = order, keys[order]
        self._families = np.asarray(counts._families)
        self._begins = np.flatnonzero(np.diff(self._keys, prepend=self._keys[:1] ^ np.uint64(1)))
        self._sizes = np.diff(self._begins, append=len(order))
        alone = self._families[order[self._begins[self._sizes == 1]]]
        self.totals: list[int] = np.bincount(alone.astype(np.int64), minlength=len(counts._names)).tolist()
        for place in np.flatnonzero(self._sizes > 1).tolist():
            for family, count in self._tasks(place).items():
                self.totals[family] += count

    def questions(self) -> Iterator[tuple[int, Mapping[int, int]]]:
        """Yield each question's key, and the number of its tasks in each family."""
        for start in range(0, len(self._begins), _AT_ONCE):
            begins = self._begins[start : start + _AT_ONCE]
            keys = self._keys[begins].tolist()
            families = self._families[self._order[begins]].tolist()
            sizes = self._sizes[start : start + _AT_ONCE].tolist()
            for place, (key, family, size) in enumerate(zip(keys, families, sizes, strict=True), start):
                yield key, {family: 1} if size == 1 else self._tasks(place)

    def _tasks(self, place: int) -> Mapping[int, int]:
        begin = self._begins[place]
        rows = self._order[begin : begin + self._sizes[place]]
        tasks = set(zip(self._families[rows].tolist(), self._ids[rows].tolist(), strict=True))
        return Counter(family for family, _ in tasks)


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

    def among(self, keys: "array[int]", ids: "array[int]", own: "array[int]") -> "Numbers":
        """Return the places of those tasks, by their keys and ids, that ask one of the questions.

        Those whose id is among `own` are left out.
        """
        import numpy as np

        one, side = np.uint64(1), np.asarray(self._marked)
        asked = np.flatnonzero(np.isin(np.asarray(keys) & ~one, side & ~one))
        return asked[~np.isin(np.asarray(ids)[asked], np.asarray(own))]

    def repeated(self, others: Iterable[tuple[int, Split]] = ()) -> Repeated:
        """Return what is repeated among these rows, and which stand in the other split in `others`."""
        import numpy as np

        if not self._marked:
            return Repeated(rows=0, both=0)
        one = np.uint64(1)
        marked = np.sort(np.asarray(self._marked))
        begins = np.flatnonzero(np.diff(marked & ~one, prepend=(marked[:1] & ~one) ^ one))
        held = marked & one
        least, most = np.minimum.reduceat(held, begins), np.maximum.reduceat(held, begins)
        keys = marked[begins] & ~one
        for key, split in others:
            place = int(np.searchsorted(keys, np.uint64(key & ~1)))
            if place < len(keys) and keys[place] == key & ~1:
                least[place] = min(least[place], split == "heldout")
                most[place] = max(most[place], split == "heldout")
        return Repeated(rows=len(marked) - len(begins), both=int((least != most).sum()))
