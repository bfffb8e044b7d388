"""How trainings and snapshots are named on screen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orca_desk.library.snapshots import Snapshot
from orca_desk.library.trainings import Training
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.theme import Role
from orca_desk.ui.widgets.settings_form import title

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


def day(text: str | None) -> str:
    """Write a stored time as local date and time: 22 Nov 2026, 14:03."""
    return datetime.fromisoformat(text).astimezone().strftime("%d %b %Y, %H:%M") if text else ""


def seconds_of(training: Training) -> float | None:
    """Return how long the last start of a training took; None while it has not ended."""
    run = training.run
    if not run.started_at or not run.ended_at:
        return None
    return (datetime.fromisoformat(run.ended_at) - datetime.fromisoformat(run.started_at)).total_seconds()


def snapshot_line(snapshot: Snapshot) -> str:
    """Return a snapshot in one line, for a list to choose from."""
    return f"{snapshot.name}  ·  {snapshot.records:,} records, {day(snapshot.created_at)}"


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
