"""Duplicates: which of many texts ask the same, exactly or nearly, as `overlap.py` defines both.

Pairs are not compared one by one. Of the runs of five words that a text shares with others, a MinHash
signature is made (rensa); two texts become candidates if their signatures agree in one of 42 bands of three
numbers (LSH), which misses one pair in 250 that is just half alike, and none that is much more alike. Each
candidate is then compared exactly, so that a similarity that is shown is true. A run that more than
`TEMPLATE` texts share counts for nothing, as in `overlap.py`: it limits the candidates, too.

A million texts of 50 words take 12 bytes a word and less than 200 bytes each besides.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orca_desk.method.mixing import OverlapKind
from orca_desk.method.overlap import LEAST, NEAR, TEMPLATE, ask_alike, last_words, runs_of, words_of

if TYPE_CHECKING:
    from orca_desk.method.overlap import Numbers

BANDS, ROWS = 42, 3
SEED = 20
CHUNK_WORDS = 1_000_000  # words whose runs are in memory at a time
CHUNK_PAIRS = 20_000  # candidates that are compared at a time
MANY = 4_000_000  # candidates, before those found twice are merged
LEAST_BITS, MOST_BITS = 16, 28  # of the table that counts runs: one byte each


@dataclass(frozen=True, kw_only=True)
class NearPair:
    """The places of two texts that are nearly the same, and how similar they are, from 0 to 1."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Which texts ask the same, by their places in the order in which they were added.

    `same` are groups of texts with the same words. `near` are pairs of nearly the same texts; the first of a
    group stands for the group.
    """

    same: tuple[tuple[int, ...], ...]
    near: tuple[NearPair, ...]


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A text that asks what the one to keep asks."""

    place: int
    kind: OverlapKind
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The text to keep, and those that ask the same: each was compared with it, not with another one."""

    keep: int
    copies: tuple[Copy, ...]


class AlikeFinder:
    """Finds which of many texts ask the same: `add` them all, then `find`.

    `near` is the least similarity (0.5 to 1) of texts that are nearly the same.
    """

    def __init__(self, near: float = NEAR) -> None:
        self.near = near
        self._numbers: dict[str, int] = {}
        self._words, self._lengths, self._tails = array("I"), array("I"), array("I")
        self._identities = array("q")

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts; the first one that was ever added has the place 0."""
        numbers = self._numbers
        for text in texts:
            words = [numbers.setdefault(word, len(numbers) + 1) for word in words_of(text)]
            self._words.extend(words)
            self._lengths.append(len(words))
            self._tails.append(last_words(text))
            self._identities.append(hash(tuple(words)))  # of numbers, which every process hashes alike

    def find(self, proceed: Callable[[str], None] = lambda _: None) -> Alike:
        """Compare all texts. `proceed` gets the name of each stage, and may raise to stop."""
        self._numbers = {}
        proceed("comparing words")
        same, firsts = self._same()
        near = _Near(self, firsts)
        proceed("counting runs of words")
        near.count()
        proceed("making signatures")
        near.sign()
        proceed("comparing the candidates")
        pairs = near.pairs()
        return Alike(same=same, near=tuple(sorted(pairs, key=lambda one: (one.first, one.second))))

    def _same(self) -> "tuple[tuple[tuple[int, ...], ...], Numbers]":
        """Return the groups of texts with the same words, and the first text of each, alone or not."""
        import numpy as np

        identities = np.frombuffer(self._identities, dtype=np.int64)
        lengths = np.frombuffer(self._lengths, dtype=np.uint32)
        places = np.flatnonzero(lengths)  # texts without a word ask nothing
        places = places[np.argsort(identities[places], kind="stable")]
        if not len(places):
            return (), places
        begins = np.flatnonzero(np.r_[True, identities[places][1:] != identities[places][:-1]])
        sizes = np.diff(np.r_[begins, len(places)])
        several = sizes > 1
        groups = [
            tuple(places[begin : begin + size].tolist())
            for begin, size in zip(begins[several].tolist(), sizes[several].tolist(), strict=True)
        ]
        return tuple(sorted(groups)), np.sort(places[begins])


