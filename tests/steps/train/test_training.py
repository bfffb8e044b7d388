"""Training a tiny real student from a snapshot to a checked adapter."""

import pytest
from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks

from orca_desk.errors import UserError
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.trainings import checkpoints, get_training, training_events
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate.evaluation import evaluate
from orca_desk.steps.train.training import can_use_stopped, train, use_stopped
from orca_desk.student.settings import TrainSettings


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
    assert trained.parity.agree
    training = get_training(library, trained.run)
    assert (training.adapter, training.adapter_gguf) == (trained.adapter, trained.adapter_gguf)
    assert training.run.status == "done"
    steps = trained.outcome["steps"]
    assert [one["step"] for one in training_events(library, trained.run, "metrics")] == list(
        range(1, steps + 1)
    )
    assert steps in checkpoints(library, trained.run)
    assert {"training", "exporting the adapter", "parity"} <= {update.stage for update in updates}

    heldout = [task for task in small_tasks(9) if task.split == "heldout"]
    runner = Runner(model=trained.base_gguf, adapter=trained.adapter_gguf, threads=1, context=512)
    assert evaluate(library, runner, heldout, sampling=SHORT).finished


def test_what_cannot_be_trained_is_said_and_noted(library, tiny_llama, tmp_path):
    snapshot = small_snapshot(library)
    with pytest.raises(UserError, match="no snapshot"):
        train(library, tiny_llama.folder, "none")
    with pytest.raises(UserError, match="not a folder"):
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
    assert used.finished and used.parity is not None and used.parity.agree
    training = get_training(library, run)
    best = min(training_events(library, run, "eval", after_step=0), key=lambda event: event["loss"])
    assert (training.run.status, training.adapter) == ("done", used.adapter)
    assert (training.best_step, training.best_eval) == (best["step"], best["loss"])
    assert not can_use_stopped(training)
    with pytest.raises(UserError, match="has not saved an adapter"):
        use_stopped(library, run)
