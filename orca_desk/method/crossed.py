"""Shares of correct answers over tasks and seeds, and their differences, with intervals.

Each student of an arm was trained from its own seed, and all of them answer the same tasks. Tasks and seeds
are both a sample: of the tasks that there could be, and of the trainings. Both spreads count, so the answers
are not independent, and more seeds cannot make up for few tasks, nor the reverse.

The variance of a mean over such a table is that of the crossed random-effects model without replication:
V = (MS_task + MS_seed - MS_rest) / (tasks * seeds), which is also the two-way cluster-robust variance
(Cameron, Gelbach and Miller, Journal of Business & Economic Statistics 29, 2011, 238-249), and clusters by
task as Miller proposes for evaluations of language models (arXiv 2411.00640). V is never taken for smaller
than what the tasks alone or the seeds alone say. Its degrees of freedom are Satterthwaite's (Biometrics
Bulletin 2, 1946, 110-114): with three seeds that differ much they fall to 2, and intervals become as wide as
three trainings deserve.

A share's interval is Wilson's at the number of independent answers that would have the variance V, with
Student's quantile. That of a difference joins the two shares' intervals by Zou and Donner's MOVER (Statistics
in Medicine 27, 2008, 1693-1702), with the correlation that follows from the variance of the paired
differences: the generalisation of the interval that `statistics.compare` has for two single models, so it
stays within [-1, 1] and has a width where every answer is correct. With one seed the two functions agree:
the result says nothing about other seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from orca_desk.method.statistics import compare

Outcomes = Sequence[Sequence[bool]]  # [task][seed]; a model that no seed made has one column


@dataclass(frozen=True, kw_only=True)
class CrossedShare:
    """A share of correct answers over `tasks` tasks and `seeds` seeds, with its 95% interval."""

    share: float
    low: float
    high: float
    tasks: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class CrossedDifference:
    """The share of a first arm minus that of a second, on the same tasks, with its 95% interval.

    `p` is two-sided: from Student's t of the paired differences, or McNemar's exact test with one seed.
    `seeds` counts the seeds that both arms share.
    """

    difference: float
    low: float
    high: float
    p: float
    tasks: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class _Spread:
    """The mean of a table, its variance, and the degrees of freedom of that variance."""

    mean: float
    variance: float
    freedom: float


def crossed_share(outcomes: Outcomes, confidence: float = 0.95) -> CrossedShare:
    """Return the share of correct answers of a table. Raises ValueError for an empty or ragged one."""
    tasks, seeds = _shape(outcomes)
    spread = _spread(outcomes)
    low, high = _wilson(spread, tasks, _quantile(spread.freedom, confidence))
    return CrossedShare(share=spread.mean, low=low, high=high, tasks=tasks, seeds=seeds)


def crossed_difference(first: Outcomes, second: Outcomes, confidence: float = 0.95) -> CrossedDifference:
    """Compare two tables of the same tasks and seeds, in the same order.

    A table with one column stands for the same answers beside every seed of the other. Raises ValueError for
    tables that do not fit together.
    """
    tasks, seeds = _shape(first)
    others, columns = _shape(second)
    if tasks != others or (seeds != columns and 1 not in (seeds, columns)):
        raise ValueError(f"tables of {tasks} x {seeds} and {others} x {columns}")
    if seeds == columns == 1:
        alone = compare([row[0] for row in first], [row[0] for row in second], confidence)
        return CrossedDifference(
            difference=alone.difference, low=alone.low, high=alone.high, p=alone.p, tasks=tasks, seeds=1
        )
    one, other = _widened(first, columns), _widened(second, seeds)
    pairs = [
        [float(a) - float(b) for a, b in zip(x, y, strict=True)] for x, y in zip(one, other, strict=True)
    ]
    spread, of_first, of_second = _spread(pairs), _spread(one), _spread(other)
    low, high = _joined(of_first, of_second, spread, tasks, _quantile(spread.freedom, confidence))
    return CrossedDifference(
        difference=spread.mean,
        low=low,
        high=high,
        p=_p_value(spread, tasks),
        tasks=tasks,
        seeds=max(seeds, columns),
    )


def _shape(outcomes: Sequence[Sequence[float]]) -> tuple[int, int]:
    widths = {len(row) for row in outcomes}
    if len(widths) != 1 or 0 in widths:
        raise ValueError(f"no table of tasks and seeds: rows of {sorted(widths)}")
    return len(outcomes), widths.pop()


def _widened(outcomes: Outcomes, columns: int) -> Outcomes:
    return [list(row) * columns for row in outcomes] if len(outcomes[0]) == 1 else outcomes


def _spread(table: Sequence[Sequence[float]]) -> _Spread:
    """Return the mean of a table of tasks x seeds with its variance over both."""
    tasks, seeds = _shape(table)
    mean = fmean(value for row in table for value in row)
    rows = [fmean(row) for row in table]
    columns = [fmean(row[seed] for row in table) for seed in range(seeds)]
    of_tasks = seeds * sum((row - mean) ** 2 for row in rows) / max(1, tasks - 1)
    if seeds == 1:
        return _Spread(mean=mean, variance=of_tasks / tasks, freedom=max(1, tasks - 1))
    of_seeds = tasks * sum((column - mean) ** 2 for column in columns) / (seeds - 1)
    if tasks == 1:
        return _Spread(mean=mean, variance=of_seeds / seeds, freedom=seeds - 1)
    rest = sum(
        (value - row - column + mean) ** 2
        for values, row in zip(table, rows, strict=True)
        for value, column in zip(values, columns, strict=True)
    ) / ((tasks - 1) * (seeds - 1))
    both = of_tasks + of_seeds - rest
    largest = max(of_tasks, of_seeds)
    if both <= largest:  # one of the two spreads is no larger than chance makes it
        freedom = float(tasks - 1 if of_tasks >= of_seeds else seeds - 1)
        return _Spread(mean=mean, variance=largest / (tasks * seeds), freedom=freedom)
    freedom = both**2 / (
        of_tasks**2 / (tasks - 1) + of_seeds**2 / (seeds - 1) + rest**2 / ((tasks - 1) * (seeds - 1))
    )
    return _Spread(mean=mean, variance=both / (tasks * seeds), freedom=max(1.0, freedom))


def _quantile(freedom: float, confidence: float) -> float:
    from scipy.special import stdtrit  # no window waits for it

    return float(stdtrit(freedom, (1 + confidence) / 2))


def _p_value(spread: _Spread, tasks: int) -> float:
    from scipy.special import stdtr

    if spread.variance == 0:  # the same difference in every task and with every seed
        return 1.0 if spread.mean == 0 else min(1.0, 2.0 ** (1 - tasks))
    return float(2 * stdtr(spread.freedom, -abs(spread.mean) / sqrt(spread.variance)))


def _wilson(spread: _Spread, tasks: int, quantile: float) -> tuple[float, float]:
    """Return Wilson's interval at the number of independent answers that would have the same variance."""
    share = spread.mean
    spread_of_one = share * (1 - share)
    n = spread_of_one / spread.variance + 1 if spread_of_one > 0 and spread.variance > 0 else float(tasks)
    square = quantile * quantile
    centre = share + square / (2 * n)
    half = quantile * sqrt(share * (1 - share) / n + square / (4 * n * n))
    scale = 1 + square / n
    low = 0.0 if share == 0 else (centre - half) / scale
    high = 1.0 if share == 1 else (centre + half) / scale
    return max(0.0, low), min(1.0, high)


def _joined(
    first: _Spread, second: _Spread, paired: _Spread, tasks: int, quantile: float
) -> tuple[float, float]:
    """Return the interval of a difference from the intervals of the two shares."""
    (low1, high1), (low2, high2) = _wilson(first, tasks, quantile), _wilson(second, tasks, quantile)
    p1, p2, product = first.mean, second.mean, first.variance * second.variance
    r = (first.variance + second.variance - paired.variance) / (2 * sqrt(product)) if product > 0 else 0.0
    r = max(-1.0, min(1.0, r))
    below = (p1 - low1) ** 2 - 2 * r * (p1 - low1) * (high2 - p2) + (high2 - p2) ** 2
    above = (high1 - p1) ** 2 - 2 * r * (high1 - p1) * (p2 - low2) + (p2 - low2) ** 2
    # Rounding can leave a tiny negative number where the two intervals cancel exactly.
    return p1 - p2 - sqrt(max(below, 0.0)), p1 - p2 + sqrt(max(above, 0.0))
