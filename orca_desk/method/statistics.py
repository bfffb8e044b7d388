"""Shares with their uncertainty, and two models' outcomes on the same tasks, in plain Python."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, ceil, comb, cos, exp, inf, log, log1p, pi, sin, sqrt
from statistics import NormalDist
from typing import Literal

CLEAR_BELOW = 0.05  # of p
MOST_TASKS = 1 << 20  # no probe is larger
Finding = Literal["better", "worse", "no clear difference"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A measured share `correct / n` (0 when n is 0) with its Wilson interval `low`..`high`."""

    correct: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the same tasks: `difference` = share(first) - share(second), with its interval.

    `only_first` counts the tasks that only the first answered correctly, and so on. `p` is McNemar's exact
    two-sided p-value: how often two equally good models would differ at least this much.

    The test alone decides whether a difference is clear, at the usual 0.05 (McNemar, Psychometrika 12, 1947,
    153-157; in its exact form it never rejects more often than it says: Fagerland, Lydersen and Laake, BMC
    Medical Research Methodology 13:91, 2013). The interval tells the size. For few tasks it is the laxer of
    the two, and excludes 0 where 3 tasks were won and none was lost; a clear difference has it beside 0.
    """

    n: int
    both: int
    only_first: int
    only_second: int
    neither: int
    difference: float
    low: float
    high: float
    p: float

    @property
    def finding(self) -> Finding:
        """Whether the first is better or worse than the second, or neither by more than chance."""
        if self.p >= CLEAR_BELOW:
            return "no clear difference"
        return "better" if self.only_first > self.only_second else "worse"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How much better one strategy did than another: the mean difference in the share of right answers.

    `difference` and the mean `square` of differences are as measured, over `n` tasks; `mean` and `error` are
    those that tests use, with `freedom` degrees. `only_losses`: no task went better for the first.
    """

    n: int
    difference: float
    square: float
    mean: float
    error: float
    freedom: int
    only_losses: bool = False

    def p_not_above(self, value: float) -> float:
        """Return the one-sided p-value of the hypothesis that the true difference is at most `value`.

        Student's quantiles make too little of a strategy that never does better and is rarely worse: it may
        lose 5 of 100 tasks and none of 30. The p-value is then at least the chance of so few losses.
        """
        p = student_upper_tail((self.mean - value) / self.error, self.freedom)
        if value < 0 and self.only_losses:
            return max(p, at_most(ceil(-self.difference * self.n - 1e-9), self.n, -value))
        return p

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of the difference, within -1 and 1."""
        reach = student_quantile((1 + confidence) / 2, self.freedom) * self.error
        return max(self.mean - reach, -1.0), min(self.mean + reach, 1.0)

    def tasks_to_show_above(self, value: float, level: float, power: float = 0.8) -> float:
        """Return with how many tasks `p_not_above(value)` is at most `level`, with a chance of `power`.

        That is if differences stay about as measured; half a task with a difference is added to these, since
        that none was seen does not mean that there is none. A lead is reduced as four ties would do, since
        the strategy that leads does so partly by luck. Infinite if no number of tasks shows it.
        """
        if self.difference <= value:
            return inf
        difference = self.difference
        if difference > 0:
            difference *= self.n / (self.n + 4)
        square = (self.square * self.n + 0.5) / (self.n + 1)
        normal = NormalDist()
        reach = normal.inv_cdf(1 - level) + normal.inv_cdf(power)

        def shows(n: int) -> bool:
            if value < 0 and self.only_losses and at_most(ceil(-difference * n), n, -value) > level:
                return False
            mean = difference * n / (n + 2)
            variance = (square * n + 2) / (n + 2) - mean * mean
            return mean - value >= reach * sqrt(max(variance, 0.0) / (n + 2))

        most = 1
        while not shows(most):
            most *= 2
            if most > MOST_TASKS:
                return inf
        return float(most // 2 + bisect_left(range(most // 2, most), True, key=shows))


def wilson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval (1927) for `correct` of `n`; (0, 1) if nothing was measured.

    Raises ValueError unless 0 <= correct <= n and 0 < confidence < 1.
    """
    if not 0 <= correct <= n or not 0 < confidence < 1:
        raise ValueError(f"no share: {correct} of {n} at confidence {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = _two_sided_z(confidence)
    share = correct / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if correct == 0 else (centre - spread) / scale
    high = 1.0 if correct == n else (centre + spread) / scale
    return low, high


def share_of(correct: int, n: int, confidence: float = 0.95) -> Share:
    """Return `correct` of `n` as a share with its Wilson interval. Raises ValueError as `wilson` does."""
    low, high = wilson(correct, n, confidence)
    return Share(correct=correct, n=n, share=correct / n if n else 0.0, low=low, high=high)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return McNemar's exact two-sided p-value: the binomial test that discordant pairs split evenly."""
    return min(1.0, 2 * mcnemar_one_sided(max(only_first, only_second), min(only_first, only_second)))


def mcnemar_one_sided(wins: int, losses: int) -> float:
    """Return the probability of at least `wins` of the discordant pairs if both sides are equally likely."""
    discordant = wins + losses
    ways, term = 0, comb(discordant, wins)
    for k in range(wins, discordant + 1):  # each binomial from the previous one saves minutes
        ways += term
        term = term * (discordant - k) // (k + 1)
    return ways / (1 << discordant)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for their number, in the same order: Holm's step-down method.

    Rejecting where the adjusted value is at most alpha makes any false rejection at most alpha likely,
    however the tests depend on each other (Holm, Scandinavian Journal of Statistics 6, 1979, 65-70).
    """
    return step_down(p_values, range(len(p_values), 0, -1))


def step_down(p_values: Sequence[float], factors: Sequence[int]) -> list[float]:
    """Return adjusted p-values: the smallest times the first of `factors`, and so on, never decreasing."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    in_order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for position, factor in zip(in_order, factors, strict=True):
        largest = max(largest, min(1.0, factor * p_values[position]))
        adjusted[position] = largest
    return adjusted


def at_most(count: int, n: int, chance: float) -> float:
    """Return how likely at most `count` of `n` events are, each with this chance (above 0, below 1)."""
    log_odds = log(chance) - log1p(-chance)
    term = n * log1p(-chance)
    total = exp(term)
    for k in range(1, min(count, n) + 1):
        term += log((n - k + 1) / k) + log_odds
        total += exp(term)
    return min(1.0, total)


def paired_gap(differences: Sequence[float]) -> Gap:
    """Return the gap of two strategies from their differences, one per task that both answered (-1 to 1).

    One win and one loss are added, as Bonett and Price do for paired proportions (Journal of Educational and
    Behavioral Statistics 37, 2012, 479-488; recommended by Fagerland, Lydersen and Laake, Statistics in
    Medicine 33, 2014, 2850-2875), so that tasks without any difference do not make the error 0; Student's
    quantiles then keep the level for few tasks. With several samples a task, its difference is that of the
    shares: the task is the unit, so its samples do not count as independent.
    """
    n = len(differences) + 2
    mean = sum(differences) / n
    squares = sum(each * each for each in differences)
    variance = (squares + 2) / n - mean * mean
    tasks = max(1, len(differences))
    return Gap(
        n=len(differences),
        difference=sum(differences) / tasks,
        square=squares / tasks,
        mean=mean,
        error=sqrt(variance / n),
        freedom=n - 1,
        only_losses=max(differences, default=0.0) <= 0,
    )


def unpaired_gap(first: tuple[float, int], second: tuple[float, int]) -> Gap:
    """Return the gap of two strategies that answered other tasks: (right answers, number) of each.

    One right and one wrong answer are added to each (Agresti and Caffo, The American Statistician 54, 2000,
    280-288). Where the other got all right, the first could only lose, as a paired one without any win. Both
    numbers must be positive.
    """
    (right, n), (other_right, other_n) = first, second
    share, other = (right + 1) / (n + 2), (other_right + 1) / (other_n + 2)
    variance = share * (1 - share) / (n + 2) + other * (1 - other) / (other_n + 2)
    difference = right / n - other_right / other_n
    return Gap(
        n=min(n, other_n),
        difference=difference,
        square=difference**2 + min(n, other_n) * variance,
        mean=share - other,
        error=sqrt(variance),
        freedom=min(n, other_n) + 1,
        only_losses=other_right >= other_n,
    )


def student_upper_tail(t: float, freedom: int) -> float:
    """Return the probability that Student's t with `freedom` degrees is at least `t`.

    The finite series for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4).
    """
    angle = atan(t / sqrt(freedom))
    square = cos(angle) ** 2
    odd = freedom % 2
    term = total = (cos(angle) if odd else 1.0) if freedom > 1 else 0.0
    for k in range(2 if odd else 1, freedom - 1, 2):
        term *= square * k / (k + 1)
        total += term
    inside = 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
    return min(1.0, max(0.0, (1 - inside) / 2))


def student_quantile(probability: float, freedom: int) -> float:
    """Return the value that Student's t with `freedom` degrees stays below with `probability` (0 to 1)."""
    low, high = -1e6, 1e6
    while high - low > 1e-9 * max(1.0, abs(low)):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - student_upper_tail(middle, freedom) < probability else (low, middle)
    return (low + high) / 2


def compare(first: Sequence[bool], second: Sequence[bool], confidence: float = 0.95) -> Comparison:
    """Compare two models' outcomes on the same tasks, in the same order.

    The interval is Newcombe's square-and-add for paired proportions (Statistics in Medicine 17, 1998,
    2635-2650, method 10): Wilson's intervals joined with the correlation of the two; it stays within
    [-1, 1] and holds its level for small n. Raises ValueError if the lengths differ or are zero.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"paired outcomes of lengths {len(first)} and {len(second)}")
    pairs = list(zip(first, second, strict=True))
    both, only_first = pairs.count((True, True)), pairs.count((True, False))
    only_second, neither = pairs.count((False, True)), pairs.count((False, False))
    low, high = _newcombe_paired(both, only_first, only_second, neither, confidence)
    return Comparison(
        n=len(pairs),
        both=both,
        only_first=only_first,
        only_second=only_second,
        neither=neither,
        difference=(only_first - only_second) / len(pairs),
        low=low,
        high=high,
        p=mcnemar(only_first, only_second),
    )


def _newcombe_paired(a: int, b: int, c: int, d: int, confidence: float) -> tuple[float, float]:
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    l1, u1 = wilson(a + b, n, confidence)
    l2, u2 = wilson(a + c, n, confidence)
    phi = _phi(a, b, c, d)
    below = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    above = (u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2
    # Rounding can leave a tiny negative number where the two intervals cancel exactly.
    return p1 - p2 - sqrt(max(below, 0.0)), p1 - p2 + sqrt(max(above, 0.0))


def _phi(a: int, b: int, c: int, d: int) -> float:
    """The correlation of the two outcomes, with Newcombe's continuity correction."""
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    product = a * d - b * c
    if product > 0:
        return max(product - (a + b + c + d) / 2, 0.0) / sqrt(margins)
    return product / sqrt(margins)


def _two_sided_z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
