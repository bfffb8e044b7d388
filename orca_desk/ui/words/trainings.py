"""The words for trainings and snapshots."""

from collections.abc import Mapping
from typing import Any

from orca_desk.library.trainings import Training
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.settings import title
from orca_desk.ui.words.times import seconds_between


def resumes_from(checkpoint: int | None) -> str:
    """Return where a training would resume, given the step of its newest checkpoint."""
    if checkpoint is None:
        return "No checkpoint was saved, so it would start again from step 0."
    return f"It can be resumed from step {checkpoint:,}, its last checkpoint."


def seconds_of(training: Training) -> float | None:
    """Return how many seconds a training took since it was last started; None until it ends."""
    run = training.run
    return seconds_between(run.started_at, run.ended_at) if run.ended_at else None


def differing(settings: Mapping[str, Any]) -> str:
    """Return the settings that differ from the defaults, as "Learning rate 0.005, Epochs 4"."""
    usual = TrainSettings().to_dict()
    changed = [
        f"{title(name)} {shown(value)}" for name, value in settings.items() if value != usual.get(name)
    ]
    return ", ".join(changed) or "Defaults"


def shown(value: Any) -> str:
    """Return a setting's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
