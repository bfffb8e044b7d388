"""Overlap: training questions that are a held-out question again, exactly or nearly.

Exactly: the same words and signs, whatever the case, the white space and the punctuation. Nearly: the two
have many runs of five words in common (word 5-grams, compared by the Jaccard index as in Lee et al., arXiv
2107.06499). Runs that more than `TEMPLATE` questions share do not count as common: questions of one family
are often written to a template, and differ in all that matters. Two texts of several paragraphs, such as a
passage and a question about it, overlap only if their last paragraphs do: one passage has many questions.
Every pair is compared exactly; nothing is
sampled or approximated, but for 64-bit hashes of the runs.

With a fifth of 14 families of BIG-bench Hard and of GSM8K held out, this finds the stories of
causal_judgement that are asked again about another person (63 of 145), and 5 of the 9,500 other questions.
"""

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from orca_desk.method.mixing import OverlapKind
from orca_desk.yielding import yielding

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, Any]

NEAR = 0.5
RUN = 5  # words
LEAST = 8  # runs in common: of two shorter questions, one word may ask for something else
TEMPLATE = 20  # questions
TEXTS = 5_000  # whose runs are made at once: numpy lets no other thread run meanwhile
PLACES = 26  # bits of a run's hash by which most of the others are told from it
# A number, a sign of a script without spaces, a word, a factorial, or a sign that does more than punctuate
_WORDS = re.compile(
    r"\d+(?:[.,]\d+)*|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+|(?<=[\d)])!"
    r"|[^\w\s.,;:!?\"'`‘’“”…。，、；：？！«»_]"
)

# The same for most texts in ASCII: of these, one sign stands for another, and others are deleted
_PUNCTUATION = b".,;:?\"'`_"
_PLAIN = bytes(ord(" ") if code in _PUNCTUATION else code for code in range(256)).lower()
_ORDINARY = _PUNCTUATION + bytes(code for code in range(128) if re.match(r"[^\W_]|\s", chr(code)))
_JOINED = re.compile(rb"[0-9](?:[.,][0-9]|[A-Za-z])")  # 3.5, 1,000 and 2nd: not these


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """The keys of a training question and of the held-out one most like it; `similarity` is from 0 to 1."""

    question: str
    held_out: str
    kind: OverlapKind
    similarity: float


def words_of(text: str) -> list[str]:
    """Return the words, numbers and signs of a text, in one case and without punctuation."""
    if text.isascii():  # as most are: in a third of the time
        raw = text.encode()
        signs = raw.translate(None, _ORDINARY)
        if b"!" not in signs and not _JOINED.search(raw):
            plain = raw.translate(_PLAIN).decode()
            for sign in set(signs.decode()):
                plain = plain.replace(sign, f" {sign} ")
            return plain.split()
    return _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())


def find_overlaps(
    training: Iterable[tuple[str, str]], held_out: Iterable[tuple[str, str]], *, near: float = NEAR
) -> dict[str, Overlap]:
    """Return the overlap of each training question that has one, by its key.

    Both are pairs of a key and a text. `near` is the least Jaccard index of a near overlap. A text of fewer
    than five words overlaps exactly or not at all. 100,000 questions against 5,000 take a few seconds.
    """
    asked = _Asked()
    same: dict[tuple[int, ...], list[str]] = {}
    for key, text in yielding(training):
        same.setdefault(asked.add(text, key), []).append(key)
    same.pop((), None)  # texts without a word ask nothing
    if not same:
        return {}
    held = _HeldOut(asked)
    found: dict[str, Overlap] = {}
    for key, text in yielding(held_out):
        for question in same.get(held.add(text, key), ()):
            exact = Overlap(question=question, held_out=key, kind="exact", similarity=1.0)
            found.setdefault(question, exact)
    pairs = sorted(_near_pairs(asked, held, near), key=lambda pair: (-pair[2], held.keys[pair[1]]))
    for place, other, similarity in yielding(pairs):
        if not ask_alike(asked.last_paragraph(place), held.last_paragraph(other), near):
            continue
        overlap = Overlap(
            question=asked.keys[place], held_out=held.keys[other], kind="near", similarity=similarity
        )
        found.setdefault(overlap.question, overlap)
    return found


