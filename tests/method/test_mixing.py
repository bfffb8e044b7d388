"""The mix of a snapshot: shares, caps, lengths and learnable tasks, each counted."""

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.method.fitness import Unfit
from orca_desk.method.mixing import GroupMix, Mix, MixCandidate, SolveRate, mix, shares
from orca_desk.method.snapshot_rules import Balance, Learnable, SnapshotRules


def candidates(**families: int) -> list[MixCandidate]:
    """That many candidates of each family, one after the other in turns."""
    names = [(place, family) for family, n in families.items() for place in range(n)]
    return [
        MixCandidate(n=n, question=f"q{n}", family=family, strategy="direct", tokens=10 + place)
        for n, (place, family) in enumerate(sorted(names))
    ]


def mixed(some: list[MixCandidate], **rules: Any) -> Mix:
    return mix(some, SnapshotRules(**rules))


def families_of(some: list[MixCandidate], found: Mix) -> Counter[str]:
    taken = set(found.taken)
    return Counter(one.family for one in some if one.n in taken)


def test_without_rules_everything_gets_in_in_order() -> None:
    some = candidates(a=3, b=2)
    assert mixed(some).taken == tuple(range(5))
    assert mixed([]) == Mix(taken=(), left_out={}, groups=(), long_over={})


def test_even_shares_are_those_of_the_smallest_family_which_is_named() -> None:
    some = candidates(a=10, b=4, c=7)
    found = mixed(some, balance=Balance())
    assert families_of(some, found) == {"a": 4, "b": 4, "c": 4}
    assert found.limited_by == "b"
    assert Counter(found.left_out.values()) == {Unfit.OVER_SHARE: 9}
    assert list(found.taken) == sorted(found.taken)


def test_with_a_total_a_small_family_leaves_its_part_empty() -> None:
    some = candidates(a=10, b=2, c=10)
    found = mixed(some, balance=Balance(), total=15)
    assert found.groups == (
        GroupMix(name="a", available=10, asked=5, taken=5),
        GroupMix(name="b", available=2, asked=5, taken=2),
        GroupMix(name="c", available=10, asked=5, taken=5),
    )
    assert found.limited_by == ""


def test_square_root_lies_between_even_and_proportional() -> None:
    some = candidates(a=100, b=25)
    assert families_of(some, mixed(some, balance=Balance(targets="square-root"))) == {"a": 50, "b": 25}
    assert families_of(some, mixed(some, total=50)) == {"a": 40, "b": 10}


def test_weights_count_as_one_where_none_is_given_and_nothing_at_zero() -> None:
    some = candidates(a=10, b=10, c=10)
    balance = Balance(targets="weights", weights=(("a", 3.0), ("c", 0.0)))
    found = mixed(some, balance=balance, total=8)
    assert families_of(some, found) == {"a": 6, "b": 2}
    nothing = mixed(some, balance=Balance(targets="weights", weights=(("a", 0), ("b", 0), ("c", 0))))
    assert nothing.taken == ()
    with pytest.raises(UserError, match="weight -1 of a"):
        Balance(targets="weights", weights=(("a", -1),))
    with pytest.raises(UserError, match="weight nan of a"):
        Balance(targets="weights", weights=(("a", math.nan),))


def test_strategies_and_pairs_can_be_balanced() -> None:
    some = [
        MixCandidate(
            n=n, question=f"q{n}", family="ab"[n % 2], strategy="direct" if n < 6 else "step-by-step"
        )
        for n in range(10)
    ]
    over_strategies = mixed(some, balance=Balance(over="strategy"))
    assert [(group.name, group.taken) for group in over_strategies.groups] == [
        ("direct", 4),
        ("step-by-step", 4),
    ]
    pairs = mixed(some, balance=Balance(over="family-and-strategy"))
    assert {group.name: group.taken for group in pairs.groups} == {
        "a / direct": 2,
        "a / step-by-step": 2,
        "b / direct": 2,
        "b / step-by-step": 2,
    }


def test_a_cap_holds_before_the_shares() -> None:
    some = candidates(a=10, b=4)
    found = mixed(some, cap=5, total=6)
    assert families_of(some, found) == {"a": 3, "b": 3}
    assert Counter(found.left_out.values()) == {Unfit.OVER_CAP: 5, Unfit.OVER_SHARE: 3}


def test_at_most_a_share_of_long_answers_gets_in() -> None:
    some = candidates(a=20)  # of 10 to 29 tokens: the median is 19.5
    found = mixed(some, long_share=0.2)
    assert found.long_over == {"a": 19.5}
    assert (len(found.taken), found.long) == (12, 2)
    assert Counter(found.left_out.values()) == {Unfit.TOO_MANY_LONG: 8}
    assert mixed(some, long_share=0.0, long_over=25).taken == tuple(range(16))
    some = [replace(one, counted=one.n > 2) for one in some]
    assert (mixed(some, long_share=0.2).uncounted, mixed(some).uncounted) == (3, 0)


