"""Shares with their uncertainty, and two models' outcomes on the same tasks, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist
from typing import Literal

CLEAR_BELOW = 0.05  # of p
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


def fisher_one_sided(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return Fisher's exact p-value that the first (correct, n) is not better than the second.

    For two samples of different tasks, where `mcnemar` does not apply.
    """
    (a, n1), (b, n2) = first, second
    right = a + b
    ways = sum(comb(n1, k) * comb(n2, right - k) for k in range(a, min(n1, right) + 1))
    return ways / comb(n1 + n2, right)


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
