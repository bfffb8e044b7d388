"""Estimates before a training starts: its steps and its time. For its memory see `models/fits.py`."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.trainings import list_trainings, training_events
from orca_desk.models.model_file import ModelFile
from orca_desk.models.pace import training_time
from orca_desk.steps.train.lengths import Lengths
from orca_desk.student.settings import TrainSettings

SPEEDS = 200  # newest steps of an earlier training


@dataclass(frozen=True, kw_only=True)
class TrainingSpeed:
    """Tokens per second of an earlier training on the same base: the first decile, the median, the last."""

    training: str
    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TrainingTime:
    """How many steps a training takes, and between `low` and `high` seconds.

    `is_exact` tells whether the steps were counted; else they are estimated from a sample of the records. The
    seconds come from an earlier training's speed, or from the arithmetic where there is none.
    """

    steps: int
    is_exact: bool
    low: float
    high: float


def earlier_speeds(library: Library, base: Path) -> dict[str, TrainingSpeed]:
    """Return how fast the newest training on the same base was, by the engine that computed it."""
    found: dict[str, TrainingSpeed] = {}
    for training in list_trainings(library):
        if training.base.resolve() == base.resolve():
            reports = training_events(library, training.id, "report")
            engine = reports[-1].get("engine", "torch") if reports else "torch"
            if engine not in found and (speed := _speed_of(library, training.id)):
                found[engine] = speed
    return found


def _speed_of(library: Library, training: str) -> TrainingSpeed | None:
    events = training_events(library, training, "metrics", after_step=1)  # the first step warms up
    rates = sorted(event["tokens_per_second"] for event in events[-SPEEDS:])
    if not rates:
        return None
    tenth = len(rates) // 10
    return TrainingSpeed(
        training=training,
        low=rates[tenth],
        median=statistics.median(rates),
        high=rates[-1 - tenth],
    )


def estimate_time(
    lengths: Lengths | None, speed: TrainingSpeed | None, settings: TrainSettings, model: ModelFile | None
) -> TrainingTime | None:
    """Count the steps as the trainer packs them, and estimate their time; None without lengths or model.

    Takes up to seconds where there are many records and epochs.
    """
    from orca_desk.student.packing import schedule_steps  # brings numpy and tokenizers

    if lengths is None or model is None:
        return None
    trained = lengths.trained(settings, length_limit(settings, model.context))
    steps = sum(1 for _ in schedule_steps(trained, settings)) / lengths.share
    tokens = sum(trained) / lengths.share * settings.epochs
    rough = training_time(model, settings, tokens)
    return TrainingTime(
        steps=round(steps),
        is_exact=lengths.share == 1,
        low=tokens / speed.high if speed else rough.low,
        high=tokens / speed.low if speed else rough.high,
    )


def evaluations_in(steps: int, settings: TrainSettings) -> int:
    """Return how often the validation loss is measured in so many steps, after that of the untrained."""
    if not settings.eval_fraction:
        return 0
    every = settings.eval_every
    return -(-steps // every) if every else settings.epochs


def length_limit(settings: TrainSettings, context: int) -> int:
    """Return how many tokens of a record can be trained: as set, and as the model's context allows."""
    return min(settings.max_length, context) if context else settings.max_length