class _Words:
    """Texts as the numbers of their words, one after the other."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self.numbers = numbers
        self.words, self.lengths = array("Q"), array("q")  # numpy takes them as they are, without a stall
        self._ends = array("q")

    def add(self, text: str) -> tuple[int, ...]:
        """Add a text; return the numbers of its words."""
        found = list(map(self.numbers.__getitem__, words_of(text)))
        self.words.extend(found)
        self.lengths.append(len(found))
        self._ends.append(len(self.words))
        return tuple(found)

    def runs(self) -> "Iterator[tuple[Numbers, Numbers]]":
        """Yield what `_all_runs` returns, for some texts at a time."""
        import numpy as np

        words, lengths = (
            np.frombuffer(self.words, dtype=np.uint64),
            np.frombuffer(self.lengths, dtype=np.int64),
        )
        for start in yielding(range(0, len(lengths), TEXTS)):
            end = min(start + TEXTS, len(lengths))
            first = self._ends[start] - self.lengths[start]
            hashes, owners = _all_runs(words[first : self._ends[end - 1]], lengths[start:end])
            yield hashes, owners + start


class _Asked(_Words):
    """Training questions, each with its key."""

    def __init__(self) -> None:
        super().__init__(defaultdict(count(1).__next__))
        self.keys: list[str] = []
        self._tails = array("q")

    def add(self, text: str, key: str = "") -> tuple[int, ...]:
        """Add a question; return the numbers of its words."""
        self.keys.append(key)
        self._tails.append(last_words(text))
        return super().add(text)

    def last_paragraph(self, place: int) -> tuple[int, ...]:
        """Return the numbers of the words in the last of several paragraphs; () for a text of one."""
        end = self._ends[place]
        return tuple(self.words[end - self._tails[place] : end])


class _Known(dict[str, int]):
    """The numbers of the words that training questions have; 0 is any other word."""

    def __missing__(self, word: str) -> int:
        return 0


class _HeldOut:
    """Held-out texts, of which hardly more stays than the runs that training questions may have.

    There may be a million of them, so that their words would take gigabytes.
    """

    def __init__(self, asked: _Asked) -> None:
        self.keys: list[str] = []
        self.asked_runs = list(asked.runs())
        self._numbers, self._known = asked.numbers, _Known(asked.numbers)
        self._is_asked = _places_of(hashes for hashes, _ in self.asked_runs)
        self._batch = _Words(self._known)
        self._batch_texts: list[str] = []
        self._runs: list[tuple[Numbers, Numbers]] = []
        self._texts: dict[int, str] = {}  # those that share runs, by place

    def add(self, text: str, key: str) -> tuple[int, ...]:
        """Add a text; return the numbers of its words."""
        if len(self._batch_texts) == TEXTS:
            self._end_batch()
        self._batch_texts.append(text)
        self.keys.append(key)
        return self._batch.add(text)

    def runs(self) -> "list[tuple[Numbers, Numbers]]":
        """Return the runs that training questions may have, and a few per cent of the others."""
        self._end_batch()
        return self._runs

    def size(self, place: int) -> int:
        """Return the number of distinct runs of a text that shares some."""
        words = self._words(place)
        return len({tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)})

    def last_paragraph(self, place: int) -> tuple[int, ...]:
        """Do what `_Asked.last_paragraph` does, for a text that shares runs."""
        tail = last_words(self._texts[place])
        return tuple(self._words(place)[-tail:]) if tail else ()

    def _words(self, place: int) -> list[int]:
        return list(map(self._numbers.__getitem__, words_of(self._texts[place])))

    def _end_batch(self) -> None:
        import numpy as np

        first = len(self.keys) - len(self._batch_texts)
        for hashes, owners in _among(self._batch.runs(), self._is_asked):
            self._runs.append((hashes, owners + first))
            shared = np.bincount(owners, minlength=len(self._batch_texts))
            for place in np.flatnonzero(shared >= LEAST).tolist():
                self._texts[first + place] = self._batch_texts[place]
        self._batch, self._batch_texts = _Words(self._known), []


def last_words(text: str) -> int:
    """Return the number of words in the last of several paragraphs; 0 for a text of one."""
    _, paragraphs, last = text.rstrip().rpartition("\n\n")
    return len(words_of(last)) if paragraphs else 0


def ask_alike(first: tuple[int, ...], second: tuple[int, ...], near: float) -> bool:
    """Return whether the last paragraphs of two texts are the same or near; true where one has no other."""
    if not first or not second or first == second:
        return True
    runs, others = ({one[at : at + RUN] for at in range(len(one) - RUN + 1)} for one in (first, second))
    shared = len(runs & others)
    return shared >= LEAST and shared >= near * len(runs | others)


def runs_of(words: "Numbers", lengths: "Numbers") -> "tuple[Numbers, Numbers]":
    """Return the distinct runs of each text: their hashes, and the place of their text, in that order.

    `words` are the numbers of the words (uint64) of all texts, one after the other; `lengths` (int64) says
    how many each text has.
    """
    return _distinct(*_all_runs(words, lengths))


def _all_runs(words: "Numbers", lengths: "Numbers") -> "tuple[Numbers, Numbers]":
    """Return the runs of each text: their hashes, and the place of their text, by which they are ordered."""
    import numpy as np

    if len(words) < RUN:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    owners = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    starts = len(words) - RUN + 1
    hashes = np.zeros(starts, dtype=np.uint64)
    for place in range(RUN):  # a mixing step per word, with the constants of splitmix64
        hashes = (hashes ^ words[place : place + starts]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
        hashes *= np.uint64(0xBF58476D1CE4E5B9)
        hashes ^= hashes >> np.uint64(32)
    inside = owners[:starts] == owners[RUN - 1 :]
    return hashes[inside], owners[:starts][inside]


def _distinct(hashes: "Numbers", owners: "Numbers") -> "tuple[Numbers, Numbers]":
    """Return each run once a text, in the order of the texts."""
    import numpy as np

    order = np.lexsort((hashes, owners))
    hashes, owners = hashes[order], owners[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    return hashes[new], owners[new]


def _near_pairs(asked: _Asked, held: _HeldOut, near: float) -> list[tuple[int, int, float]]:
    """Return (training text, held-out text, similarity) of all pairs that are at least `near`."""
    import numpy as np

    all_asked, all_held = held.asked_runs, held.runs()
    # Few runs are common: leaving out most others first spares sorting tens of millions
    is_held = _places_of(hashes for hashes, _ in all_held)
    runs, owners = _distinct(*_joined(_among(all_asked, is_held)))
    held_runs, held_owners = _distinct(*_joined(_among(all_held, _places_of([runs]))))
    if not len(runs) or not len(held_runs):
        return []
    # One sort of both gives each run a number, and in how many texts it is
    _, places, spread = np.unique(np.concatenate([runs, held_runs]), return_inverse=True, return_counts=True)
    rare = (spread <= TEMPLATE)[places]
    keep, held_keep = rare[: len(runs)], rare[len(runs) :]
    runs, owners = places[: len(runs)][keep], owners[keep]
    held_runs, held_owners = places[len(rare) - len(held_runs) :][held_keep], held_owners[held_keep]
    order = np.argsort(held_runs, kind="stable")
    held_runs, held_owners = held_runs[order], held_owners[order]
    first = np.searchsorted(held_runs, runs, side="left")
    matches = np.searchsorted(held_runs, runs, side="right") - first
    left = np.repeat(owners, matches)
    offsets = np.arange(matches.sum()) - np.repeat(np.cumsum(matches) - matches, matches)
    right = held_owners[np.repeat(first, matches) + offsets]
    pairs, shared = np.unique(left * len(held.keys) + right, return_counts=True)
    left, right = pairs // len(held.keys), pairs % len(held.keys)
    many = shared >= LEAST
    left, right, shared = left[many], right[many], shared[many]
    sizes = _sizes(all_asked, left, len(asked.keys))
    held_sizes = {place: held.size(place) for place in yielding(set(right.tolist()))}
    of_right = np.fromiter(map(held_sizes.__getitem__, right.tolist()), dtype=np.int64, count=len(right))
    similarity = shared / (sizes[left] + of_right - shared)
    chosen = similarity >= near
    return list(zip(left[chosen].tolist(), right[chosen].tolist(), similarity[chosen].tolist(), strict=True))


def _places_of(runs: "Iterable[Numbers]") -> "Numbers":
    """Return for each beginning of a hash whether one of these runs has it."""
    import numpy as np

    is_there = np.zeros(2**PLACES, dtype=bool)
    for hashes in yielding(runs):
        is_there[hashes >> np.uint64(64 - PLACES)] = True
    return is_there


def _among(runs: "Iterable[tuple[Numbers, Numbers]]", is_there: "Numbers") -> "list[tuple[Numbers, Numbers]]":
    """Return those of `runs` that are among the ones of `_places_of`, and a few per cent of the rest."""
    import numpy as np

    shift = np.uint64(64 - PLACES)
    return [
        (hashes[at], owners[at]) for hashes, owners in yielding(runs) for at in [is_there[hashes >> shift]]
    ]


def _sizes(runs: "Sequence[tuple[Numbers, Numbers]]", wanted: "Numbers", texts: int) -> "Numbers":
    """Return the number of distinct runs of each wanted text, by its place; of the others 0."""
    import numpy as np

    is_wanted = np.zeros(texts, dtype=bool)
    is_wanted[wanted] = True
    kept = [(hashes[at], owners[at]) for hashes, owners in yielding(runs) for at in [is_wanted[owners]]]
    return np.bincount(_distinct(*_joined(kept))[1], minlength=texts)


def _joined(parts: "list[tuple[Numbers, Numbers]]") -> "tuple[Numbers, Numbers]":
    import numpy as np

    if not parts:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    return np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])
