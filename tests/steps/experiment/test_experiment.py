"""A whole experiment on a tiny real student: stopped, resumed, and used again."""

from dataclasses import replace

import pytest
from doubles import QUICK, SHORT, open_small, small_snapshot
from gate_here import run_here

from orca_desk.errors import FinalError
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.trainings import list_trainings
from orca_desk.method.arms import Arm
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.experiment import experiment as module
from orca_desk.steps.experiment.estimate import estimate_experiment
from orca_desk.steps.experiment.experiment import experiment, parts_of
from orca_desk.steps.experiment.outcome import experiment_from_json
from orca_desk.steps.experiment.plan import MessageKind, default_plan
from orca_desk.steps.experiment.results import results
from orca_desk.steps.experiment.state import Cell, read_state
from orca_desk.ui.words.outcomes import outcome_text

pytest.importorskip("torch")


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def plan(library, tiny_llama):
    return replace(
        default_plan(library, small_snapshot(library), tiny_llama.folder),
        arms=(Arm.BASE, Arm.ERASED),
        seeds=(3,),
        messages=(MessageKind.STRATEGY, MessageKind.WRONG),
        per_family=2,
        settings=replace(QUICK, epochs=1),
        sampling=SHORT,
    )


@pytest.mark.slow
def test_an_experiment_that_was_stopped_goes_on_and_a_finished_one_is_used_again(library, plan, monkeypatch):
    monkeypatch.setattr("orca_desk.parity.gate.run_worker", run_here)
    control, cells = JobControl(), []

    def stop_after_training(cell: Cell) -> None:
        cells.append(cell)
        if cell.training:
            control.stop()

    first = experiment(library, plan, on_cell=stop_after_training, control=control)
    assert not first.finished
    assert get_run(library, first.run).status == "cancelled"
    assert [(cell.arm, bool(cell.training), len(cell.evaluations)) for cell in cells] == [
        (Arm.BASE, False, 1),
        (Arm.BASE, False, 2),
        (Arm.ERASED, True, 0),
    ]
    so_far = results(library, first.run)
    assert (so_far.done, so_far.parts) == (3, 5)

    updates: list[Update] = []
    second = experiment(library, plan, progress=updates.append)
    assert second.finished
    assert second.run == first.run
    assert {"experiment", "evaluating"} <= {update.stage for update in updates}
    run = get_run(library, second.run)
    assert (run.status, run.done, run.total, run.unit) == ("done", 5, 5, "parts")
    assert outcome_text(run.outcome) == "1 training and 4 evaluations. The report says what they show."
    assert len(list_trainings(library)) == 1
    assert len(list_evaluations(library)) == 4
    found = results(library, second.run)
    assert (found.tasks, len(found.shares)) == (4, 2 * 2 * 3)
    assert all(one.seeds == 1 and one.steps and one.trained_tokens for one in found.arms[1:])

    third = experiment(library, plan)
    assert (third.finished, third.run != second.run) == (True, True)
    assert (len(list_trainings(library)), len(list_evaluations(library))) == (1, 4)
    state = read_state(library, third.run)
    assert sum(len(cell.reused) for cell in state.cells.values()) == 5
    assert results(library, third.run).shares == found.shares


def test_an_arm_whose_training_is_at_fault_does_not_end_the_experiment(library, plan, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise FinalError("The adapter changes nothing.", "Train for longer.")

    monkeypatch.setattr(module, "train", fail)
    made = experiment(library, plan)
    assert made.finished
    found = results(library, made.run)
    assert [len(one.failures) for one in found.arms] == [0, 1]
    assert (found.done, found.parts) == (5, 5)
    outcome = experiment_from_json(get_run(library, made.run).outcome)
    assert outcome is not None
    assert (outcome.trained, outcome.evaluated, outcome.failed) == (0, 2, 1)
    assert "1 training cannot be done" in outcome_text(get_run(library, made.run).outcome)


def test_the_time_is_estimated_before(library, plan):
    found = estimate_experiment(library, plan)
    assert (found.trainings, found.evaluations) == parts_of(plan) == (1, 4)
    assert (found.tasks, found.answers) == (4, 4 * 4)
    assert 0 < found.low < found.high
    assert (found.training, found.evaluation) == (None, None)
    assert not list_runs(library)


def test_students_are_expected_to_answer_at_the_length_that_they_learned(library, plan):
    def spread(arm: Arm) -> float:
        found = estimate_experiment(library, replace(one, arms=(arm,)))
        return found.high - found.low

    one = replace(plan, arms=(Arm.ERASED,), sampling=replace(SHORT, max_tokens=400))
    endless = replace(one, sampling=replace(SHORT, max_tokens=100_000))
    assert estimate_experiment(library, one).high == estimate_experiment(library, endless).high
    assert spread(Arm.ANSWER_ONLY) <= spread(Arm.ERASED)
    with_base = replace(one, arms=(Arm.BASE, Arm.ERASED))
    longer = replace(with_base, sampling=endless.sampling)
    assert estimate_experiment(library, with_base).high < estimate_experiment(library, longer).high
