"""The mix of a snapshot: which of the fit records get in, so that the shares that were asked for come out.

Small students learn better from short chains of thought, and best from mostly short ones with some long
(Li et al., arXiv 2502.12143): hence a maximum share of long answers. A task that the student solves always
teaches it little, and one that it never solves is often out of its reach (rejection sampling that drops both:
Xiong et al., arXiv 2504.11343). Everything here is a pure function of its arguments; nothing is drawn at
random: of equal candidates the first are taken, and their ids are hashes.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from orca_desk.method.fitness import Unfit
from orca_desk.method.snapshot_rules import Balance, Learnable, SnapshotRules

SOLVED = frozenset({Unfit.ALWAYS_SOLVED, Unfit.NEVER_SOLVED})
OverlapKind = Literal["exact", "near"]


@dataclass(frozen=True)
class SolveRate:
    """How many of the student's answers to a task were correct before any training."""

    correct: int
    n: int


@dataclass(frozen=True, kw_only=True)
class MixCandidate:
    """A fit record. `question` is the key of what was asked.

    The `tokens` of its answer are an estimate unless they were `counted`. `rate` is None where nobody
    measured it.
    """

    n: int
    question: str
    family: str
    strategy: str
    tokens: float = 0.0
    counted: bool = True
    rate: SolveRate | None = None
    overlap: OverlapKind | None = None


@dataclass(frozen=True, kw_only=True)
class GroupMix:
    """A family, a strategy or a pair of both: how many records there were, were asked for, and got in.

    `asked` is None where no share was asked for.
    """

    name: str
    available: int
    asked: int | None
    taken: int


@dataclass(frozen=True, kw_only=True)
class Mix:
    """The records that got in, in the order in which they came, and why the others did not.

    `limited_by` is the group that has too few records for its share, and so limits all the others. `long` of
    the taken answers are long; `long_over` is the number of tokens by family above which an answer is long.
    The tokens of `uncounted` of the taken answers were estimated, and `unmeasured` of the taken records are
    of tasks whose solve rate was not measured. `asked_once` of those left out, as always or never solved, are
    of tasks to which there is one answer alone.
    """

    taken: tuple[int, ...]
    left_out: Mapping[int, Unfit]
    groups: tuple[GroupMix, ...]
    limited_by: str = ""
    long: int = 0
    long_over: Mapping[str, float]
    uncounted: int = 0
    unmeasured: int = 0
    asked_once: int = 0


def mix(candidates: Sequence[MixCandidate], rules: SnapshotRules) -> Mix:
    """Choose from fit records, in their order, as `rules` ask for."""
    left_out: dict[int, Unfit] = {}

    def drop(some: Iterable[MixCandidate], reason: Unfit) -> None:
        left_out.update((one.n, reason) for one in some)

    pool: list[MixCandidate] = []
    for one in candidates:
        if reason := _why_not(one, rules):
            left_out[one.n] = reason
        else:
            pool.append(one)
    limits = _long_limits(pool, rules)

    def is_long(one: MixCandidate) -> bool:
        return one.tokens > limits.get(one.family, math.inf)

    capped: list[MixCandidate] = []
    for of_family in _grouped(pool, lambda one: one.family).values():
        order, long = _short_first(of_family, is_long, rules.long_share)
        drop(long, Unfit.TOO_MANY_LONG)
        drop(order[rules.cap :] if rules.cap is not None else (), Unfit.OVER_CAP)
        capped += order[: rules.cap]
    balance = rules.balance
    if balance is None and rules.total is not None:
        balance = Balance(targets="proportional")
    taken = {one.n for one in capped}
    groups: tuple[GroupMix, ...] = ()
    limited_by = ""
    if balance is not None:
        asked, limited_by, members, surplus = _balanced(pool, capped, balance, rules, is_long)
        drop(surplus, Unfit.OVER_SHARE)
        long = _surplus_long(members, is_long, rules.long_share)
        drop(long, Unfit.TOO_MANY_LONG)
        taken -= {one.n for one in (*surplus, *long)}
        groups = _account(pool, taken, balance, asked)
    inside = [one for one in pool if one.n in taken]
    return Mix(
        taken=tuple(one.n for one in inside),
        left_out=left_out,
        groups=groups,
        limited_by=limited_by,
        long=sum(map(is_long, inside)),
        long_over=limits,
        uncounted=sum(not one.counted for one in inside) if rules.long_share is not None else 0,
        unmeasured=sum(one.rate is None for one in inside) if rules.learnable else 0,
        asked_once=sum(
            one.rate is not None and one.rate.n == 1 and left_out.get(one.n) in SOLVED for one in candidates
        ),
    )


def group_name(over: str, family: str, strategy: str) -> str:
    """Return the name of the group that a record of this family and strategy is in."""
    return {"family": family, "strategy": strategy}.get(over, f"{family} / {strategy}")


def _why_not(one: MixCandidate, rules: SnapshotRules) -> Unfit | None:
    if one.overlap and one.question not in rules.overlaps_taken:
        if one.overlap == "exact" and rules.overlap != "allow":
            return Unfit.OVERLAP
        if one.overlap == "near" and rules.overlap == "refuse":
            return Unfit.NEAR_OVERLAP
    return _why_not_learnable(one.rate, rules.learnable) if rules.learnable and one.rate else None


def _why_not_learnable(rate: SolveRate, rule: Learnable) -> Unfit | None:
    if rule.drop_always and rate.correct == rate.n:
        return Unfit.ALWAYS_SOLVED
    return Unfit.NEVER_SOLVED if rule.drop_never and rate.correct == 0 else None


