"""Training a tiny real student from a snapshot to a checked adapter."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks
from gate_here import run_here
from gate_tables import make_table
from safetensors.numpy import load_file, save_file

from orca_desk.errors import FinalError, UserError
from orca_desk.library.database import Library
from orca_desk.library.runs import list_runs
from orca_desk.library.trainings import add_events, get_training, newest_checkpoint, training_events
from orca_desk.models.identify import identify
from orca_desk.parity.gate import STAGE
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate.evaluation import evaluate
from orca_desk.steps.train.base_changes import changed_files
from orca_desk.steps.train.history import can_resume, training_details
from orca_desk.steps.train.request import request_of
from orca_desk.steps.train.training import can_use_stopped, find_or_create, train, use_stopped
from orca_desk.student.convert import write_gguf
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.outcomes import outcome_text

RUN = "train-1"


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture(scope="module")
def stopped_once(tiny_llama, tmp_path_factory):
    """A folder with a student, and a library in which its training was stopped; and a copy of both."""
    place, copy = tmp_path_factory.mktemp("stopped") / "here", tmp_path_factory.mktemp("kept") / "copy"
    base = Path(shutil.copytree(tiny_llama.folder, place / "student"))
    with open_small(place / "library") as library:
        _stop(library, base, small_snapshot(library))
    shutil.copytree(place, copy)
    return place, copy


@pytest.fixture
def gate_here(monkeypatch):
    """The gate without processes of its own, where a test is about something else."""
    monkeypatch.setattr("orca_desk.parity.gate.run_worker", run_here)


@pytest.fixture
def stopped(stopped_once):
    """The library with the stopped training as it was left: a test may go on with it."""
    place, copy = stopped_once
    shutil.rmtree(place)
    shutil.copytree(copy, place)
    with Library.open(place / "library") as library:
        yield library


def _stop(library, base, snapshot):
    """Train until the first evaluation after the start; return the training's id."""
    control = JobControl()

    def stop_soon(event: dict) -> None:
        if event["event"] == "metrics" and event["step"] == 5:
            control.stop()

    trained = train(library, base, snapshot, settings=QUICK, on_event=stop_soon, control=control)
    assert not trained.finished
    return trained.run


@pytest.mark.slow
def test_the_adapter_of_a_stopped_training_can_be_used_as_it_is_and_resumed(stopped):
    assert can_use_stopped(get_training(stopped, RUN))
    used = use_stopped(stopped, RUN)
    assert used.finished and used.parity is not None and used.parity.passed
    training = get_training(stopped, RUN)
    best = min(training_events(stopped, RUN, "eval", after_step=0), key=lambda event: event["loss"])
    assert training.adapter == used.adapter
    assert (training.best_step, training.best_eval) == (best["step"], best["loss"])
    assert used.outcome["base_loss"] == training_events(stopped, RUN, "eval")[0]["loss"]
    assert not can_use_stopped(training)
    with pytest.raises(UserError, match="has not saved an adapter"):
        use_stopped(stopped, RUN)

    # It is not done: it stands where it was stopped, and goes on from there.
    steps = training_events(stopped, RUN, "metrics")[-1]["step"]
    assert (training.run.status, training.run.unit, training.run.done) == ("cancelled", "steps", steps)
    assert training.run.total is not None and training.run.total > steps
    assert can_resume(stopped, training)

    updates: list[Update] = []
    trained = train(stopped, training.base, training.snapshot, settings=QUICK, progress=updates.append)
    assert (trained.run, trained.finished, trained.base_gguf) == (RUN, True, training.base / "model.gguf")
    assert trained.parity is not None and trained.parity.passed
    training = get_training(stopped, RUN)
    assert (training.adapter, training.adapter_gguf) == (trained.adapter, trained.adapter_gguf)
    assert training.run.status == "done"
    steps = trained.outcome["steps"]
    assert [one["step"] for one in training_events(stopped, RUN, "metrics")] == list(range(1, steps + 1))
    assert newest_checkpoint(stopped, RUN) == steps
    assert {"training", "exporting the adapter", STAGE} <= {update.stage for update in updates}
    records = trained.records
    assert records["records"] == records["training"] + records["evaluation"]
    assert (records["dropped"], records["truncated"], records["empty"]) == (0, 0, 0)

    heldout = [task for task in small_tasks(9) if task.split == "heldout"]
    runner = Runner(model=trained.base_gguf, adapter=trained.adapter_gguf, threads=1, context=512)
    assert evaluate(stopped, runner, heldout, sampling=SHORT).finished


