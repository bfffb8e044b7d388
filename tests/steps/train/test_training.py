"""Training a tiny real student from a snapshot to a checked adapter."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks
from safetensors.numpy import load_file, save_file

from orca_desk.errors import FinalError, UserError
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.trainings import add_events, get_training, newest_checkpoint, training_events
from orca_desk.models.identify import identify
from orca_desk.parity.gate import STAGE
from orca_desk.parity.limits import LIMITS
from orca_desk.parity.table import GateRow, GateTable
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate.evaluation import evaluate
from orca_desk.steps.train.base_changes import changed_files
from orca_desk.steps.train.history import can_resume, training_details
from orca_desk.steps.train.request import request_of
from orca_desk.steps.train.training import can_use_stopped, train, use_stopped
from orca_desk.student.convert import write_gguf
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.outcomes import outcome_text


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_to_an_adapter_that_llama_cpp_serves(library, tiny_llama):
    control, base, snapshot = JobControl(), tiny_llama.folder, small_snapshot(library)

    def stop_soon(event: dict) -> None:
        if event["event"] == "metrics" and event["step"] == 3:
            control.stop()

    first = train(library, base, snapshot, settings=QUICK, on_event=stop_soon, control=control)
    assert not first.finished
    assert get_run(library, first.run).status == "cancelled"

    updates: list[Update] = []
    trained = train(library, base, snapshot, settings=QUICK, progress=updates.append)
    assert (trained.run, trained.finished, trained.base_gguf) == (first.run, True, tiny_llama.gguf)
    assert trained.parity is not None
    assert trained.parity.passed
    training = get_training(library, trained.run)
    assert (training.adapter, training.adapter_gguf) == (trained.adapter, trained.adapter_gguf)
    assert training.run.status == "done"
    steps = trained.outcome["steps"]
    assert [one["step"] for one in training_events(library, trained.run, "metrics")] == list(
        range(1, steps + 1)
    )
    assert newest_checkpoint(library, trained.run) == steps
    assert {"training", "exporting the adapter", STAGE} <= {update.stage for update in updates}

    heldout = [task for task in small_tasks(9) if task.split == "heldout"]
    runner = Runner(model=trained.base_gguf, adapter=trained.adapter_gguf, threads=1, context=512)
    assert evaluate(library, runner, heldout, sampling=SHORT).finished


@pytest.mark.slow
def test_a_gguf_file_alone_is_trained_like_its_folder(library, tiny_llama, tmp_path):
    """From 8 bits: the folder is unpacked once, and made again, byte for byte, where the cache is gone."""
    base, snapshot = tmp_path / "alone.gguf", small_snapshot(library)
    write_gguf(tiny_llama.folder, base, dtype="q8_0")
    first = _stopped(library, base, snapshot)
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
def test_the_adapter_of_a_stopped_training_can_be_used_as_it_is(library, tiny_llama):
    control, base, snapshot = JobControl(), tiny_llama.folder, small_snapshot(library)

    def stop_soon(event: dict) -> None:
        if event["event"] == "eval" and event["step"] > 0:
            control.stop()

    run = train(library, base, snapshot, settings=QUICK, on_event=stop_soon, control=control).run
    assert can_use_stopped(get_training(library, run))
    used = use_stopped(library, run)
    assert used.finished and used.parity is not None and used.parity.passed
    training = get_training(library, run)
    best = min(training_events(library, run, "eval", after_step=0), key=lambda event: event["loss"])
    assert training.adapter == used.adapter
    assert (training.best_step, training.best_eval) == (best["step"], best["loss"])
    assert used.outcome["base_loss"] == training_events(library, run, "eval")[0]["loss"]
    assert not can_use_stopped(training)
    with pytest.raises(UserError, match="has not saved an adapter"):
        use_stopped(library, run)

    # It is not done: it stands where it was stopped, and goes on from there.
    steps = training_events(library, run, "metrics")[-1]["step"]
    assert (training.run.status, training.run.unit, training.run.done) == ("cancelled", "steps", steps)
    assert training.run.total is not None and training.run.total > steps
    assert can_resume(library, training)
    resumed = train(library, base, snapshot, settings=QUICK)
    assert (resumed.run, resumed.finished) == (run, True)
    assert get_training(library, run).run.status == "done"


@pytest.mark.slow
def test_a_stopped_adapter_is_not_used_with_another_base(library, tiny_llama, tmp_path):
    base = tmp_path / "student"
    shutil.copytree(tiny_llama.folder, base)
    run = _stopped(library, base, small_snapshot(library))
    before = (base / "tokenizer_config.json").read_text()
    settings = json.loads(before)
    settings["chat_template"] = settings["chat_template"].replace("assistant", "helper")
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match=r"changed after train-1 began \(tokenizer_config.json\)"):
        use_stopped(library, run)
    assert get_training(library, run).adapter is None
    (base / "tokenizer_config.json").write_text(before)
    assert use_stopped(library, run).finished


@pytest.mark.slow
def test_the_best_step_of_a_stopped_training_is_the_one_in_its_adapter(library, tiny_llama):
    """A trainer that finds the checkpoint of its best evaluation damaged keeps another step's adapter."""
    run = _stopped(library, tiny_llama.folder, small_snapshot(library))
    said = training_events(library, run, "outcome")[-1]
    assert said["best_step"] is not None
    later = {"event": "outcome", "step": said["step"] + 1, "best_step": None, "best_loss": None}
    add_events(library, run, [said | later])
    used = use_stopped(library, run)
    assert used.outcome["best_step"] is None
    assert get_training(library, run).best_eval is None


