"""The tournament of a family: its strategies answer more and more tasks, until the answers decide.

All strategies answer the first 8 tasks. Then, and after every look when there are about half as many more,
the answers are looked at. A strategy leaves if another is clearly better, or if the shortest one still in is
shown not to be worse than it by the margin; the family is done as soon as the rule of `pairing.py` chooses.
So easy families take few answers, and those whose ranking is open take the rest (successive elimination:
Even-Dar, Mannor and Mansour, Journal of Machine Learning Research 7, 2006, 1079-1105).

Who looks often finds something by luck. So each look has its own level (`sequential.py`), and together they
allow as much as the rule does: a chance of 1 - confidence of a false choice. Where the budget ends first, the
last look has what the looks before have left. A family that got no choice and is measured again with more
tasks has used its chance: every further measurement gets half of what the one before had.

A state is a pure function of the answers: after a crash it comes out the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from orca_desk.method.evidence import Basis, Evidence, Trial, gap, measure, most_accurate, tried_under_all
from orca_desk.method.pairing import (
    LEAST_TASKS,
    ChoiceRule,
    Decision,
    PairingReason,
    decide_family,
    standings_of,
)
from orca_desk.method.sequential import Looks, plan_looks

FIRST = 8  # tasks before the first look
LOOKS = (FIRST, 16, *(size for n in range(10) for size in (24 << n, 32 << n)))  # tasks
HOPELESS = 32  # tasks without any right answer, after which a family is given up
End = Literal["chosen", "out of tasks", "out of budget", "nothing right", "nothing graded"]
Tried = Mapping[tuple[str, str], Sequence[Trial]]


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Why a strategy left, after how many tasks: `rival` is clearly better, or shorter and not worse."""

    tasks: int
    rival: str
    why: Literal["worse", "longer"]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One family's tournament: its tasks in the order in which they are asked, and who takes part.

    `earlier` counts the measurements that ended without a choice before this one.
    """

    family: str
    tasks: Sequence[str]
    strategies: Sequence[str]
    rule: ChoiceRule = field(default_factory=ChoiceRule)
    basis: Basis = Basis.REFERENCE
    earlier: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """After how many tasks the answers are looked at; the last is at the end of the tasks."""
        return (*(size for size in LOOKS if size < len(self.tasks)), len(self.tasks))

    @property
    def comparisons(self) -> int:
        """How many other strategies could each be the better one: they share the chance of a false choice."""
        return max(1, len(self.strategies) - 1)

    @property
    def looks(self) -> Looks:
        """The level of one comparison at each look."""
        return plan_looks(self.rule.alpha * 0.5**self.earlier / self.comparisons, self.sizes)

    def level(self, size: int) -> float:
        """Return the level of one comparison at the look after so many tasks."""
        return self.looks.levels[self.sizes.index(size)]

    def level_left(self, size: int) -> float:
        """Return the level of one comparison at a last look that comes before the one after so many tasks."""
        taken = self.sizes.index(size)
        left = self.rule.alpha * 0.5**self.earlier / self.comparisons
        return left - self.looks.spent[taken - 1] if taken else left

    def rule_at(self, level: float) -> ChoiceRule:
        """Return the rule for a look with this level of one comparison."""
        return replace(self.rule, confidence=1 - min(0.5, level * self.comparisons))


@dataclass(frozen=True, kw_only=True)
class ContestState:
    """How a contest stands: who is still in, who left and why, and what is to be asked until the next look.

    `evidence` is of the tasks that all who are still in answered, and of those that left until they did.
    `decision` and `end` are there once it is over; no decision if not one answer had a verdict.
    """

    family: str
    open: tuple[str, ...]
    left: Mapping[str, Leaving]
    look: int
    wanted: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]
    decision: Decision | None = None
    end: End | None = None


def standing(contest: Contest, tried: Tried) -> ContestState:
    """Return how a contest stands by the answers so far.

    `tried` has the graded answers by (task, strategy), for those pairs that were asked as often as wanted; an
    answer without a verdict is not among them.
    """
    state = ContestState(
        family=contest.family,
        open=tuple(sorted(contest.strategies)),
        left={},
        look=0,
        wanted=(),
        evidence=(),
    )
    for size in contest.sizes:
        tasks = contest.tasks[:size]
        wanted = tuple((task, name) for task in tasks for name in state.open if (task, name) not in tried)
        state = replace(_with_evidence(contest, state, tasks, tried), look=size, wanted=wanted)
        if wanted:
            return state
        if size < contest.sizes[-1]:
            state = _looked_at(contest, state, tried)
            if state.end is not None:
                return state
    last = contest.rule_at(contest.level(contest.sizes[-1]))
    return _ended(contest, state, last, "out of tasks")


def concluded(contest: Contest, state: ContestState, tried: Tried) -> ContestState:
    """Return the state of a contest for which nothing more is asked: its last look is at what there is."""
    if state.end is not None:
        return state
    last = contest.rule_at(contest.level_left(state.look))
    state = _with_evidence(contest, state, contest.tasks[: state.look], tried)
    return _ended(contest, state, last, "out of budget")


def _looked_at(contest: Contest, state: ContestState, tried: Tried) -> ContestState:
    """Return the state after a look on the way."""
    evidence = _still_in(state)
    if len(evidence) < len(state.open) or evidence[0].tasks < LEAST_TASKS:
        return state  # too few verdicts
    level = contest.level(state.look)
    rule = contest.rule_at(level)
    if not any(item.correct for item in evidence):
        return _ended(contest, state, rule, "nothing right") if state.look >= HOPELESS else state
    leaving = _leaving(evidence, level, contest.rule.margin)
    state = replace(
        state,
        open=tuple(name for name in state.open if name not in leaving),
        left={**state.left, **leaving},
    )
    state = _with_evidence(contest, state, contest.tasks[: state.look], tried)
    if decide_family(_still_in(state), rule).strategy is None:
        return state
    return _ended(contest, state, rule, "chosen")


def _leaving(evidence: Sequence[Evidence], level: float, margin: float) -> dict[str, Leaving]:
    """Return which strategies leave: what is worse than another, and what is longer than one as good."""
    found: dict[str, Leaving] = {}
    for item in evidence:
        tests = [(gap(other, item).p_not_above(0), other.strategy) for other in evidence if other is not item]
        if tests and min(tests)[0] <= level:
            found[item.strategy] = Leaving(tasks=item.tasks, rival=min(tests)[1], why="worse")
    still = [item for item in evidence if item.correct and item.strategy not in found]
    shortest = min(still, key=lambda item: (item.mean_tokens, item.strategy))
    for item in evidence:
        if item is shortest or item.strategy in found:
            continue
        if gap(shortest, item).p_not_above(-margin) <= level:
            found[item.strategy] = Leaving(tasks=item.tasks, rival=shortest.strategy, why="longer")
    return found


def _with_evidence(contest: Contest, state: ContestState, tasks: Sequence[str], tried: Tried) -> ContestState:
    """Return the state with the evidence of those still in, on the tasks tried under all of them."""
    trials = [trial for task in tasks for name in state.open for trial in tried.get((task, name), ())]
    evidence = measure(tried_under_all(trials, state.open), contest.basis)
    gone = tuple(item for item in state.evidence if item.strategy in state.left)
    return replace(state, evidence=(*evidence, *gone))


def _still_in(state: ContestState) -> tuple[Evidence, ...]:
    return tuple(item for item in state.evidence if item.strategy in state.open)


def _ended(contest: Contest, state: ContestState, rule: ChoiceRule, end: End) -> ContestState:
    """Return a state with the decision by the evidence of those still in, beside what those that left did."""
    evidence = _still_in(state)
    if not evidence:
        return replace(state, wanted=(), end="nothing graded")
    decision = decide_family(evidence, rule)
    everyone = tuple(sorted(state.evidence, key=lambda item: item.strategy))
    shown = {one.strategy: one for one in standings_of(everyone, contest.rule)} if len(everyone) > 1 else {}
    for name in shown.keys() & state.left.keys():
        shown[name] = replace(shown[name], not_worse=False)
    if len(evidence) == 1:
        last = evidence[0].strategy
        shown = {name: replace(one, not_worse=name == last) for name, one in shown.items()}
    shown |= {one.strategy: one for one in decision.standings}
    decision = replace(
        decision,
        reason=_reason(decision, everyone),
        leader=most_accurate(evidence).strategy,
        evidence=everyone,
        standings=tuple(shown[item.strategy] for item in everyone if item.strategy in shown),
        rule=contest.rule,
    )
    return replace(state, wanted=(), decision=decision, end=end)


def _reason(decision: Decision, everyone: Sequence[Evidence]) -> PairingReason:
    """Return why a strategy was chosen, or none, among all that took part."""
    if decision.strategy is None or len(everyone) == 1:
        return decision.reason
    is_best = most_accurate(everyone).strategy == decision.strategy
    return PairingReason.BEST if is_best else PairingReason.SHORTEST
