"""What the library holds to train on, and the trainings it has."""

import json
import shutil

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.library.runs import end_run
from orca_desk.library.trainings import Training, add_events, create_training, set_adapter
from orca_desk.paths import bundled_models
from orca_desk.steps.train.history import (
    can_resume,
    training_details,
    training_history,
    training_overview,
)

BASE = bundled_models() / "mini-student"
SUFFIXES = (".json", ".safetensors", ".jinja")  # of the files that a training notes


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
    assert (details.base_loss, details.records, details.changed) == (None, {}, ())
    with pytest.raises(UserError, match="no training"):
        training_details(library, "train-99")


def test_the_loss_before_the_training_and_what_became_of_the_records(library):
    made = stopped(library, small_snapshot(library))
    report = {"event": "report", "records": 32, "training": 30, "limit": 512}
    add_events(library, made.id, [report, {"event": "eval", "step": 0, "loss": 1.4978}])
    details = training_details(library, made.id, after_step=2)
    assert (details.base_loss, details.records["training"]) == (1.4978, 30)
    (summary,) = training_history(library)
    assert (summary.base_loss, summary.records["records"]) == (1.4978, 32)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("tokenizer_config.json", lambda path: path.write_text(path.read_text() + " ")),
        ("model.safetensors", lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0")),
        ("chat_template.jinja", lambda path: path.write_text("new")),
        ("config.json", lambda path: path.write_text(path.read_text() + " ")),
    ],
)
def test_a_base_that_was_changed_after_the_training_is_told(library, tmp_path, name, edit):
    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    snapshot = small_snapshot(library)
    made = create_training(library, base=base, snapshot=snapshot, settings=QUICK.to_dict())
    hashes = {path.name: file_sha256(path) for path in base.iterdir() if path.suffix in SUFFIXES}
    made.folder.mkdir(parents=True)
    (made.folder / "run.json").write_text(json.dumps({"inputs": {"model": hashes}}))
    set_adapter(library, made.id, adapter=made.folder, gguf=None, sha256="a")
    assert training_details(library, made.id).changed == ()
    (base / "README.json").write_text("{}")  # no part of the model
    assert training_details(library, made.id).changed == ()
    edit(base / name)
    assert training_details(library, made.id).changed == (name,)
    shutil.rmtree(base)
    assert training_details(library, made.id).changed == ()
