"""Pairing: which strategy each family of tasks gets, decided by measured outcomes alone.

The rule, for one family:

1. The *best* strategy has the highest accuracy in the probe (ties: fewer answer tokens, then the name).
2. Another is *worse* when it lost to the best by more than luck: one-sided exact McNemar test on the
   tasks that both answered, p <= 0.25; for strategies that share no task, Fisher's exact test.
3. Of the best and those not worse, the one with the fewest answer tokens is chosen (ties: accuracy, name).
   One that got nothing right is never chosen: being short is no merit then.
4. Where no strategy got a single task right, nothing was measured that tells them apart: no strategy is
   chosen. A stronger teacher is needed, or easier tasks.

Why 0.25 and not the usual 0.05: a probe has about 20 tasks, and with so few a strategy that loses five
of them to none lost back is the first that 0.05 tells apart. Cheapness must not win because the probe was
too small to object. At 0.25 two clear losses suffice, while one loss, or 4 against 2, counts as luck. On
14 BIG-Bench-Hard families (probes of 16 tasks, scored on the other half, 200 random probes) it reached
73.8% at 53 words an answer, against 74.7% at 65 words for the plain best and 70.1% at 37 for 0.05.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orca_desk.errors import UserError
from orca_desk.method.records import Task
from orca_desk.method.statistics import fisher_one_sided, mcnemar_one_sided

WORSE_AT = 0.25


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One probe answer: whether it is correct, and its number of tokens."""

    task_id: str
    family: str
    strategy: str
    correct: bool
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the probe measured for one strategy in one family.

    `outcomes` contains (task id, correct) per task, so that strategies are compared on the same tasks;
    without it (old or imported evidence) they are compared by their counts alone.
    """

    family: str
    strategy: str
    n: int
    correct: int
    mean_tokens: float
    outcomes: tuple[tuple[str, bool], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.n or self.n == 0:
            raise ValueError(f"no evidence: {self.correct} of {self.n} right")
        if self.outcomes and (len(self.outcomes), sum(right for _, right in self.outcomes)) != (
            self.n,
            self.correct,
        ):
            raise ValueError("the outcomes do not add up to n and correct")

    @property
    def accuracy(self) -> float:
        """The measured share of correct answers, 0 to 1."""
        return self.correct / self.n


class HasStrategy(Protocol):
    """Anything with a strategy for a family: a Pairing, or a pairing as the library stores it."""

    @property
    def strategy(self) -> str: ...


class PairingReason(StrEnum):
    """Why a family has its strategy. The values are stored with pairings."""

    BEST = "best"  # of several measured strategies
    ONLY = "only"  # one that was measured
    SHORTEST = "shortest"  # of those that are not clearly worse than the best
    NONE_CORRECT = "none-correct"  # so an older Orca Desk took the shortest
    BY_HAND = "by-hand"


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """The strategy of a family, with the evidence for every strategy measured, by name.

    `reason` is a PairingReason, or the sentence that an older Orca Desk stored.
    """

    family: str
    strategy: str
    evidence: tuple[Evidence, ...]
    reason: str


def measure(trials: Iterable[Trial]) -> tuple[Evidence, ...]:
    """Sum trials up, by family and strategy, in that order. Raises ValueError for a task tried twice."""
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.family, trial.strategy].append(trial)
    return tuple(_summed(groups[key]) for key in sorted(groups))


def tried_under_all(trials: Iterable[Trial], strategies: Collection[str]) -> list[Trial]:
    """Return the trials of those tasks that were tried under every one of `strategies`.

    A strategy that could not be tried on the long tasks would otherwise be measured on the short ones alone.
    """
    known = list(trials)
    tried: dict[str, set[str]] = defaultdict(set)
    for trial in known:
        tried[trial.task_id].add(trial.strategy)
    return [trial for trial in known if tried[trial.task_id].issuperset(strategies)]


def choose(evidence: Iterable[Evidence]) -> dict[str, Pairing]:
    """Choose each family's strategy by the rule above; the order of `evidence` does not matter.

    A family in which no strategy got a task right is left out. Raises ValueError if a strategy's evidence for
    a family comes twice.
    """
    families: dict[str, list[Evidence]] = defaultdict(list)
    for item in evidence:
        families[item.family].append(item)
    return {
        family: _pair(family, families[family])
        for family in sorted(families)
        if any(item.correct for item in families[family])
    }


def most_accurate(evidence: Iterable[Evidence]) -> Evidence:
    """Return the best strategy's evidence: the most accurate; ties: fewer tokens, then the name."""
    return min(evidence, key=lambda item: (-item.accuracy, item.mean_tokens, item.strategy))


def worse_by_chance(best: Evidence, other: Evidence) -> float:
    """Return the probability that chance alone makes `best` look at least this much better than `other`."""
    mine, theirs = dict(best.outcomes), dict(other.outcomes)
    shared = mine.keys() & theirs.keys()
    if not shared:
        return fisher_one_sided((best.correct, best.n), (other.correct, other.n))
    wins = sum(mine[task] and not theirs[task] for task in shared)
    losses = sum(theirs[task] and not mine[task] for task in shared)
    return mcnemar_one_sided(wins, losses)


def strategy_for(task: Task, pairings: Mapping[str, HasStrategy], default: str | None = None) -> str:
    """Return the task's strategy: its own override, else its family's pairing, else `default`.

    Raises UserError if there is none of these.
    """
    if task.strategy:
        return task.strategy
    if task.family in pairings:
        return pairings[task.family].strategy
    if default:
        return default
    raise UserError(
        f"The family {task.family!r} has no strategy yet.",
        "Measure its strategies, or choose one by hand.",
    )


def _summed(trials: list[Trial]) -> Evidence:
    first = trials[0]
    outcomes = tuple(sorted((trial.task_id, trial.correct) for trial in trials))
    if len(dict(outcomes)) != len(outcomes):
        raise ValueError(f"a task was tried twice with {first.strategy} in {first.family}")
    return Evidence(
        family=first.family,
        strategy=first.strategy,
        n=len(trials),
        correct=sum(trial.correct for trial in trials),
        mean_tokens=sum(trial.tokens for trial in trials) / len(trials),
        outcomes=outcomes,
    )


def _pair(family: str, evidence: list[Evidence]) -> Pairing:
    if len({item.strategy for item in evidence}) != len(evidence):
        raise ValueError(f"evidence for a strategy comes twice in {family}")
    ordered = tuple(sorted(evidence, key=lambda item: item.strategy))
    best = most_accurate(ordered)
    as_good = [
        item for item in ordered if item is best or (item.correct and worse_by_chance(best, item) > WORSE_AT)
    ]
    chosen = min(as_good, key=lambda item: (item.mean_tokens, -item.accuracy, item.strategy))
    return Pairing(
        family=family, strategy=chosen.strategy, evidence=ordered, reason=_reason(chosen, best, ordered)
    )


def _reason(chosen: Evidence, best: Evidence, measured: tuple[Evidence, ...]) -> PairingReason:
    if chosen is not best:
        return PairingReason.SHORTEST
    return PairingReason.BEST if len(measured) > 1 else PairingReason.ONLY
