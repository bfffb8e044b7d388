"""Pairing: which strategy each family of tasks gets, decided by measured outcomes alone.

The rule, for one family:

1. A strategy is *not worse* than another if a one-sided test on the tasks that both answered rejects that it
   is worse by the margin (0.05: 5 of 100 tasks) or more. This is a test of non-inferiority: that a small
   probe found no difference is no evidence that there is none. `statistics.paired_gap` has the test.
2. It is not worse than the *best* if it is so towards every other strategy, whichever of them is the best:
   its p-value is its largest (an intersection-union test: Berger, Technometrics 24, 1982, 295-300).
3. These p-values are adjusted for the number of strategies by Holm's method with Shaffer's factors (Journal
   of the American Statistical Association 81, 1986, 826-831): about the best strategy there is nothing to
   reject falsely, so at most all but one can be. The chance that a family gets a strategy that is worse than
   its best by the margin is then at most 1 - confidence (0.15).
4. Of the strategies that are not worse than the best, the one with the fewest answer tokens is chosen (ties:
   accuracy, name). One that got nothing right is never chosen: being short is no merit then.
5. Where none is shown to be so, there is **no choice**: the decision says how many more tasks would probably
   settle it, and the family keeps the strategy that it had. Where no strategy got a single task right, there
   is no evidence at all: a stronger teacher is needed, or easier tasks.

Why 0.05 and 0.85: on 14 BIG-Bench-Hard families, chosen on a random half and scored on the other, every
margin from 0.03 to 0.1 with a confidence from 0.75 to 0.95 beat always answering step by step. Smaller
margins and higher confidence leave more families without a choice (0.6 of 14 here); larger margins cost
accuracy where a direct answer is slightly worse. `python -m benchmarks.choosing` prints the figures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from math import inf
from typing import Any, Protocol

from orca_desk.errors import UserError
from orca_desk.method.evidence import Basis, Evidence, Trial, gap, measure, most_accurate, shared_tasks
from orca_desk.method.records import Task
from orca_desk.method.statistics import Gap, step_down

__all__ = [
    "Basis",
    "ChoiceRule",
    "Decision",
    "Evidence",
    "HasStrategy",
    "Pairing",
    "PairingReason",
    "Standing",
    "Trial",
    "choose",
    "decide",
    "measure",
    "most_accurate",
    "strategy_for",
]
LIKELY = 0.8  # the chance with which as many more answers as are named settle a choice
LEAST_TASKS = 4  # fewer decide nothing: two tasks of two are luck too often for the test


@dataclass(frozen=True, kw_only=True)
class ChoiceRule:
    """By how much (of all tasks) a chosen strategy may be worse than the best, and how surely it is not."""

    margin: float = 0.05
    confidence: float = 0.85

    def __post_init__(self) -> None:
        if not 0 <= self.margin < 1 or not 0.5 <= self.confidence < 1:
            raise ValueError(f"no rule: margin {self.margin}, confidence {self.confidence}")

    @property
    def alpha(self) -> float:
        """The chance of a false choice that the rule allows."""
        return 1 - self.confidence

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ChoiceRule":
        """Return the rule that details of a decision name; the usual one where they name none."""
        return cls(**{name: stored[name] for name in ("margin", "confidence") if name in stored})


class HasStrategy(Protocol):
    """Anything with a strategy for a family: a Pairing, or a pairing as the library stores it."""

    @property
    def strategy(self) -> str: ...


class PairingReason(StrEnum):
    """Why a family has its strategy, or gets none. The values are stored."""

    BEST = "best"  # of several measured strategies
    ONLY = "only"  # one that was measured
    SHORTEST = "shortest"  # of those that are not worse than the best
    NONE_CORRECT = "none-correct"  # no choice: nothing was right (an older Orca Desk took the shortest)
    OPEN = "open"  # no choice: too few answers to tell
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


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How surely a strategy is not worse than the best: `p`, and that adjusted for the number of strategies.

    `rival` is the strategy that it is hardest to tell from: the strategy's share less the rival's is
    `difference`, in the 95% interval `low`..`high`, over `tasks` that both answered (not `paired`: they share
    none, and are compared by counts).
    """

    strategy: str
    p: float
    adjusted_p: float
    not_worse: bool
    rival: str
    difference: float
    low: float
    high: float
    tasks: int
    paired: bool


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the evidence says about a family: its strategy, or None and why.

    `leader` is the most accurate strategy, whether or not it is chosen. Without a choice, `more_answers` are
    the tasks that each strategy still has to answer for a choice, probably, the same for all of them as far
    as possible; empty: no number of tasks would settle it.
    """

    family: str
    strategy: str | None
    reason: PairingReason
    leader: str
    evidence: tuple[Evidence, ...]
    standings: tuple[Standing, ...] = ()
    more_answers: Mapping[str, int] = field(default_factory=dict)
    rule: ChoiceRule = field(default_factory=ChoiceRule)

    @property
    def details(self) -> dict[str, Any]:
        """What the decision is stored with, as JSON: the rule and the comparisons."""
        return {
            **asdict(self.rule),
            "leader": self.leader,
            "more_tasks": self.more_tasks,
            "more_answers": dict(self.more_answers),
            "standings": [asdict(one) for one in self.standings],
        }

    @property
    def basis(self) -> Basis:
        """What the answers were judged by."""
        return self.evidence[0].basis

    @property
    def more_tasks(self) -> int | None:
        """The most tasks that one strategy still has to answer for a choice; None: no number settles it."""
        return max(self.more_answers.values(), default=None)

    @property
    def pairing(self) -> Pairing | None:
        """The decision as a pairing; None without a choice."""
        if self.strategy is None:
            return None
        return Pairing(family=self.family, strategy=self.strategy, evidence=self.evidence, reason=self.reason)


def decide(evidence: Iterable[Evidence], rule: ChoiceRule | None = None) -> dict[str, Decision]:
    """Decide each family's strategy by the rule above; the order of `evidence` does not matter.

    Raises ValueError if a strategy's evidence for a family comes twice, and for evidence of different bases
    in one family.
    """
    families: dict[str, list[Evidence]] = defaultdict(list)
    for item in evidence:
        families[item.family].append(item)
    return {family: decide_family(families[family], rule or ChoiceRule()) for family in sorted(families)}


def choose(evidence: Iterable[Evidence], rule: ChoiceRule | None = None) -> dict[str, Pairing]:
    """Return the pairings of those families for which the evidence decides. Raises ValueError as `decide`."""
    decided = decide(evidence, rule).items()
    return {family: decision.pairing for family, decision in decided if decision.pairing}


def decide_family(evidence: Sequence[Evidence], rule: ChoiceRule) -> Decision:
    """Decide one family's strategy, by evidence of at least one. Raises ValueError as `decide` does."""
    ordered = tuple(sorted(evidence, key=lambda item: item.strategy))
    family, leader = ordered[0].family, most_accurate(ordered).strategy
    if len({item.strategy for item in ordered}) != len(ordered):
        raise ValueError(f"evidence for a strategy comes twice in {family}")
    if len({item.basis for item in ordered}) > 1:
        raise ValueError(f"evidence of different bases in {family}")
    decided = Decision(
        family=family,
        strategy=None,
        reason=PairingReason.NONE_CORRECT,
        leader=leader,
        evidence=ordered,
        rule=rule,
    )
    if not any(item.correct for item in ordered):
        return decided
    if len(ordered) == 1:
        return replace(decided, strategy=leader, reason=PairingReason.ONLY)
    standings = standings_of(ordered, rule)
    good = {one.strategy for one in standings if one.not_worse}
    candidates = [item for item in ordered if item.correct and item.strategy in good]
    if not candidates:
        more = _more_answers(ordered, rule)
        return replace(decided, reason=PairingReason.OPEN, standings=standings, more_answers=more)
    chosen = min(candidates, key=lambda item: (item.mean_tokens, -item.accuracy, item.strategy))
    reason = PairingReason.BEST if chosen.strategy == leader else PairingReason.SHORTEST
    return replace(decided, strategy=chosen.strategy, reason=reason, standings=standings)


