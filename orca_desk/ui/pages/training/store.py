"""What the Training page reads from the library: one training with its curves, and rows of the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.trainings import (
    Training,
    find_unfinished_training,
    get_training,
    list_trainings,
    loss_outline,
    newest_checkpoint,
    training_events,
)
from orca_desk.steps.train.training import can_keep
from orca_desk.ui.widgets.series import TrainingPoints
from orca_desk.ui.words.trainings import UNFINISHED


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A training and what it reported, also as `points`.

    `goes_on`: the same settings go on from its newest checkpoint, whose step is `checkpoint`.
    """

    training: Training
    snapshot: str
    metrics: list[dict[str, Any]]
    evaluations: list[dict[str, Any]]
    points: TrainingPoints
    goes_on: bool
    checkpoint: int | None
    can_keep: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One training in the history, with the outline of its loss."""

    training: Training
    snapshot: str
    outline: tuple[float, ...]
    goes_on: bool


def load(library: Library, training_id: str, *, after_step: int = -1) -> Loaded:
    """Return a training, with its events after a step. Raises UserError when there is none."""
    training = get_training(library, training_id)
    metrics = training_events(library, training_id, "metrics", after_step=after_step)
    evaluations = training_events(library, training_id, "eval", after_step=after_step)
    points = TrainingPoints()
    points.add(metrics, evaluations)
    return Loaded(
        training=training,
        snapshot=_name(library, training.snapshot),
        metrics=metrics,
        evaluations=evaluations,
        points=points,
        goes_on=_goes_on(library, training),
        checkpoint=newest_checkpoint(library, training_id),
        can_keep=can_keep(training),
    )


def history(library: Library, known: Sequence[Row] = ()) -> list[Row]:
    """Return all trainings, the newest first; outlines of those that ended are taken from `known`."""
    before = {row.training.id: row for row in known}
    return [_row(library, training, before.get(training.id)) for training in list_trainings(library)]


def _row(library: Library, training: Training, known: Row | None) -> Row:
    if known and known.training == training and training.run.status != "running":
        return known
    return Row(
        training=training,
        snapshot=_name(library, training.snapshot),
        outline=tuple(loss_outline(library, training.id)),
        goes_on=_goes_on(library, training),
    )


def _name(library: Library, snapshot: str) -> str:
    try:
        return get_snapshot(library, snapshot).name
    except UserError:
        return snapshot


def _goes_on(library: Library, training: Training) -> bool:
    """Whether training the same again would go on with this one: it is its newest and not done."""
    if training.run.status not in UNFINISHED:
        return False
    found = find_unfinished_training(
        library, base=training.base, snapshot=training.snapshot, settings=training.settings
    )
    return found is not None and found.id == training.id
