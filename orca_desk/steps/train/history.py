"""What the library holds to train on and of trainings: an overview, a summary of each, one in detail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.records import count_records
from orca_desk.library.snapshots import Snapshot, get_snapshot, list_snapshots
from orca_desk.library.trainings import (
    Training,
    find_unfinished_training,
    get_training,
    list_trainings,
    loss_outline,
    newest_checkpoint,
    training_events,
    training_ids,
)
from orca_desk.parity.table import GateTable, table_from_json
from orca_desk.steps.train.base_changes import changed_files
from orca_desk.steps.train.training import GATE, can_use_stopped

UNFINISHED = ("cancelled", "interrupted", "failed")  # the states of a run that can be resumed


@dataclass(frozen=True, kw_only=True)
class TrainingOverview:
    """All snapshots, whether there are teacher records, and the ids of the trainings, the newest first."""

    snapshots: list[Snapshot]
    has_records: bool
    trainings: tuple[str, ...]

    @property
    def newest(self) -> str:
        """The newest training, or ""."""
        return next(iter(self.trainings), "")


@dataclass(frozen=True, kw_only=True)
class TrainingSummary:
    """One training in the history: its snapshot's name, and the outline of its loss.

    `can_resume` says whether starting the same training again would resume this one. `base_loss` is the
    validation loss of the untrained student, None if it was not measured; `records` what became of the
    snapshot's records, as the trainer reported it. `stopped_early` is set where the stop rule ended it.
    """

    training: Training
    snapshot: str
    outline: tuple[float, ...]
    base_loss: float | None
    records: Mapping[str, Any]
    can_resume: bool
    stopped_early: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainingDetails:
    """One training with the metrics and evaluations that it reported, in the order of their steps.

    `checkpoint` is the step of the newest checkpoint. `can_use` says whether the adapter of a stopped
    training can be used as it is. `base_loss` and `records` are those of a `TrainingSummary`. `changed` names
    the files of the base that have changed since the training began, if its adapter is in use. `failed_gate`
    is the table of the check that the training failed. `stopped_early` is that of a `TrainingSummary`.
    """

    training: Training
    snapshot: str
    metrics: list[dict[str, Any]]
    evaluations: list[dict[str, Any]]
    checkpoint: int | None
    can_resume: bool
    can_use: bool
    base_loss: float | None
    records: Mapping[str, Any]
    changed: tuple[str, ...]
    failed_gate: GateTable | None = None
    stopped_early: bool = False


def training_overview(library: Library) -> TrainingOverview:
    """Return what there is to train on, and the newest training."""
    return TrainingOverview(
        snapshots=list_snapshots(library),
        has_records=count_records(library) > 0,
        trainings=tuple(training_ids(library)),
    )


def training_details(library: Library, training_id: str, *, after_step: int = -1) -> TrainingDetails:
    """Return one training with its events after `after_step`. Raises UserError for an unknown id."""
    training = get_training(library, training_id)
    return TrainingDetails(
        training=training,
        snapshot=_snapshot_name(library, training.snapshot),
        metrics=training_events(library, training_id, "metrics", after_step=after_step),
        evaluations=training_events(library, training_id, "eval", after_step=after_step),
        checkpoint=newest_checkpoint(library, training_id),
        can_resume=can_resume(library, training),
        can_use=can_use_stopped(training),
        base_loss=_base_loss(library, training_id),
        records=_records(library, training_id),
        changed=changed_files(library, training) if training.adapter is not None else (),
        failed_gate=_failed_gate(library, training),
        stopped_early=_stopped_early(library, training),
    )


def _failed_gate(library: Library, training: Training) -> GateTable | None:
    """Return the table of the check that a training failed; None for any other end."""
    if training.run.status != "failed":
        return None
    tables = training_events(library, training.id, GATE)[-1:]
    table = table_from_json(tables[0]["table"]) if tables else None
    return table if table is not None and table.failed else None


def training_history(library: Library, known: Sequence[TrainingSummary] = ()) -> list[TrainingSummary]:
    """Return all trainings, the newest first. Those in `known` that have not changed are not read again."""
    by_id = {one.training.id: one for one in known}
    return [_summary(library, training, by_id.get(training.id)) for training in list_trainings(library)]


def can_resume(library: Library, training: Training) -> bool:
    """Return whether starting the same training again would resume this one."""
    if training.run.status not in UNFINISHED:
        return False
    found = find_unfinished_training(
        library, base=training.base, snapshot=training.snapshot, settings=training.settings
    )
    return found is not None and found.id == training.id


def _summary(library: Library, training: Training, known: TrainingSummary | None) -> TrainingSummary:
    if known and known.training == training and training.run.status != "running":
        return known
    return TrainingSummary(
        training=training,
        snapshot=_snapshot_name(library, training.snapshot),
        outline=tuple(loss_outline(library, training.id)),
        base_loss=_base_loss(library, training.id),
        records=_records(library, training.id),
        can_resume=can_resume(library, training),
        stopped_early=_stopped_early(library, training),
    )


def _stopped_early(library: Library, training: Training) -> bool:
    """Return whether the stop rule ended the training before its last step."""
    ends = training_events(library, training.id, "outcome") if training.run.status == "done" else []
    return bool(ends) and ends[-1].get("ending") == "early"


def _base_loss(library: Library, training_id: str) -> float | None:
    first = next(iter(training_events(library, training_id, "eval")), None)
    return float(first["loss"]) if first is not None and first["step"] == 0 else None


def _records(library: Library, training_id: str) -> Mapping[str, Any]:
    reports = training_events(library, training_id, "report")
    return reports[-1] if reports else {}


def _snapshot_name(library: Library, snapshot: str) -> str:
    try:
        return get_snapshot(library, snapshot).name
    except UserError:
        return snapshot