def _long_limits(pool: Sequence[MixCandidate], rules: SnapshotRules) -> dict[str, float]:
    """Return by family the number of tokens above which an answer is long; nothing without a rule."""
    if rules.long_share is None:
        return {}
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for one in pool:
        lengths[one.family].append(one.tokens)
    if rules.long_over is not None:
        return dict.fromkeys(sorted(lengths), rules.long_over)
    return {family: median(tokens) for family, tokens in sorted(lengths.items())}


def _short_first(
    some: Sequence[MixCandidate], is_long: Callable[[MixCandidate], bool], share: float | None
) -> tuple[list[MixCandidate], list[MixCandidate]]:
    """Return an order in which every beginning has at most `share` long answers, and the long ones left over.

    Within that limit the order is the one given.
    """
    if share is None:
        return list(some), []
    order: list[MixCandidate] = []
    waiting: list[MixCandidate] = []
    long = used = 0
    for one in some:
        if is_long(one):
            waiting.append(one)
        else:
            order.append(one)
        while used < len(waiting) and long + 1 <= share * (len(order) + 1) + 1e-9:
            order.append(waiting[used])
            used, long = used + 1, long + 1
    return order, waiting[used:]


def _balanced(
    pool: Sequence[MixCandidate],
    capped: Sequence[MixCandidate],
    balance: Balance,
    rules: SnapshotRules,
    is_long: Callable[[MixCandidate], bool],
) -> tuple[dict[str, int], str, list[list[MixCandidate]], list[MixCandidate]]:
    """Return what each group is asked for, the group that limits the others, the members, and the surplus."""
    places = {one.n: place for place, one in enumerate(pool)}
    groups = _grouped(sorted(capped, key=lambda one: places[one.n]), _name_by(balance))
    asked, limited_by = shares({name: len(some) for name, some in groups.items()}, balance, rules.total)
    members: list[list[MixCandidate]] = []
    surplus: list[MixCandidate] = []
    for name in sorted(groups):
        order, rest = _short_first(groups[name], is_long, rules.long_share)
        order += rest  # a strategy may have none but long answers: they are counted over all groups
        members.append(order[: asked[name]])
        surplus += order[asked[name] :]
    return asked, limited_by, members, surplus


def _surplus_long(
    members: Sequence[Sequence[MixCandidate]], is_long: Callable[[MixCandidate], bool], share: float | None
) -> list[MixCandidate]:
    """Return the long answers by which all groups together exceed `share`, from those with most of them."""
    ranked = [
        (-rank, place, one)
        for place, some in enumerate(members)
        for rank, one in enumerate(filter(is_long, some))
    ]
    if share is None or share >= 1:
        return []
    # Each one that goes makes the whole smaller, too
    excess = (len(ranked) - share * sum(map(len, members))) / (1 - share)
    ranked.sort(key=lambda each: each[:2])
    return [one for _, _, one in ranked[: max(0, math.ceil(excess - 1e-9))]]


def _account(
    pool: Sequence[MixCandidate], taken: set[int], balance: Balance, asked: Mapping[str, int]
) -> tuple[GroupMix, ...]:
    name_of = _name_by(balance)
    available = Counter(map(name_of, pool))
    inside = Counter(name_of(one) for one in pool if one.n in taken)
    return tuple(
        GroupMix(name=name, available=n, asked=asked.get(name, 0), taken=inside[name])
        for name, n in sorted(available.items())
    )


def _name_by(balance: Balance) -> Callable[[MixCandidate], str]:
    return lambda one: group_name(balance.over, one.family, one.strategy)


def shares(counts: Mapping[str, int], balance: Balance, total: int | None) -> tuple[dict[str, int], str]:
    """Return how many records each group is asked for, and the group that limits the others, or "".

    With a `total`, a group that has too few records leaves its part of it empty: the others keep their
    shares. Without one, the total is the largest that all groups can meet.
    """
    weights = _weights({name: n for name, n in counts.items() if n}, balance)
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(counts, 0), ""
    limited_by = ""
    if total is None:
        limit, limited_by = min(
            (counts[name] * whole / weight, name) for name, weight in weights.items() if weight
        )
        if balance.targets == "proportional":
            limited_by = ""
        total = math.floor(limit + 1e-9)
        exact = {name: total * weight / whole for name, weight in weights.items()}
        # The largest total may not divide evenly: no group is asked for more than it has
        return {name: min(counts[name], n) for name, n in _rounded(exact, total).items()}, limited_by
    exact = {name: total * weight / whole for name, weight in weights.items()}
    return _rounded(exact, total), limited_by


def _weights(counts: Mapping[str, int], balance: Balance) -> dict[str, float]:
    given = dict(balance.weights)
    by_target: dict[str, Callable[[str, int], float]] = {
        "even": lambda name, n: 1.0,
        "square-root": lambda name, n: math.sqrt(n),
        "proportional": lambda name, n: float(n),
        "weights": lambda name, n: given.get(name, 1.0),
    }
    return {name: by_target[balance.targets](name, n) for name, n in counts.items()}


def _rounded(exact: Mapping[str, float], total: int) -> dict[str, int]:
    """Round to whole numbers that sum to `total`: the largest remainders are rounded up."""
    found = {name: math.floor(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in by_remainder[: max(0, total - sum(found.values()))]:
        found[name] += 1
    return found


def _grouped(
    some: Iterable[MixCandidate], key: Callable[[MixCandidate], str]
) -> dict[str, list[MixCandidate]]:
    groups: defaultdict[str, list[MixCandidate]] = defaultdict(list)
    for one in some:
        groups[key(one)].append(one)
    return dict(groups)
