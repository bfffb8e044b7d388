"""Groups of tasks that are worded alike: TF-IDF, and clustering by scikit-learn.

Tasks of a family share a template more than a subject, so common words, punctuation and pairs of words count,
and every number counts as the same one. Texts become TF-IDF vectors of words and pairs of words, projected
by a truncated singular value decomposition (latent semantic analysis, Deerwester et al. 1990). k-means makes
many small groups of them, and average linkage merges these while the mean cosine distance between two of them
is below `MERGED_BELOW`: so the number of groups is not guessed. `benchmarks/grouping.py` measures it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MERGED_BELOW = 0.7  # cosine distance: 0 for the same words, 1 for none in common
CLEAR = 0.25  # mean silhouette below which tasks form no groups (Kaufman and Rousseeuw 1990: no structure)
SMALLEST = 5  # tasks in a group
SMALLEST_SHARE = 0.005  # of all tasks
DIMENSIONS = 100
TERMS = 6  # that tell a group from the others
EXAMPLES = 3
_MAX_TERMS = 50_000  # in the vocabulary
_MOST_PARTS = 300  # small groups before the merging
_SAMPLED = 2_000  # tasks of which the silhouette is computed
_LONGEST = 4_000  # characters of a task that are looked at
_NUMBER = re.compile(r"\d+")
_TOKEN = r"\w+|[^\w\s]"
_NAMING = r"[^\W\d_]{3,}"

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]
Ints = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, kw_only=True)
class TextGroup:
    """A group: the places of its texts, its terms (the most telling first), and the texts nearest its centre.

    `cohesion` is the mean cosine similarity to the centre. `is_rest` marks the texts that are in no group.
    """

    members: list[int]
    terms: tuple[str, ...]
    examples: tuple[int, ...]
    cohesion: float
    is_rest: bool = False


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """The groups of some texts, the largest first, and how well they are apart: the mean silhouette, -1 to 1.

    `separation` is None where there are too few texts or groups to tell. Without clear groups, all texts are
    one group.
    """

    clusters: tuple[TextGroup, ...]
    separation: float | None
    is_clear: bool


def find_clusters(
    texts: Sequence[str], groups: int | None = None, on_stage: Callable[[str], None] = lambda stage: None
) -> Clusters:
    """Group texts, into `groups` groups if a number is given. The same texts give the same groups.

    `on_stage` is told what is done next; it may raise to stop the work.
    """
    on_stage("counting words")
    vectors = _vectors(texts)
    if vectors is None or len(texts) < 2 * SMALLEST:
        return _one_group(texts, separation=None)
    on_stage("comparing tasks")
    points = _points(vectors)
    on_stage("grouping")
    labels = _labels(points, groups)
    on_stage("describing the groups")
    separation = _separation(points, labels)
    if groups is None:
        labels = _without_small(labels)
        if separation is None or separation < CLEAR or labels.max() < 0:
            return _one_group(texts, separation=separation, points=points)
    return Clusters(clusters=_described(texts, points, labels), separation=separation, is_clear=True)


def _vectors(texts: Sequence[str]) -> Any | None:
    """Return a sparse row of TF-IDF weights for each text; None if the texts have no words in common."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        preprocessor=_plain,
        token_pattern=_TOKEN,
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=2,
        max_features=_MAX_TERMS,
        dtype=np.float32,
    )
    try:
        return vectorizer.fit_transform(texts)
    except ValueError:  # no term is left
        return None


