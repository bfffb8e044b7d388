"""Duplicates: what MinHash finds is what comparing every pair finds, and clusters keep the right text."""

import random
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.duplicates import (
    BANDS,
    ROWS,
    SEED,
    Alike,
    AlikeFinder,
    NearPair,
    clusters_of,
    find_alike,
)
from orca_desk.method.overlap import LEAST, NEAR, RUN, TEMPLATE, words_of

WORDS = [f"w{n}" for n in range(400)]


def runs(text: str) -> frozenset[tuple[str, ...]]:
    words = words_of(text)
    return frozenset(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def compared(texts: list[str]) -> dict[tuple[int, int], float]:
    """Return what the definition says, by comparing every pair."""
    sets = [runs(text) for text in texts]
    spread = Counter(run for one in sets for run in one)
    found = {}
    for (first, ours), (second, theirs) in combinations(enumerate(sets), 2):
        shared = sum(spread[run] <= TEMPLATE for run in ours & theirs)
        similarity = shared / max(1, len(ours) + len(theirs) - shared)
        if shared >= LEAST and similarity >= NEAR:
            found[first, second] = similarity
    return found


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Texts that were changed a little, or much, from others."""
    chance = random.Random(7)
    made = [" ".join(chance.choices(WORDS, k=chance.randint(20, 60))) for _ in range(150)]
    for original in made[:100]:
        words = original.split()
        for _ in range(chance.randint(1, 5)):
            words[chance.randrange(len(words))] = chance.choice(WORDS)
        made.append(" ".join(words))
    return made


def test_the_pairs_are_those_that_comparing_every_pair_finds(texts: list[str]) -> None:
    found = {(one.first, one.second): one.similarity for one in find_alike(texts).near}
    assert found == pytest.approx(compared(texts))
    assert len(found) > 50


def test_rensas_signatures_are_as_good_as_datasketchs(texts: list[str]) -> None:
    datasketch = pytest.importorskip("datasketch")
    from rensa import RMinHash

    sets = [[" ".join(run) for run in sorted(runs(text))] for text in texts]
    ours = RMinHash.from_token_sets(sets, num_perm=BANDS * ROWS, seed=SEED)
    theirs = datasketch.MinHash.bulk(
        [[run.encode() for run in one] for one in sets], num_perm=BANDS * ROWS, seed=SEED
    )
    index = datasketch.MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    for place, signature in enumerate(theirs):
        index.insert(place, signature)
    pairs = compared(texts)
    assert all(second in index.query(theirs[first]) for first, second in pairs)
    errors = [
        [signatures[first].jaccard(signatures[second]) - similarity for signatures in (ours, theirs)]
        for (first, second), similarity in pairs.items()
    ]
    means = [sum(map(abs, column)) / len(errors) for column in zip(*errors, strict=True)]
    assert means[0] < 0.05
    assert means[0] < 1.5 * means[1]


def test_texts_are_the_same_whatever_their_case_spaces_and_punctuation() -> None:
    found = find_alike(["What is 2 + 3?", "what  is 2 + 3", "What is 2 - 3?", "?!", "...", "WHAT IS 2 + 3."])
    assert found == Alike(same=((0, 1, 5),), near=())


def test_what_a_family_is_written_to_is_no_duplicate() -> None:
    chance = random.Random(1)
    template = "Here is a list of words that you are asked to sort by their first letters please: {}"
    siblings = [template.format(" ".join(chance.choices(WORDS, k=4))) for _ in range(TEMPLATE + 5)]
    assert find_alike(siblings).near == ()
    assert len(find_alike(siblings[:2]).near) == 1


def test_copies_of_one_text_do_not_hide_a_near_one(texts: list[str]) -> None:
    story = texts[0]
    near = story.replace(story.split()[3], "other", 1)
    found = find_alike([*[story] * (TEMPLATE + 5), near])
    assert found.same == (tuple(range(TEMPLATE + 5)),)
    assert [(one.first, one.second) for one in found.near] == [(0, TEMPLATE + 5)]


def test_two_questions_about_one_passage_are_two_questions(texts: list[str]) -> None:
    passage = texts[1]
    found = find_alike([f"{passage}\n\nWho left first?", f"{passage}\n\nHow many stayed at home?"])
    assert found == Alike(same=(), near=())


@pytest.mark.parametrize("texts", [[], [""], ["one"], ["a b c d e"], ["!", "?"]])
def test_few_or_empty_texts_are_no_duplicates(texts: list[str]) -> None:
    assert find_alike(texts) == Alike(same=(), near=())


@given(st.lists(st.text(alphabet="ab \n.", max_size=60), max_size=12))
def test_every_text_is_in_at_most_one_group_and_pairs_are_of_different_groups(texts: list[str]) -> None:
    found = find_alike(texts)
    inside = [place for group in found.same for place in group]
    assert len(inside) == len(set(inside))
    assert all(len({tuple(words_of(texts[place])) for place in group}) == 1 for group in found.same)
    kept = [cluster.keep for cluster in clusters_of(found, lambda place: place)]
    copies = [copy.place for cluster in clusters_of(found, lambda place: place) for copy in cluster.copies]
    assert len({*kept, *copies}) == len(kept) + len(copies)


def test_a_search_can_be_stopped_at_each_stage() -> None:
    finder = AlikeFinder()
    finder.add(["one two", "one two"])
    stages: list[str] = []
    assert finder.find(stages.append).same == ((0, 1),)
    assert len(stages) == 4
    with pytest.raises(InterruptedError):
        finder.find(lambda _: (_ for _ in ()).throw(InterruptedError))


def test_a_copy_is_near_to_the_text_that_is_kept_itself() -> None:
    chain = Alike(
        same=((1, 4),),
        near=(NearPair(first=0, second=1, similarity=0.6), NearPair(first=1, second=2, similarity=0.7)),
    )
    first = clusters_of(chain, lambda place: place)
    assert [(one.keep, [(copy.place, copy.kind) for copy in one.copies]) for one in first] == [
        (0, [(1, "near"), (4, "near")])
    ]
    middle = clusters_of(chain, lambda place: (place != 4, place))
    assert [(one.keep, [(copy.place, copy.similarity) for copy in one.copies]) for one in middle] == [
        (4, [(1, 1.0), (2, 0.7), (0, 0.6)])
    ]