@pytest.mark.slow
def test_a_gguf_file_alone_is_trained_like_its_folder(library, tiny_llama, tmp_path, gate_here):
    """From 8 bits: the folder is unpacked once, and made again, byte for byte, where the cache is gone."""
    base, snapshot = tmp_path / "alone.gguf", small_snapshot(library)
    write_gguf(tiny_llama.folder, base, dtype="q8_0")
    first = _stop(library, base, snapshot)
    training = get_training(library, first)
    assert training.base == base
    assert request_of(training).base == base
    shutil.rmtree(library.folder / "cache")
    trained = train(library, base, snapshot, settings=QUICK)
    assert (trained.run, trained.finished) == (first, True)
    assert trained.parity is not None and trained.parity.passed
    assert trained.base_gguf is not None and trained.base_gguf.is_relative_to(library.folder / "cache")
    assert identify(trained.base_gguf).quantisation == "F16"
    assert changed_files(library, get_training(library, first)) == ()
    known = json.loads((trained.adapter / "adapter_config.json").read_text())
    assert known["base_model_name_or_path"] == "alone"


def test_what_cannot_be_trained_is_said_and_noted(library, tiny_llama, tmp_path):
    snapshot = small_snapshot(library)
    with pytest.raises(UserError, match="no snapshot"):
        train(library, tiny_llama.folder, "none")
    with pytest.raises(UserError, match="does not exist"):
        train(library, tmp_path / "nowhere", snapshot)
    with pytest.raises(UserError, match="longer"):
        train(library, tiny_llama.folder, snapshot, settings=TrainSettings(max_length=8, threads=1))
    assert [run.status for run in list_runs(library)] == ["failed", "failed"]


@pytest.mark.slow
def test_a_stopped_adapter_is_not_used_with_another_base(stopped, gate_here):
    config = get_training(stopped, RUN).base / "tokenizer_config.json"
    before = config.read_text()
    settings = json.loads(before)
    settings["chat_template"] = settings["chat_template"].replace("assistant", "helper")
    config.write_text(json.dumps(settings))
    with pytest.raises(UserError, match=r"changed after train-1 began \(tokenizer_config.json\)"):
        use_stopped(stopped, RUN)
    assert get_training(stopped, RUN).adapter is None
    config.write_text(before)
    assert use_stopped(stopped, RUN).finished


@pytest.mark.slow
def test_the_best_step_of_a_stopped_training_is_the_one_in_its_adapter(stopped, gate_here):
    """A trainer that finds the checkpoint of its best evaluation damaged keeps another step's adapter."""
    said = training_events(stopped, RUN, "outcome")[-1]
    assert said["best_step"] is not None
    later = {"event": "outcome", "step": said["step"] + 1, "best_step": None, "best_loss": None}
    add_events(stopped, RUN, [said | later])
    used = use_stopped(stopped, RUN)
    assert used.outcome["best_step"] is None
    assert get_training(stopped, RUN).best_eval is None


def test_an_adapter_that_fails_the_check_is_not_used(library, tiny_llama, monkeypatch):
    """Neither by this training nor, where an earlier part of it was in use, by what is left of that."""
    failed = make_table(effect=0.0, strength=None)
    monkeypatch.setattr("orca_desk.parity.gate.check_files", lambda **options: failed)
    with pytest.raises(UserError, match="The adapter changes nothing") as refused:
        train(library, tiny_llama.folder, small_snapshot(library), settings=QUICK)
    assert "is not used" in refused.value.message and refused.value.hint
    (run,) = list_runs(library, kind="train")
    assert (run.status, get_training(library, run.id).adapter) == ("failed", None)
    assert "The adapter changes nothing" in run.outcome
    table = training_details(library, run.id).failed_gate  # to be shown beside the reason
    assert table == failed


@pytest.mark.slow
def test_a_cache_that_was_deleted_meanwhile_is_named(library, tiny_llama, tmp_path):
    base = tmp_path / "alone.gguf"
    write_gguf(tiny_llama.folder, base, dtype="q8_0")

    def delete(event):
        if event["event"] == "outcome":
            shutil.rmtree(library.folder / "cache")

    with pytest.raises(UserError, match="cache was deleted while the training ran") as gone:
        train(library, base, small_snapshot(library), settings=QUICK, on_event=delete)
    assert "Resume the training" in gone.value.hint


@pytest.mark.slow
def test_a_training_that_diverged_is_not_resumed(library, tiny_llama, tmp_path):
    """It would come to the same step again: the worker says so, and the run remembers it."""
    base = Path(shutil.copytree(tiny_llama.folder, tmp_path / "hopeless"))
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"] *= 1e14  # with the largest alpha, gradients whose squares overflow
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    hopeless, snapshot = replace(QUICK, alpha=1e9), small_snapshot(library)
    with pytest.raises(FinalError, match="diverged"):
        train(library, base, snapshot, settings=hopeless)
    (run,) = list_runs(library, kind="train")
    assert (run.id, run.status, run.is_final) == (RUN, "failed", True)
    assert not can_resume(library, get_training(library, RUN))
    assert outcome_text(run.outcome).endswith("Lower the learning rate, or set dtype to float32.")
    assert find_or_create(library, base, snapshot, hopeless).id == "train-2"
