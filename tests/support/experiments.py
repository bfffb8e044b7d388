"""A library with the stored results of an experiment, without any model: answers as the caller draws them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from doubles import QUICK, SHORT, small_snapshot, small_tasks

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.runs import end_run, store_progress
from orca_desk.method.arms import Arm
from orca_desk.method.records import Task
from orca_desk.steps.experiment.plan import KIND, ExperimentPlan, MessageKind, default_plan
from orca_desk.steps.experiment.state import ArmRecords, Cell, ExperimentState, store_arms, store_cell
from orca_desk.steps.recorder import find_or_create_run

IsCorrect = Callable[[Arm, int | None, MessageKind, Task], bool]


def store_experiment(
    library: Library,
    is_correct: IsCorrect,
    *,
    arms: Sequence[Arm] = (Arm.BASE, Arm.ERASED, Arm.NOT_ERASED),
    seeds: Sequence[int] = (0, 1, 2),
    finished: bool = True,
) -> str:
    """Store an experiment on the small tasks, all of whose parts are done; return its run."""
    snapshot = small_snapshot(library)
    plan = default_plan(library, snapshot, Path("student"))
    plan = replace(plan, arms=tuple(arms), seeds=tuple(seeds), settings=QUICK)
    run = find_or_create_run(library, KIND, plan.to_json())
    made = ArmRecords(snapshot=snapshot, records=32, rewritten=30, tokens=20.0, batch_tokens=512)
    store_arms(library, run, ExperimentState(arms=dict.fromkeys(plan.trained, made)))
    for arm in plan.arms:
        for seed in (None,) if arm is Arm.BASE else plan.seeds:
            store_cell(library, run, _cell(library, plan, arm, seed, is_correct))
    store_progress(library, run, done=30, total=30, unit="parts")
    if finished:
        end_run(library, run, "done", "")
    return run


def _cell(library: Library, plan: ExperimentPlan, arm: Arm, seed: int | None, is_correct: IsCorrect) -> Cell:
    tasks = [task for task in small_tasks() if task.split == "heldout"]
    found = {}
    for message in plan.messages:
        evaluation = create_evaluation(
            library,
            model=Path("student"),
            adapter=None,
            system_kind="empty",
            system="",
            questions=[Question.of(task, "step-by-step") for task in tasks],
            settings={"of": [arm, seed, message], "sampling": asdict(SHORT)},
        )
        answers = [
            Answered(
                task_id=task.id,
                response="",
                correct=is_correct(arm, seed, message, task),
                reason="",
                recognised="step-by-step",
                completion_tokens=10,
                finish_reason="stop",
            )
            for task in tasks
        ]
        add_answers(library, evaluation.id, answers)
        end_run(library, evaluation.id, "done", "")
        found[message] = evaluation.id
    return Cell(arm=arm, seed=seed, evaluations=found)
