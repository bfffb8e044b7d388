"""How trainings and snapshots are named on screen."""

from collections.abc import Mapping
from typing import Any

from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.theme import Role
from orca_desk.ui.widgets.settings_form import title
from orca_desk.ui.widgets.when import seconds_between, when

# A run's status: words, icon, role
STATUSES: dict[str, tuple[str, str, Role]] = {
    "queued": ("Waits", "clock", "muted"),
    "running": ("Running", "play", "accent"),
    "paused": ("Paused", "pause", "warn"),
    "done": ("Done", "circle-check", "good"),
    "cancelled": ("Stopped, can go on", "square", "warn"),
    "interrupted": ("Cut off, can go on", "triangle-alert", "warn"),
    "failed": ("Failed", "circle-x", "bad"),
}
UNFINISHED = ("cancelled", "interrupted", "failed")


def goes_on_from(checkpoint: int | None) -> str:
    """Return where a training goes on, given the step of its newest checkpoint."""
    if checkpoint is None:
        return "It goes on from the beginning: no checkpoint was written yet."
    return f"It goes on from step {checkpoint:,}, its last checkpoint."


def seconds_of(training: Training) -> float | None:
    """Return how long the last start of a training took; None while it has not ended."""
    run = training.run
    return seconds_between(run.started_at, run.ended_at) if run.ended_at else None


def snapshot_line(snapshot: Snapshot) -> str:
    """Return a snapshot in one line, for a list to choose from."""
    return f"{snapshot.name}  ·  {snapshot.records:,} records, {when(snapshot.created_at)}"


def differing(settings: Mapping[str, Any]) -> str:
    """Return the settings that are not the defaults, as "Learning rate 0.005, Epochs 4"."""
    usual = TrainSettings().to_dict()
    changed = [
        f"{title(name)} {shown(value)}" for name, value in settings.items() if value != usual.get(name)
    ]
    return ", ".join(changed) or "Defaults"


def shown(value: Any) -> str:
    """Write a setting's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
