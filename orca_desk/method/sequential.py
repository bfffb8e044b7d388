"""Looking several times at growing evidence without finding more by luck than a single look would."""

from functools import lru_cache
from statistics import NormalDist

POINTS = 400  # of the grid of a statistic's distribution
LOWEST, HIGHEST = -7.0, 7.0  # standard deviations
SHARED = 0.5**0.5  # the correlation of two looks in a row, where the evidence doubles in between


@lru_cache(maxsize=256)
def level_per_look(alpha: float, looks: int) -> float:
    """Return the level of each of `looks` looks with which all together find something falsely in `alpha`.

    The evidence doubles between two looks, so that much of what one look sees the next sees again: the levels
    need not be as low as alpha / looks. They are Pocock's equal levels (Biometrika 64, 1977, 191-199), by the
    recursion of Armitage, McPherson and Rowe (Journal of the Royal Statistical Society A 132, 1969, 235-244).
    """
    if looks < 2:
        return alpha
    low, high = 0.0, HIGHEST
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if _found_by_luck(middle, looks) > alpha else (low, middle)
    return NormalDist().cdf(-high)


def _found_by_luck(limit: float, looks: int) -> float:
    """Return how often one of the looks sees more than `limit` standard deviations where there is nothing."""
    import numpy as np  # the host starts without it

    grid = np.linspace(LOWEST, limit, POINTS)
    weights = np.full(POINTS, grid[1] - grid[0])
    weights[[0, -1]] /= 2
    own = (1 - SHARED**2) ** 0.5
    apart = (grid[:, None] - SHARED * grid[None, :]) / own
    steps = np.exp(-(apart**2) / 2) / ((2 * np.pi) ** 0.5 * own)
    density = np.exp(-(grid**2) / 2) / (2 * np.pi) ** 0.5
    for _ in range(looks - 1):
        density = steps @ (weights * density)
    return float(1 - weights @ density)
