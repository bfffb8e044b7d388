"""What the library holds to train on, and the trainings it has."""

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.library.runs import end_run
from orca_desk.library.trainings import Training, add_events, create_training
from orca_desk.paths import bundled_models
from orca_desk.steps.train.history import (
    can_resume,
    training_details,
    training_history,
    training_overview,
)

BASE = bundled_models() / "mini-student"


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def stopped(library, snapshot: str) -> Training:
    made = create_training(library, base=BASE, snapshot=snapshot, settings=QUICK.to_dict())
    metrics = [{"event": "metrics", "step": step, "loss": 3 / step} for step in (1, 2, 3)]
    add_events(library, made.id, [*metrics, {"event": "eval", "step": 2, "loss": 1.0}])
    end_run(library, made.id, "cancelled", "")
    return made


def test_the_overview_names_snapshots_and_the_newest_training(library):
    assert training_overview(library).newest == ""
    snapshot = small_snapshot(library)
    stopped(library, snapshot)
    newest = stopped(library, snapshot)
    found = training_overview(library)
    assert [one.id for one in found.snapshots] == [snapshot]
    assert found.has_records
    assert found.newest == newest.id


def test_only_the_newest_training_of_its_kind_can_be_resumed(library):
    snapshot = small_snapshot(library)
    older, newer = stopped(library, snapshot), stopped(library, snapshot)
    assert [(one.training.id, one.can_resume) for one in training_history(library)] == [
        (newer.id, True),
        (older.id, False),
    ]
    end_run(library, newer.id, "done", "")
    assert not any(one.can_resume for one in training_history(library))
    running = create_training(library, base=BASE, snapshot=snapshot, settings=QUICK.to_dict())
    assert not can_resume(library, running)


def test_an_unchanged_training_is_not_read_again(library):
    stopped(library, small_snapshot(library))
    (first,) = training_history(library)
    assert first.outline
    (again,) = training_history(library, [first])
    assert again is first
    end_run(library, first.training.id, "done", "")
    (changed,) = training_history(library, [first])
    assert changed.training.run.status == "done"


def test_details_hold_the_events_after_a_step(library):
    made = stopped(library, small_snapshot(library))
    details = training_details(library, made.id)
    assert [one["step"] for one in details.metrics] == [1, 2, 3]
    assert [one["step"] for one in details.evaluations] == [2]
    assert details.snapshot == "small"
    assert (details.checkpoint, details.can_resume, details.can_use) == (None, True, False)
    assert [one["step"] for one in training_details(library, made.id, after_step=2).metrics] == [3]
    with pytest.raises(UserError, match="no training"):
        training_details(library, "train-99")
