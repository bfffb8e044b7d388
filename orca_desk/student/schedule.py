"""The learning rate of each step."""

import math

from orca_desk.student.settings import TrainSettings


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """Return the learning rate of `step` (from 0) of `steps`.

    It rises linearly over the warm-up, starting above 0, and then falls by the schedule to 0 just after the
    last step.
    """
    warmup = round(settings.warmup * steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    done = (step - warmup) / max(1, steps - warmup)
    if settings.schedule == "linear":
        return settings.learning_rate * (1 - done)
    if settings.schedule == "cosine":
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    return settings.learning_rate