def _stopped(library, base, snapshot):
    """Train until the first evaluation after the start; return the training's id."""
    control = JobControl()

    def stop_soon(event: dict) -> None:
        if event["event"] == "metrics" and event["step"] == 5:
            control.stop()

    return train(library, base, snapshot, settings=QUICK, on_event=stop_soon, control=control).run


def _report(**changes: object) -> GateTable:
    fields = {
        "label": "adapter",
        "quantised": False,
        "limits": LIMITS["F16"],
        "prompts": 32,
        "tokens": 1600,
        "tokens_equal": 1600,
        "largest": 0.01,
        "typical": 0.001,
        "effect": 0.5,
        "strength": 1.0,
        "base_largest": 0.01,
    }
    return GateTable(rows=(GateRow(**fields | changes),))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompts_differ": 32}, "reads 32 of 32 prompts as other tokens"),
        ({"vocabulary_differs": True}, "another number of tokens than the student"),
        ({"end_known": False}, "does not stop at the token that ends an answer"),
        ({"tokens_equal": 337, "largest": 25.3}, "337 of 1,600 tokens are equal"),
        ({"base_largest": 25.3}, "not even without the adapter: logits differ by 2530%"),
        ({"tokens_equal": 0, "largest": None}, "numbers that are too large or none"),
        ({"effect": 0.0, "strength": None}, "The adapter changes nothing"),
        ({"strength": 0.1}, "acts at 10% of its strength"),
    ],
)
def test_an_adapter_that_fails_the_check_is_not_used(library, tiny_llama, monkeypatch, changes, says):
    """Neither by this training nor, where an earlier part of it was in use, by what is left of that."""
    monkeypatch.setattr("orca_desk.parity.gate.check_files", lambda **options: _report(**changes))
    with pytest.raises(UserError, match=says) as refused:
        train(library, tiny_llama.folder, small_snapshot(library), settings=QUICK)
    assert "is not used" in refused.value.message and refused.value.hint
    (run,) = list_runs(library, kind="train")
    assert (run.status, get_training(library, run.id).adapter) == ("failed", None)
    assert says in run.outcome
    table = training_details(library, run.id).failed_gate  # to be shown beside the reason
    assert table is not None and table == _report(**changes)


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
    hopeless = replace(QUICK, alpha=1e9)
    for _ in range(2):
        with pytest.raises(FinalError, match="diverged"):
            train(library, base, small_snapshot(library), settings=hopeless)
    runs = list_runs(library, kind="train")
    assert [(run.id, run.status, run.is_final) for run in runs] == [
        ("train-2", "failed", True),
        ("train-1", "failed", True),
    ]
    assert not can_resume(library, get_training(library, "train-2"))
    assert outcome_text(runs[0].outcome).endswith("Lower the learning rate, or set dtype to float32.")


def test_what_became_of_the_records_is_in_the_result(library, tiny_llama, monkeypatch):
    monkeypatch.setattr("orca_desk.parity.gate.check_files", lambda **options: _report())
    settings = replace(QUICK, truncation="drop", max_length=10**6, epochs=1)
    trained = train(library, tiny_llama.folder, small_snapshot(library), settings=settings)
    records = trained.records
    assert records["records"] == records["training"] + records["evaluation"]
    assert (records["dropped"], records["truncated"], records["empty"]) == (0, 0, 0)