def test_the_share_of_long_answers_holds_over_strategies_that_differ_in_length() -> None:
    some = [
        MixCandidate(n=n, question=f"q{n}", family="a", strategy="x" if n < 70 else "y", tokens=n // 70)
        for n in range(100)
    ]
    found = mixed(some, balance=Balance(over="strategy"), long_share=0.3, total=60)
    assert found.long_over == {"a": 0}
    assert [(group.asked, group.taken) for group in found.groups] == [(30, 30), (30, 12)]
    assert (found.long, len(found.taken)) == (12, 42)
    assert Counter(found.left_out.values()) == {Unfit.OVER_SHARE: 40, Unfit.TOO_MANY_LONG: 18}


def test_tasks_that_the_student_solves_always_or_never_are_left_out() -> None:
    rates = [SolveRate(0, 4), SolveRate(4, 4), SolveRate(2, 4), None]
    some = [
        MixCandidate(n=n, question=f"q{n}", family="a", strategy="direct", rate=rate)
        for n, rate in enumerate(rates)
    ]
    found = mixed(some, learnable=Learnable(base="model"))
    assert (found.taken, found.unmeasured) == ((2, 3), 1)
    assert found.left_out == {0: Unfit.NEVER_SOLVED, 1: Unfit.ALWAYS_SOLVED}
    assert mixed(some, learnable=Learnable(base="model", drop_never=False)).taken == (0, 2, 3)
    assert found.asked_once == 0


def test_tasks_left_out_by_one_answer_each_are_counted() -> None:
    some = [
        MixCandidate(n=n, question=f"q{n}", family="a", strategy="direct", rate=SolveRate(n % 2, 1))
        for n in range(4)
    ]
    found = mixed(some, learnable=Learnable(base="model"))
    assert (found.taken, found.asked_once) == ((), 4)
    assert mixed(some, learnable=Learnable(base="model", drop_never=False)).asked_once == 2
    assert mixed(some).asked_once == 0


def test_overlapping_questions_are_refused_unless_the_user_takes_them() -> None:
    some = [
        MixCandidate(n=n, question=f"q{n}", family="a", strategy="direct", overlap=kind)
        for n, kind in enumerate((None, "exact", "near"))
    ]
    refused = mixed(some)
    assert refused.taken == (0,)
    assert refused.left_out == {1: Unfit.OVERLAP, 2: Unfit.NEAR_OVERLAP}
    assert mixed(some, overlap="allow-near").taken == (0, 2)
    assert mixed(some, overlap="allow").taken == (0, 1, 2)
    assert mixed(some, overlaps_taken=("q1",)).taken == (0, 1)


def test_rules_come_back_from_json_and_earlier_ones_checked_no_overlap() -> None:
    import dataclasses
    import json

    rules = SnapshotRules(
        families=("a",),
        balance=Balance(targets="weights", weights=(("a", 2.0),)),
        learnable=Learnable(base="model", drop_always=False),
        overlaps_taken=("q",),
        long_share=0.25,
    )
    assert SnapshotRules.from_json(json.loads(json.dumps(dataclasses.asdict(rules)))) == rules
    old = SnapshotRules.from_json({"only_correct": True, "cap": 3, "families": None, "runs": ["generate-1"]})
    assert old == SnapshotRules(cap=3, runs=("generate-1",), overlap="allow", per_task=None)


RECORDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(1, 60)), min_size=1, max_size=60
)
RULES = st.fixed_dictionaries({
    "cap": st.none() | st.integers(1, 20),
    "total": st.none() | st.integers(1, 60),
    "long_share": st.none() | st.floats(0, 1),
    "long_over": st.none() | st.integers(1, 60),
    "balance": st.none()
    | st.builds(
        Balance,
        over=st.sampled_from(["family", "strategy", "family-and-strategy"]),
        targets=st.sampled_from(["even", "square-root", "proportional", "weights"]),
        weights=st.just((("a", 2.0), ("x", 0.5))),
    ),
})  # fmt: skip


@given(records=RECORDS, rules=RULES)
def test_every_record_is_taken_or_left_out_and_every_limit_holds(
    records: list[tuple[str, str, int]], rules: dict[str, Any]
) -> None:
    some = [
        MixCandidate(n=n, question=f"q{n}", family=family, strategy=strategy, tokens=tokens)
        for n, (family, strategy, tokens) in enumerate(records)
    ]
    found = mixed(some, **rules)
    assert sorted([*found.taken, *found.left_out]) == list(range(len(some)))
    assert list(found.taken) == sorted(found.taken)
    counts = families_of(some, found)
    assert rules["cap"] is None or all(n <= rules["cap"] for n in counts.values())
    assert rules["total"] is None or len(found.taken) <= rules["total"]
    for group in found.groups:
        assert group.taken <= min(group.available, group.asked or 0)
    if rules["long_share"] is not None:
        assert found.long <= rules["long_share"] * len(found.taken) + 1e-6


@given(
    counts=st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 500), min_size=1),
    total=st.none() | st.integers(1, 600),
    targets=st.sampled_from(["even", "square-root", "proportional"]),
)
def test_shares_sum_to_the_total(counts: dict[str, int], total: int | None, targets: Any) -> None:
    asked, _ = shares(counts, Balance(targets=targets), total)
    assert total is None or sum(asked.values()) == total
    if total is None:
        assert all(asked[name] <= n for name, n in counts.items())