class _Near:
    """The search for nearly the same texts among the `firsts` of the groups."""

    def __init__(self, finder: AlikeFinder, firsts: "Numbers") -> None:
        import numpy as np

        self._near, self._firsts = finder.near, firsts
        self._words = np.frombuffer(finder._words, dtype=np.uint32)
        self._lengths = np.frombuffer(finder._lengths, dtype=np.uint32).astype(np.int64)
        self._tails = np.frombuffer(finder._tails, dtype=np.uint32)
        self._ends = np.cumsum(self._lengths)
        self._sizes = np.zeros(len(self._lengths), dtype=np.uint32)  # distinct runs of each text
        self._bits = min(max(LEAST_BITS, (4 * len(self._words)).bit_length()), MOST_BITS)
        self._spread = np.zeros(1 << self._bits, dtype=np.uint8)  # in how many texts a run is, up to 255
        self._signed = array("I")
        self._bands: list[array[int]] = [array("I") for _ in range(BANDS)]

    def count(self) -> None:
        """Count in how many texts each run is."""
        import numpy as np

        for places in self._chunks(self._firsts):
            runs, owners = self._runs(places)
            self._sizes[places] = np.bincount(owners, minlength=len(places))
            slots, counts = np.unique(self._slots(runs), return_counts=True)
            self._spread[slots] = np.minimum(255, self._spread[slots] + counts)

    def sign(self) -> None:
        """Make the bands of each text that shares enough runs with others."""
        import numpy as np
        from rensa import RMinHash

        for places in self._chunks(self._firsts):
            runs, owners = self._shared_runs(places)
            sizes = np.bincount(owners, minlength=len(places))
            chosen = sizes >= LEAST
            runs = runs[chosen[owners]]
            if not len(runs):
                continue
            offsets = np.r_[0, np.cumsum(sizes[chosen])].tolist()
            matrix = RMinHash.digest_matrix_from_flat_token_hashes(
                np.ascontiguousarray(runs), offsets, num_perm=BANDS * ROWS, seed=SEED
            )
            digests = np.array(matrix.to_rows(), dtype=np.uint64).reshape(-1, BANDS, ROWS)
            keys = np.zeros(digests.shape[:2], dtype=np.uint64)
            for row in range(ROWS):
                keys = (keys ^ digests[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
                keys ^= keys >> np.uint64(32)
            self._signed.frombytes(places[chosen].astype(np.uint32).tobytes())
            for band, kept in enumerate(self._bands):
                kept.frombytes(keys[:, band].astype(np.uint32).tobytes())

    def pairs(self) -> Iterator[NearPair]:
        """Yield the pairs of candidates that are near."""
        import numpy as np

        candidates = self._candidates()
        total = np.uint64(max(1, len(self._lengths)))
        for begin in range(0, len(candidates), CHUNK_PAIRS):
            codes = candidates[begin : begin + CHUNK_PAIRS]
            yield from self._compared((codes // total).astype(np.int64), (codes % total).astype(np.int64))

    def _candidates(self) -> "Numbers":
        """Return the pairs that agree in a band, as numbers: first place * number of texts + second place."""
        import numpy as np

        signed = np.frombuffer(self._signed, dtype=np.uint32).astype(np.uint64)
        total = np.uint64(max(1, len(self._lengths)))
        merged, waiting, many = np.empty(0, dtype=np.uint64), [], 0
        for band in self._bands:
            keys = np.frombuffer(band, dtype=np.uint32)
            order = np.argsort(keys, kind="stable")
            keys, places = keys[order], signed[order]
            distance = 1
            while distance < len(keys):
                equal = keys[distance:] == keys[:-distance]
                if not equal.any():
                    break
                first, second = places[:-distance][equal], places[distance:][equal]
                waiting.append(np.minimum(first, second) * total + np.maximum(first, second))
                many += len(waiting[-1])
                distance += 1
            if many > MANY:
                merged, waiting, many = np.unique(np.concatenate([merged, *waiting])), [], 0
        return np.unique(np.concatenate([merged, *waiting]))

    def _compared(self, firsts: "Numbers", seconds: "Numbers") -> Iterator[NearPair]:
        import numpy as np

        places, where = np.unique(np.concatenate([firsts, seconds]), return_inverse=True)
        runs, owners = self._shared_runs(places)
        counts = np.bincount(owners, minlength=len(places))
        begins = np.cumsum(counts) - counts
        pairs = np.tile(np.arange(len(firsts)), 2)
        of_pair = np.repeat(pairs, counts[where])
        offsets = np.arange(len(of_pair)) - np.repeat(np.cumsum(counts[where]) - counts[where], counts[where])
        hashes = runs[np.repeat(begins[where], counts[where]) + offsets]
        order = np.lexsort((hashes, of_pair))
        hashes, of_pair = hashes[order], of_pair[order]
        both = (hashes[1:] == hashes[:-1]) & (of_pair[1:] == of_pair[:-1])
        shared = np.bincount(of_pair[1:][both], minlength=len(firsts))
        sizes = self._sizes[firsts].astype(np.int64) + self._sizes[seconds]
        similarity = shared / np.maximum(1, sizes - shared)
        chosen = np.flatnonzero((similarity >= self._near) & (shared >= LEAST))
        for first, second, value in zip(
            firsts[chosen].tolist(), seconds[chosen].tolist(), similarity[chosen].tolist(), strict=True
        ):
            if ask_alike(self._last_paragraph(first), self._last_paragraph(second), self._near):
                yield NearPair(first=first, second=second, similarity=value)

    def _chunks(self, places: "Numbers") -> "Iterator[Numbers]":
        """Yield places whose texts have about `CHUNK_WORDS` words together."""
        import numpy as np

        if not len(places):
            return
        filled = np.cumsum(self._lengths[places]) // CHUNK_WORDS
        yield from np.split(places, np.flatnonzero(np.diff(filled)) + 1)

    def _runs(self, places: "Numbers") -> "tuple[Numbers, Numbers]":
        """Return the runs of some texts, and the place of each run's text in `places`."""
        import numpy as np

        lengths = self._lengths[places]
        begins = self._ends[places] - lengths
        offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return runs_of(self._words[np.repeat(begins, lengths) + offsets].astype(np.uint64), lengths)

    def _shared_runs(self, places: "Numbers") -> "tuple[Numbers, Numbers]":
        """Return the runs that some other text has too, but no more than `TEMPLATE`."""
        runs, owners = self._runs(places)
        spread = self._spread[self._slots(runs)]
        kept = (spread > 1) & (spread <= TEMPLATE)
        return runs[kept], owners[kept]

    def _slots(self, runs: "Numbers") -> "Numbers":
        import numpy as np

        return (runs >> np.uint64(64 - self._bits)).astype(np.int64)

    def _last_paragraph(self, place: int) -> tuple[int, ...]:
        end = int(self._ends[place])
        return tuple(self._words[end - int(self._tails[place]) : end].tolist())


def find_alike(texts: Iterable[str], *, near: float = NEAR) -> Alike:
    """Return which of some thousand texts ask the same: see `AlikeFinder`, to which more can be added."""
    finder = AlikeFinder(near)
    finder.add(texts)
    return finder.find()


def clusters_of(alike: Alike, rank: Callable[[int], Any]) -> list[Cluster]:
    """Return the texts to keep, those with the lowest `rank`, and with each the copies of it.

    A text that is near to a copy alone, and not to the one that is kept, is not a copy: it is kept too.
    """
    members: dict[int, tuple[int, ...]] = {group[0]: group for group in alike.same}
    neighbours: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for pair in alike.near:
        neighbours[pair.first][pair.second] = neighbours[pair.second][pair.first] = pair.similarity
    groups = {place: members.get(place, (place,)) for place in (*members, *neighbours)}
    best = {place: min(group, key=rank) for place, group in groups.items()}
    taken: set[int] = set()
    found = []
    for place in sorted(groups, key=lambda place: rank(best[place])):
        if place in taken:
            continue
        taken.add(place)
        near = {other: value for other, value in neighbours[place].items() if other not in taken}
        taken.update(near)
        copies = _copies(best[place], groups, place, near)
        if copies:
            found.append(Cluster(keep=best[place], copies=copies))
    return found


def _copies(
    keep: int, groups: Mapping[int, Sequence[int]], place: int, near: Mapping[int, float]
) -> tuple[Copy, ...]:
    same = [Copy(place=one, kind="exact", similarity=1.0) for one in groups[place] if one != keep]
    ranked = sorted(near, key=lambda other: (-near[other], other))
    others = [
        Copy(place=one, kind="near", similarity=near[other]) for other in ranked for one in groups[other]
    ]
    return (*same, *others)