def standings_of(evidence: Sequence[Evidence], rule: ChoiceRule) -> tuple[Standing, ...]:
    """Return how surely each of at least two strategies is not worse than the best of them."""
    hardest = [_hardest(item, evidence, rule.margin) for item in evidence]
    n = len(evidence)
    adjusted = step_down([p for p, _, _ in hardest], [n - 1, *range(n - 1, 0, -1)])
    found = []
    for item, (p, rival, distance), corrected in zip(evidence, hardest, adjusted, strict=True):
        low, high = distance.interval()
        found.append(
            Standing(
                strategy=item.strategy,
                p=p,
                adjusted_p=corrected,
                not_worse=corrected <= rule.alpha,
                rival=rival.strategy,
                difference=distance.difference,
                low=low,
                high=high,
                tasks=distance.n,
                paired=shared_tasks(item, rival) > 0,
            )
        )
    return tuple(found)


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


def _hardest(item: Evidence, evidence: Sequence[Evidence], margin: float) -> tuple[float, Evidence, Gap]:
    """Return the largest p-value that `item` is worse than another by `margin`, with that other and gap."""
    compared = [(other, gap(item, other)) for other in evidence if other is not item]
    tests = [
        (distance.p_not_above(-margin) if distance.n >= LEAST_TASKS else 1.0, other, distance)
        for other, distance in compared
    ]
    return max(tests, key=lambda test: (test[0], test[1].strategy))


def _more_answers(evidence: Sequence[Evidence], rule: ChoiceRule) -> dict[str, int]:
    """Return how many more tasks each strategy has to answer until, probably, one is shown to be not worse.

    Empty if no number of tasks would show it. All answer as many of the same tasks as are needed, those first
    that most strategies have answered.
    """
    others = len(evidence) - 1
    level, power = rule.alpha / others, 1 - (1 - LIKELY) / others  # towards all the others at once
    needed = min(
        max(
            gap(item, other).tasks_to_show_above(-rule.margin, level, power)
            for other in evidence
            if other is not item
        )
        for item in evidence
        if item.correct
    )
    if needed == inf:
        return {}
    wanted = max(int(needed), LEAST_TASKS)
    answered = Counter(task for item in evidence for task, _ in item.outcomes)
    if not answered:
        return {item.strategy: max(1, wanted - item.tasks) for item in evidence}
    common = {task for task, _ in answered.most_common(wanted)}
    more = {item.strategy: wanted - sum(task in common for task, _ in item.outcomes) for item in evidence}
    return more if any(more.values()) else dict.fromkeys(more, 1)
