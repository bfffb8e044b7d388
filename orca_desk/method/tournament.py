"""The tournament of a family: its strategies answer more and more tasks, until the answers decide.

All strategies answer the first 8 tasks. Then, and whenever the number of tasks has doubled, the answers are
looked at. A strategy leaves if another is clearly better, or if the shortest one still in is shown not to be
worse than it by the margin; the family is done as soon as the rule of `pairing.py` chooses. So easy families
take few answers, and those whose ranking is open take the rest (successive elimination: Even-Dar, Mannor and
Mansour, Journal of Machine Learning Research 7, 2006, 1079-1105).

Who looks often finds something by luck. So the chance of a false choice (1 - confidence) is shared out: half
of it among the looks on the way (`sequential.py` has their level), and half is for the last look, at the end
of the tasks or of the budget. A family that got no choice and is measured again with more tasks has had its
last look: every further one gets half of the share that the one before had.

A state is a pure function of the answers: after a crash it comes out the same.
"""

from collections.abc import Collection, Mapping, Sequence
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
from orca_desk.method.sequential import level_per_look

FIRST = 8  # tasks before the first look
LOOKS = tuple(FIRST * 2**n for n in range(12))
ON_THE_WAY = 0.5  # of the allowed chance of a false choice, for all looks before the last
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

    `ends` are the numbers of tasks at which earlier measurements had their last look.
    """

    family: str
    tasks: Sequence[str]
    strategies: Sequence[str]
    rule: ChoiceRule = field(default_factory=ChoiceRule)
    basis: Basis = Basis.REFERENCE
    ends: Collection[int] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """After how many tasks the answers are looked at; the last is at the end of the tasks."""
        return (*(size for size in LOOKS if size < len(self.tasks)), len(self.tasks))

    @property
    def level(self) -> float:
        """The level of one comparison at one look on the way."""
        comparisons = max(1, len(self.strategies) - 1)
        return level_per_look(self.rule.alpha * ON_THE_WAY / comparisons, len(self.sizes) - 1)

    @property
    def rule_on_the_way(self) -> ChoiceRule:
        """The rule at each look before the last."""
        comparisons = max(1, len(self.strategies) - 1)
        return replace(self.rule, confidence=1 - self.level * comparisons)

    def last_rule(self, tasks: int) -> ChoiceRule:
        """The rule at the last look, after so many tasks."""
        share = 1 - ON_THE_WAY if tasks > FIRST else 1.0
        earlier = sum(end < tasks for end in self.ends)
        return replace(self.rule, confidence=1 - self.rule.alpha * share / 2**earlier)


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
    return _ended(contest, state, contest.last_rule(contest.sizes[-1]), "out of tasks")


def concluded(contest: Contest, state: ContestState, tried: Tried) -> ContestState:
    """Return the state of a contest for which nothing more is asked: its last look is at what there is."""
    if state.end is not None:
        return state
    state = _with_evidence(contest, state, contest.tasks[: state.look], tried)
    tasks = max((item.tasks for item in _still_in(state)), default=0)
    return _ended(contest, state, contest.last_rule(tasks), "out of budget")


def _looked_at(contest: Contest, state: ContestState, tried: Tried) -> ContestState:
    """Return the state after a look on the way."""
    evidence = _still_in(state)
    if len(evidence) < len(state.open) or evidence[0].tasks < LEAST_TASKS:
        return state  # too few verdicts
    if not any(item.correct for item in evidence):
        hopeless = state.look >= HOPELESS
        return _ended(contest, state, contest.rule_on_the_way, "nothing right") if hopeless else state
    leaving = _leaving(evidence, contest.level, contest.rule.margin)
    state = replace(
        state,
        open=tuple(name for name in state.open if name not in leaving),
        left={**state.left, **leaving},
    )
    state = _with_evidence(contest, state, contest.tasks[: state.look], tried)
    if decide_family(_still_in(state), contest.rule_on_the_way).strategy is None:
        return state
    return _ended(contest, state, contest.rule_on_the_way, "chosen")


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
    """Return the state with the evidence of those still in, on the tasks that were tried under all of them."""
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
