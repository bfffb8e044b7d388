"""What was measured: how a strategy did on the tasks of a family, and by what it was judged."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isclose

from orca_desk.method.statistics import Gap, paired_gap, unpaired_gap, wilson


class Basis(StrEnum):
    """What answers were judged by. The values are stored. Evidence of different bases is never compared."""

    REFERENCE = "reference"  # the tasks' reference answers: the share is an accuracy
    AGREEMENT = "agreement"  # whether an answer says what most answers to its task say: no accuracy
    JUDGE = "judge"  # the verdicts of a judge model: no accuracy either


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One probe answer, the `sample`th to its task: whether it is correct, and its number of tokens."""

    task_id: str
    family: str
    strategy: str
    correct: bool
    tokens: int
    sample: int = 0


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was measured for one strategy in one family: `correct` of `n` answers.

    `outcomes` contains (task id, share of its answers that are correct) per task, so that strategies are
    compared on the same tasks; without it (old or imported evidence) they are compared by their counts alone.
    """

    family: str
    strategy: str
    n: int
    correct: int
    mean_tokens: float
    outcomes: tuple[tuple[str, float], ...] = ()
    basis: Basis = Basis.REFERENCE

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.n or self.n == 0:
            raise ValueError(f"no evidence: {self.correct} of {self.n} right")
        right = sum(share for _, share in self.outcomes)
        if len(self.outcomes) > self.n or (len(self.outcomes) == self.n and not isclose(right, self.correct)):
            raise ValueError("the outcomes do not add up to n and correct")

    @property
    def tasks(self) -> int:
        """The number of tasks: fewer than `n` where tasks were answered several times."""
        return len(self.outcomes) or self.n

    @property
    def accuracy(self) -> float:
        """The measured share of correct answers, 0 to 1: the mean of the tasks' shares."""
        if not self.outcomes:
            return self.correct / self.n
        return sum(share for _, share in self.outcomes) / len(self.outcomes)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the accuracy. The task is the unit, however often it was answered.

        It is Wilson's, with the answers counted for as many as they are worth (Kish's design effect): for k
        samples that agree within each task as many as there are tasks, for independent ones as all.
        """
        worth = self.n
        if self.outcomes and self.n > self.tasks:
            share, per_task = self.accuracy, self.n / self.tasks
            between = sum((one - share) ** 2 for _, one in self.outcomes) / max(1, self.tasks - 1)
            within = share * (1 - share) / per_task
            effect = min(max(between / within, 1.0), per_task) if within else per_task
            worth = max(1, round(self.n / effect))
        return wilson(round(self.accuracy * worth), worth)


def measure(trials: Iterable[Trial], basis: Basis = Basis.REFERENCE) -> tuple[Evidence, ...]:
    """Sum trials up, by family and strategy, in that order. Raises ValueError for one that comes twice."""
    groups: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.family, trial.strategy].append(trial)
    return tuple(_summed(groups[key], basis) for key in sorted(groups))


def tried_under_all(trials: Iterable[Trial], strategies: Collection[str]) -> list[Trial]:
    """Return the trials of those tasks that were tried under every one of `strategies`.

    A strategy that could not be tried on the long tasks would otherwise be measured on the short ones alone.
    """
    known = list(trials)
    tried: dict[str, set[str]] = defaultdict(set)
    for trial in known:
        tried[trial.task_id].add(trial.strategy)
    return [trial for trial in known if tried[trial.task_id].issuperset(strategies)]


def most_accurate(evidence: Iterable[Evidence]) -> Evidence:
    """Return the best strategy's evidence: the most accurate; ties: fewer tokens, then the name."""
    return min(evidence, key=lambda item: (-item.accuracy, item.mean_tokens, item.strategy))


def shared_tasks(first: Evidence, second: Evidence) -> int:
    """Return how many tasks both strategies answered."""
    return len(dict(first.outcomes).keys() & dict(second.outcomes).keys())


def gap(first: Evidence, second: Evidence) -> Gap:
    """Return how much better the first did than the second, on the tasks that both answered.

    Strategies that share no task are compared by their counts.
    """
    mine, theirs = dict(first.outcomes), dict(second.outcomes)
    differences = [share - theirs[task] for task, share in mine.items() if task in theirs]
    if differences:
        return paired_gap(differences)
    return unpaired_gap(
        (first.accuracy * first.tasks, first.tasks), (second.accuracy * second.tasks, second.tasks)
    )


def _summed(trials: Sequence[Trial], basis: Basis) -> Evidence:
    first = trials[0]
    by_task: dict[str, dict[int, bool]] = defaultdict(dict)
    for trial in trials:
        if trial.sample in by_task[trial.task_id]:
            raise ValueError(f"a task was tried twice with {first.strategy} in {first.family}")
        by_task[trial.task_id][trial.sample] = trial.correct
    return Evidence(
        family=first.family,
        strategy=first.strategy,
        n=len(trials),
        correct=sum(trial.correct for trial in trials),
        mean_tokens=sum(trial.tokens for trial in trials) / len(trials),
        outcomes=tuple((task, sum(one.values()) / len(one)) for task, one in sorted(by_task.items())),
        basis=basis,
    )
