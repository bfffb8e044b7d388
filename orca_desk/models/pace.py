"""How long a training takes on a machine that has not trained the model yet: roughly, from its arithmetic.

A training is almost all matrix products, so their number over the speed of this machine's products gives the
time. How near a training comes to that speed differs: the bundled student, whose products are small, reached
0.45 of it, and a model of 135 million weights in bfloat16, which is not measured here, 1.5 times it (on two
cores of an AMD EPYC with instructions for bfloat16).
"""

import time
from dataclasses import dataclass
from functools import cache

from orca_desk.models.fits import TrainingChoices
from orca_desk.models.model_file import ModelFile

SIDE, REPEATS = 768, 5  # of the measured product: large enough for full speed, quick enough for a page
SLOWEST, FASTEST = 0.4, 2.0  # shares of the measured speed
LEARNED = 0.5  # of the tokens: the answers, on which alone the head runs


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """Seconds, at least and at most."""

    low: float
    high: float


def training_time(
    model: ModelFile, choices: TrainingChoices, tokens: float, *, speed: float = 0.0
) -> TimeRange:
    """Estimate the time to train `tokens` tokens, at `speed` operations per second (0: as measured).

    With a frozen base, a token costs 4 operations a weight (6 with checkpointing, which computes activations
    twice), and the head 4 a weight for each token that is learned.
    """
    head = model.vocab * model.width
    body = max(0, model.parameters - head)
    each = (6 if choices.gradient_checkpointing == "on" else 4) * body + 4 * head * LEARNED
    seconds = tokens * each / (speed or product_speed())
    return TimeRange(low=seconds / FASTEST, high=seconds / SLOWEST)


@cache
def product_speed() -> float:
    """Measure float32 matrix products with all cores, in operations per second. Takes about 0.1 s, once."""
    import numpy as np  # no window waits for it

    square, best = np.ones((SIDE, SIDE), np.float32), float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        np.matmul(square, square)
        best = min(best, time.perf_counter() - began)
    return 2 * SIDE**3 / best
