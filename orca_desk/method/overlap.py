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


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """The keys of a training question and of the held-out one most like it; `similarity` is from 0 to 1."""

    question: str
    held_out: str
    kind: OverlapKind
    similarity: float


def words_of(text: str) -> list[str]:
    """Return the words, numbers and signs of a text, in one case and without punctuation."""
    return _WORDS.findall(unicodedata.normalize("NFKC", text).casefold())


def find_overlaps(
    training: Iterable[tuple[str, str]], held_out: Iterable[tuple[str, str]], *, near: float = NEAR
) -> dict[str, Overlap]:
    """Return the overlap of each training question that has one, by its key.

    Both are pairs of a key and a text. `near` is the least Jaccard index of a near overlap. A text of fewer
    than five words overlaps exactly or not at all. 100,000 questions against 5,000 take a few seconds.
    """
    held = _Words()
    exact: dict[tuple[int, ...], str] = {}
    for key, text in yielding(held_out):
        exact.setdefault(held.add(key, text), key)
    exact.pop((), None)  # texts without a word ask nothing
    if not exact:
        return {}
    asked = _Words(held.numbers)
    found: dict[str, Overlap] = {}
    for key, text in yielding(training):
        if same := exact.get(asked.add(key, text)):
            found[key] = Overlap(question=key, held_out=same, kind="exact", similarity=1.0)
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

    def __init__(self, numbers: defaultdict[str, int] | None = None) -> None:
        self.numbers = defaultdict(count(1).__next__) if numbers is None else numbers
        self.keys: list[str] = []
        self.words, self.lengths = array("Q"), array("q")  # numpy takes them as they are, without a stall
        self._ends, self._tails = array("q"), array("q")

    def add(self, key: str, text: str) -> tuple[int, ...]:
        """Add a text; return the numbers of its words."""
        found = list(map(self.numbers.__getitem__, words_of(text)))
        self.keys.append(key)
        self.words.extend(found)
        self.lengths.append(len(found))
        self._ends.append(len(self.words))
        self._tails.append(last_words(text))
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

    def last_paragraph(self, place: int) -> tuple[int, ...]:
        """Return the numbers of the words in the last of several paragraphs; () for a text of one."""
        end = self._ends[place]
        return tuple(self.words[end - self._tails[place] : end])


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


def _near_pairs(asked: _Words, held: _Words, near: float) -> list[tuple[int, int, float]]:
    """Return (training text, held-out text, similarity) of all pairs that are at least `near`."""
    import numpy as np

    all_asked, all_held = list(asked.runs()), list(held.runs())
    # Few runs are common: leaving out most others first spares sorting tens of millions
    runs, owners = _distinct(*_maybe_among(all_asked, (hashes for hashes, _ in all_held)))
    held_runs, held_owners = _distinct(*_maybe_among(all_held, [runs]))
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
    held_sizes = _sizes(all_held, right, len(held.keys))
    similarity = shared / (sizes[left] + held_sizes[right] - shared)
    chosen = similarity >= near
    return list(zip(left[chosen].tolist(), right[chosen].tolist(), similarity[chosen].tolist(), strict=True))


def _maybe_among(
    runs: "Sequence[tuple[Numbers, Numbers]]", others: "Iterable[Numbers]"
) -> "tuple[Numbers, Numbers]":
    """Return those of `runs` that are among `others`, and a few per cent of the rest."""
    import numpy as np

    shift = np.uint64(64 - PLACES)
    is_there = np.zeros(2**PLACES, dtype=bool)
    for hashes in yielding(others):
        is_there[hashes >> shift] = True
    kept = [
        (hashes[at], owners[at]) for hashes, owners in yielding(runs) for at in [is_there[hashes >> shift]]
    ]
    return _joined(kept)


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
