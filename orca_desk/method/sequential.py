"""Looking several times at growing evidence without finding more by luck than a single look would."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

POINTS = 161  # of the grid of a statistic's distribution
LOWEST, HIGHEST = -7.0, 7.0  # standard deviations
SHAPE = 0.25  # of the limits: 0.5 would make all looks equal, 0 is the strictest at the first ones


@dataclass(frozen=True)
class Looks:
    """The level of each look, and how likely it or one before finds something where there is nothing."""

    levels: tuple[float, ...]
    spent: tuple[float, ...]


@lru_cache(maxsize=256)
def plan_looks(alpha: float, sizes: tuple[int, ...]) -> Looks:
    """Return the levels of looks after so many tasks, which together find something falsely in `alpha`.

    What one look sees the next sees again, so the levels need not add up to alpha. Early looks, at little
    evidence, get low levels, and the last keeps most of what a single look would have: the boundaries of Wang
    and Tsiatis (Biometrics 43, 1987, 193-199), between Pocock's and O'Brien and Fleming's, by the recursion
    of Armitage, McPherson and Rowe (Journal of the Royal Statistical Society A 132, 1969, 235-244).
    """
    shares = [size / sizes[-1] for size in sizes]
    low, high = 0.0, HIGHEST
    while high - low > 1e-5:
        middle = (low + high) / 2
        found = _found_by_luck(_limits(middle, shares), shares)[-1]
        low, high = (middle, high) if found > alpha else (low, middle)
    limits = _limits(high, shares)
    return Looks(
        levels=tuple(NormalDist().cdf(-limit) for limit in limits),
        spent=tuple(_found_by_luck(limits, shares)),
    )


def _limits(last: float, shares: Sequence[float]) -> list[float]:
    """Return after how many standard deviations each look finds something."""
    return [min(HIGHEST, last * share ** (SHAPE - 0.5)) for share in shares]


def _weights(step: float) -> list[float]:
    """Return the weights of Simpson's rule."""
    return [step / 3 * (1 if place in (0, POINTS - 1) else 4 if place % 2 else 2) for place in range(POINTS)]


def _found_by_luck(limits: Sequence[float], shares: Sequence[float]) -> list[float]:
    """Return how often one of the looks up to each finds something where there is nothing."""
    import numpy as np  # the host starts without it

    normal = (2 * np.pi) ** 0.5
    grid = np.linspace(LOWEST, limits[0], POINTS)
    density = np.exp(-(grid**2) / 2) / normal
    weights = _weights(grid[1] - grid[0])
    found = []
    for place, limit in enumerate(limits):
        if place:
            shared = (shares[place - 1] / shares[place]) ** 0.5
            own = (1 - shared**2) ** 0.5
            after = np.linspace(LOWEST, limit, POINTS)
            apart = (after[:, None] - shared * grid[None, :]) / own
            density = (np.exp(-(apart**2) / 2) / (normal * own)) @ np.multiply(weights, density)
            grid, weights = after, _weights(after[1] - after[0])
        found.append(float(1 - np.dot(weights, density)))
    return found
