"""A run that was cut off anywhere ends with the very bytes of one that was not."""

import itertools
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peft import PeftModel
from tiny_models import TinyModel
from training_records import Going, make_records, quick, require_engine, write_records
from transformers import AutoModelForCausalLM

from orca_desk.student import checkpoints
from orca_desk.student import train as student_train
from orca_desk.student.checkpoints import TrainingProgress
from orca_desk.student.engine import TrainingEngine
from orca_desk.student.loop import CHECKPOINT_SECONDS, Loop
from orca_desk.student.train import TrainOutcome, train

CHILD = """
import json, sys
from pathlib import Path
from training_records import Going
from orca_desk.student.settings import TrainSettings
from orca_desk.student.train import train
job = json.loads(sys.argv[1])
print("ready", flush=True)
settings = TrainSettings.from_dict(job["settings"])
paths = {name: Path(job[name]) for name in ("base", "records", "out")}
train(**paths, settings=settings, control=Going(), emit=lambda event: print(event["event"], flush=True))
"""


class Runs:
    """Runs of one tiny model on one set of records, with one engine."""

    def __init__(self, base: Path, folder: Path, engine: str) -> None:
        self.base, self.folder = base, folder
        # Dropout takes from the engine's random state at each step, so a state that is not restored shows.
        self.settings = quick(dropout=0.1, accumulation=2, batch_tokens=300, engine=engine)
        self.records = write_records(folder / "records.jsonl", make_records(40))
        self.events: list[dict[str, Any]] = []

    def train(self, out: str, control: Going | None = None, **changes: Any) -> TrainOutcome:
        self.events = []
        return train(
            base=self.base,
            records=self.records,
            out=self.folder / out,
            settings=replace(self.settings, **changes),
            emit=self.events.append,
            control=control or Going(),
        )

    def named(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def adapter(self, out: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / out / "adapter").iterdir()}


@pytest.fixture(scope="module", params=["torch", "mlx"])
def runs(request: Any, tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    engine = require_engine(request.param)
    made = Runs(tiny_llama.folder, tmp_path_factory.mktemp("runs"), engine)
    made.train("whole")
    return made


def test_a_run_reports_measures_and_learns(runs: Runs) -> None:
    outcome = runs.train("reporting")
    (report,) = runs.named("report")
    assert report["engine"] == runs.settings.engine
    metrics = runs.named("metrics")
    assert [event["step"] for event in metrics] == list(range(1, report["steps"] + 1))
    assert metrics[-1]["loss"] < metrics[0]["loss"] / 2
    assert metrics[-1]["trained_tokens"] == outcome.trained_tokens == 2 * report["trained_tokens"]
    assert all(event["memory_bytes"] > 0 and event["tokens_per_second"] > 0 for event in metrics)
    evaluations = runs.named("eval")
    assert [event["step"] for event in evaluations][:2] == [0, 4]
    assert outcome.best_loss == min(event["loss"] for event in evaluations[1:])
    assert outcome.ending == "finished"
    json.dumps(runs.events)
    assert runs.adapter("reporting") == runs.adapter("whole")  # two runs are the same


def test_other_seeds_make_other_adapters(runs: Runs) -> None:
    runs.train("seeded", seed=1)
    assert runs.adapter("seeded") != runs.adapter("whole")


def test_stops_at_random_steps_change_nothing(runs: Runs) -> None:
    random = np.random.default_rng()  # Other points each time: the claim is about all of them.
    stops = [int(steps) for steps in random.integers(0, 5, 3)]
    for steps in stops:
        assert runs.train("stopped", Going(steps)).ending == "stopped"
    assert runs.train("stopped").ending == "finished"
    assert runs.adapter("stopped") == runs.adapter("whole"), stops


@pytest.mark.slow
def test_kill_9_at_random_moments_changes_nothing(runs: Runs) -> None:
    random = np.random.default_rng()
    times = 1 if runs.settings.engine == "mlx" else 2  # its import takes a while
    moments = [int(lines) for lines in random.integers(1, 12, times)]
    for lines in moments:
        _kill_after(runs, "killed", lines)
    assert runs.train("killed").ending == "finished"
    assert runs.adapter("killed") == runs.adapter("whole"), moments


def test_a_stopped_run_keeps_what_it_has(runs: Runs) -> None:
    outcome = runs.train("kept", Going(2))
    assert (outcome.ending, outcome.step) == ("stopped", 2)
    assert outcome.adapter is not None and (outcome.adapter / "adapter_model.safetensors").is_file()


def test_a_run_stopped_before_its_first_step_has_no_adapter(runs: Runs) -> None:
    assert runs.train("unbegun", Going(0)).adapter is None


def test_a_pause_saves_waits_and_goes_on(runs: Runs) -> None:
    control = Going(3, "pause")
    runs.train("paused", control)
    kinds = [event["event"] for event in runs.events]
    at = kinds.index("paused")
    assert kinds[at + 1] == "resumed" and control.waits == 1
    assert runs.events[at]["step"] == 3
    assert runs.adapter("paused") == runs.adapter("whole")


def test_a_finished_run_only_gives_its_adapter_again(runs: Runs) -> None:
    before = runs.adapter("whole")
    outcome = runs.train("whole")
    assert outcome.ending == "finished" and not runs.named("metrics")
    assert runs.adapter("whole") == before


def test_slow_steps_are_saved_by_the_time_and_nothing_changes(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runs.settings.engine == "mlx":
        pytest.skip("The clock is the loop's, whichever engine computes")
    seldom = {"checkpoint_every": 1000, "keep_best": False}
    saved: list[int] = []
    save = checkpoints.save

    def note(folder: Path, engine: TrainingEngine, progress: TrainingProgress) -> None:
        saved.append(progress.step)
        save(folder, engine, progress)

    monkeypatch.setattr(checkpoints, "save", note)
    runs.train("by steps", **seldom)
    last = runs.named("metrics")[-1]["step"]
    assert saved == [last]
    clock = itertools.count(step=CHECKPOINT_SECONDS / 2)  # each look is half the time later
    monkeypatch.setattr(student_train, "Loop", partial(Loop, clock=lambda: next(clock)))
    runs.train("by time", **seldom)
    assert set(saved) > {3, last}
    assert runs.adapter("by time") == runs.adapter("by steps")


# peft 0.21 asks transformers 5.23 for an attribute that it has deprecated.
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_peft_loads_the_adapter_and_it_changes_the_model(runs: Runs) -> None:
    base = AutoModelForCausalLM.from_pretrained(runs.base, local_files_only=True)
    ids = base.dummy_inputs["input_ids"]
    before = base(input_ids=ids).logits.detach()
    tuned = PeftModel.from_pretrained(base, runs.folder / "whole" / "adapter")
    assert (tuned(input_ids=ids).logits - before).abs().max() > 0.01


def _kill_after(runs: Runs, out: str, lines: int) -> None:
    """Train in a child process and kill it, without warning, when it has printed so many events."""
    job = {
        "base": str(runs.base),
        "records": str(runs.records),
        "out": str(runs.folder / out),
        "settings": runs.settings.to_dict(),
    }
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[1] / "support"),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", CHILD, json.dumps(job)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        for _, _ in zip(range(lines + 1), child.stdout, strict=False):
            pass
        child.send_signal(signal.SIGKILL)
