"""Tasks that are worded alike are found as groups, named by their words, and always the same ones."""

import random

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from orca_desk.workers.clusters import TERMS, Clusters, find_clusters

NAMES = ("Anna", "Ben", "Carla", "Dov", "Emre", "Fay")
THINGS = ("apples", "coins", "stamps", "shells", "marbles")


def sums(number: int) -> str:
    chance = random.Random(number)
    name, thing = chance.choice(NAMES), chance.choice(THINGS)
    return f"{name} has {number} {thing} and buys {number % 7} more. How many {thing} are there now?"


def routes(number: int) -> str:
    ways = ["Take {} steps left.", "Take {} steps right.", "Turn around.", "Take {} steps back."]
    chance = random.Random(number)
    moves = " ".join(chance.choice(ways).format(chance.randrange(9)) for _ in range(4))
    return f"If you follow these directions, do you return to the starting point? {moves}"


def truths(number: int) -> str:
    a, b = random.Random(number).sample(NAMES, 2)
    return f"{a} says {b} lies. {b} tells the truth. Does {a} tell the truth?"


MIXED = [make(number) for number in range(60) for make in (sums, routes, truths)]


def families_of(found: Clusters) -> list[set[int]]:
    return [{member % 3 for member in one.members} for one in found.clusters]


def test_three_kinds_of_tasks_are_three_groups() -> None:
    found = find_clusters(MIXED)
    assert found.is_clear
    assert sorted(families_of(found), key=min) == [{0}, {1}, {2}]
    assert found.separation is not None
    assert found.separation > 0.4
    assert sorted(member for one in found.clusters for member in one.members) == list(range(len(MIXED)))


def test_a_group_is_told_by_words_that_the_others_lack() -> None:
    found = find_clusters(MIXED)
    terms = {min(one.members) % 3: one.terms for one in found.clusters}
    assert {"buys", "now"} & set(terms[0])
    assert {"steps", "directions", "return"} & set(terms[1])
    assert {"says", "lies", "truth"} & set(terms[2])
    assert all(0 < len(words) <= TERMS for words in terms.values())
    for one in found.clusters:
        assert {example % 3 for example in one.examples} == {min(one.members) % 3}


def test_the_same_tasks_give_the_same_groups() -> None:
    assert find_clusters(MIXED) == find_clusters(MIXED)


def test_a_kind_of_which_nearly_all_tasks_are_is_a_group_too() -> None:
    found = find_clusters(
        [*(sums(number) for number in range(400)), *(routes(number) for number in range(9))]
    )
    assert [len(one.members) for one in found.clusters] == [400, 9]


def test_a_number_of_groups_can_be_asked_for() -> None:
    assert len(find_clusters(MIXED, 2).clusters) == 2
    assert len(find_clusters(MIXED, 5).clusters) == 5


def test_tasks_of_one_kind_stay_together() -> None:
    chance = random.Random(0)
    words = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(200)]
    texts = [" ".join(chance.choices(words, k=12)) for _ in range(120)]
    found = find_clusters(texts)
    assert (len(found.clusters), found.is_clear) == (1, False)


def test_what_is_in_no_group_stands_at_the_end() -> None:
    strange = ["Zebra quilts hum.", "Violet tundra oxen", "xyzzy plugh frotz"]
    found = find_clusters(MIXED + strange)
    *groups, rest = found.clusters
    assert rest.is_rest
    assert set(rest.members) <= {len(MIXED), len(MIXED) + 1, len(MIXED) + 2}
    assert not any(one.is_rest for one in groups)


@pytest.mark.parametrize("texts", [[], ["one"], ["?"] * 30, ["same text"] * 30, [str(n) for n in range(30)]])
def test_few_equal_or_wordless_tasks_are_one_group(texts: list[str]) -> None:
    found = find_clusters(texts)
    assert sum(len(one.members) for one in found.clusters) == len(texts)


@at_most(25)
@given(st.lists(st.text(max_size=30), max_size=60), st.none() | st.integers(1, 9))
def test_every_text_is_in_exactly_one_group(texts: list[str], groups: int | None) -> None:
    found = find_clusters(texts, groups)
    members = sorted(member for one in found.clusters for member in one.members)
    assert members == list(range(len(texts)))
    for one in found.clusters:
        assert set(one.examples) <= set(one.members)
