"""How long training, answering and exporting take on a machine that has not done it yet: roughly.

All three are almost all matrix products, so their number over the speed of this machine's products gives the
time. How near they come to that speed differs. A training of the bundled student, whose products are small,
reached 0.45 of it, and one of 135 million weights in bfloat16, which is not measured here, 1.5 times it (on
two cores of an AMD EPYC with instructions for bfloat16). Answering by llama.cpp reached 0.27 of it with the
same model in Q4_1.
"""

import time
from dataclasses import dataclass
from functools import cache

from orca_desk.models.fits import TrainingChoices
from orca_desk.models.model_file import ModelFile

SIDE, REPEATS = 768, 5  # of the measured product: large enough for full speed, quick enough for a page
SLOWEST, FASTEST = 0.4, 2.0  # shares of the measured speed
LEARNED = 0.5  # of the tokens: the answers, on which alone the head runs
ANSWERING_SLOWEST, ANSWERING_FASTEST = 0.12, 0.7  # the same shares for answers by llama.cpp
STARTING = 3.0  # s at most, until a model is loaded
CHECKED_TOKENS = 32 * 400  # that the gate has each file read and write, and the trained student read
TORCH_STARTING = 15.0  # s at most, until torch is imported and the student is loaded


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


def answering_time(model: ModelFile, tokens: float, *, speed: float = 0.0) -> TimeRange:
    """Estimate the time in which llama.cpp reads and writes `tokens` tokens in batches, loading included.

    A token costs 2 operations a weight. `speed` is as for `training_time`.
    """
    seconds = 2 * model.parameters * tokens / (speed or product_speed())
    return TimeRange(low=seconds / ANSWERING_FASTEST, high=STARTING + seconds / ANSWERING_SLOWEST)


def export_time(model: ModelFile, *, files: int, asked_tokens: float, speed: float = 0.0) -> TimeRange:
    """Estimate an export of a student tuned from `model` whose gate judges `files` files of weights.

    The gate has llama.cpp answer its prompts from each file, and the trained student read each file's
    answers; `asked_tokens` are those of the held-out tasks that the files answer besides. Writing the files
    is not counted: a disk does that in seconds per gigabyte.
    """
    speed = speed or product_speed()
    answering = answering_time(model, files * CHECKED_TOKENS + asked_tokens, speed=speed)
    reading = 2 * model.parameters * files * CHECKED_TOKENS / speed
    return TimeRange(
        low=answering.low + reading / FASTEST, high=TORCH_STARTING + answering.high + reading / SLOWEST
    )


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