def _points(vectors: Any) -> Floats:
    """Return the texts as points of length 1 in few dimensions."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    size = min(DIMENSIONS, vectors.shape[1] - 1, vectors.shape[0] - 1)
    if size < 2:
        return np.asarray(normalize(vectors.toarray()))
    with np.errstate(invalid="ignore", divide="ignore"):  # equal texts have no variance to explain
        projected = TruncatedSVD(size, n_iter=3, random_state=0).fit_transform(vectors)
    return np.asarray(normalize(projected))


def _labels(points: Floats, groups: int | None) -> Ints:
    """Return the group of each point: many small groups by k-means, then merged by average linkage."""
    from sklearn.cluster import AgglomerativeClustering, MiniBatchKMeans
    from sklearn.preprocessing import normalize

    size = min(max(20, 2 * int(len(points) ** 0.5)), _MOST_PARTS, len(points) // 2)
    size = max(size, min(groups or 0, len(points)))
    parts = MiniBatchKMeans(size, n_init=3, batch_size=2048, random_state=0).fit(points)
    used, labels = np.unique(parts.labels_, return_inverse=True)
    if len(used) < 2:
        return np.asarray(labels)
    centres = normalize(parts.cluster_centers_[used])
    merged = AgglomerativeClustering(
        None if groups is None else min(groups, len(used)),
        distance_threshold=MERGED_BELOW if groups is None else None,
        metric="precomputed",
        linkage="average",
    ).fit(_distances(centres))
    return np.asarray(merged.labels_[labels])


def _distances(centres: Floats) -> Floats:
    """Return the cosine distances between centres; one without any known word is far from all."""
    distances: Floats = np.clip(1 - centres @ centres.T, 0, 2)
    np.fill_diagonal(distances, 0)
    return distances


def _without_small(labels: Ints) -> Ints:
    """Return the labels with -1 for those that are in groups too small to be a family."""
    sizes = np.bincount(labels)
    smallest = max(SMALLEST, SMALLEST_SHARE * len(labels))
    return np.where(sizes[labels] < smallest, -1, labels)


def _separation(points: Floats, labels: Ints) -> float | None:
    """Return the mean silhouette of a sample of the points; None if it has no two groups."""
    from sklearn.metrics import silhouette_score

    chosen = np.random.default_rng(0).permutation(len(points))[:_SAMPLED]
    found = len(np.unique(labels[chosen]))
    if not 2 <= found < len(chosen):
        return None
    return float(silhouette_score(points[chosen], labels[chosen], metric="cosine"))


def _one_group(texts: Sequence[str], *, separation: float | None, points: Floats | None = None) -> Clusters:
    labels = np.zeros(len(texts), dtype=np.intp)
    found = _described(texts, points if points is not None else np.ones((len(texts), 1)), labels)
    return Clusters(clusters=found, separation=separation, is_clear=False)


def _described(texts: Sequence[str], points: Floats, labels: Ints) -> tuple[TextGroup, ...]:
    """Return the groups with their terms and examples, the largest first and the rest at the end."""
    kinds = [int(kind) for kind in np.unique(labels)]
    terms = _terms(texts, labels, kinds)
    found: list[TextGroup] = []
    for kind in kinds:
        members = np.flatnonzero(labels == kind)
        centre = points[members].mean(axis=0)
        length = float(np.linalg.norm(centre)) or 1.0
        near = points[members] @ (centre / length)
        nearest = members[np.argsort(-near, kind="stable")]
        found.append(
            TextGroup(
                members=members.tolist(),
                terms=terms[kind],
                examples=_different(nearest.tolist(), texts),
                cohesion=float(near.mean()),
                is_rest=kind < 0,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.is_rest, -len(one.members), one.members[0])))


def _different(nearest: Sequence[int], texts: Sequence[str]) -> tuple[int, ...]:
    """Return the first places whose texts differ from each other."""
    first: dict[str, int] = {}
    for place in nearest:
        first.setdefault(_plain(texts[place]), place)
        if len(first) == EXAMPLES:
            break
    return tuple(first.values())


def _terms(texts: Sequence[str], labels: Ints, kinds: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the words that tell each group from all tasks: frequent in it, and rarer outside.

    A word's weight is its share of the group's texts, times the logarithm of how much more frequent that is
    than its share of the other texts.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    counter = CountVectorizer(
        preprocessor=_plain,
        token_pattern=_NAMING,
        binary=True,
        max_features=_MAX_TERMS,
        stop_words=sorted(ENGLISH_STOP_WORDS),
        dtype=np.float32,
    )
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # no words
        return dict.fromkeys(kinds, ())
    names = counter.get_feature_names_out()
    total = np.asarray(counts.sum(axis=0)).ravel()
    found = {}
    for kind in kinds:
        chosen = labels == kind
        inside = np.asarray(counts[chosen].sum(axis=0)).ravel()
        size, others = int(chosen.sum()), int((~chosen).sum())
        share = inside / size
        outside = (total - inside + 1) / (others + 2)
        weights = share * np.log(np.maximum(share, 1e-9) / outside) if others else share
        order = np.argsort(-weights, kind="stable")
        found[kind] = _unlike([str(names[place]) for place in order[: 4 * TERMS] if inside[place]])
    return found


def _unlike(words: Sequence[str]) -> tuple[str, ...]:
    """Return the first words that are no other forms of each other, such as "step" and "steps"."""
    found: list[str] = []
    for word in words:
        if not any(word.startswith(one[:4]) and abs(len(word) - len(one)) <= 3 for one in found):
            found.append(word)
        if len(found) == TERMS:
            break
    return tuple(found)


def _plain(text: str) -> str:
    return _NUMBER.sub("0", text[:_LONGEST].casefold())
