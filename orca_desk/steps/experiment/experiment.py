"""The run of an experiment: train every arm with every seed, and evaluate each student under every message.

Each training and each evaluation is a run of its own, stored as it proceeds. The experiment looks for every
one of them by its inputs before it starts it: so it resumes wherever it was cut off, and uses what is there.
The base is evaluated once, then all arms with the first seed, and so on: a stopped experiment has compared
all arms with some seeds rather than some arms with all.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from orca_desk.errors import FinalError
from orca_desk.inventory.student_files import served_file
from orca_desk.library.database import Library
from orca_desk.library.runs import runs_of
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.trainings import Training, get_training, list_trainings
from orca_desk.method.arms import Arm
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Overall, Progress, StoppedError, Update, silent
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.evaluation import evaluate
from orca_desk.steps.experiment.outcome import ExperimentOutcome
from orca_desk.steps.experiment.plan import (
    KIND,
    ExperimentPlan,
    MessageKind,
    checked,
    lost_under,
    system_for,
)
from orca_desk.steps.experiment.preparing import prepare_arms
from orca_desk.steps.experiment.state import (
    Cell,
    cell_key,
    read_state,
    store_arms,
    store_cell,
    with_cell,
)
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run
from orca_desk.steps.train.training import train
from orca_desk.student.settings import TrainSettings

STAGE = "experiment"
UNIT = "parts"  # a training or an evaluation each
OnCell = Callable[[Cell], None]


@dataclass(frozen=True, kw_only=True)
class Experimented:
    """An experiment, as far as this call took it. `seconds` is the duration of this call."""

    run: str
    finished: bool
    seconds: float


def experiment(
    library: Library,
    plan: ExperimentPlan,
    *,
    on_cell: OnCell = lambda cell: None,
    progress: Progress = silent,
    control: JobControl | None = None,
    request: Mapping[str, Any] | None = None,
) -> Experimented:
    """Carry out a plan. `on_cell` gets a cell whenever it has changed, with all that it has found so far.

    The same call resumes an experiment that was stopped or killed. A student whose training is at fault
    (its adapter changes nothing, or computes no numbers) is noted as failed, and the others continue.
    Raises UserError for a plan that cannot be carried out, and where a training or an evaluation cannot.
    """
    began = time.monotonic()
    control = control or JobControl()
    tasks = checked(library, plan)
    run = find_or_create_run(library, KIND, plan.to_json(), request)
    with record_run(library, run, progress=progress) as recorder:
        recorder.unit = UNIT
        work = _Work(library, plan, tasks, recorder, progress, control, on_cell)
        try:
            recorder.finished = work.do()
        except StoppedError:
            recorder.finished = False
        recorder.outcome = work.outcome().to_json()
        return Experimented(run=run, finished=recorder.finished, seconds=time.monotonic() - began)


def parts_of(plan: ExperimentPlan, absent: Sequence[Arm] = ()) -> tuple[int, int]:
    """Return how many trainings and evaluations a plan has, without arms that have no records."""
    students = len(plan.seeds) * sum(arm not in absent for arm in plan.trained)
    return students, (students + (Arm.BASE in plan.arms)) * len(plan.messages)


class _Work:
    """The parts of one experiment, each of which is skipped if it is done."""

    def __init__(
        self,
        library: Library,
        plan: ExperimentPlan,
        tasks: Sequence[Task],
        recorder: RunRecorder,
        progress: Progress,
        control: JobControl,
        on_cell: OnCell,
    ) -> None:
        self._library, self._plan, self._tasks = library, plan, tasks
        self._recorder, self._progress, self._control = recorder, progress, control
        self._on_cell = on_cell
        self._instruction = get_snapshot(library, plan.snapshot).instruction
        self._state = read_state(library, recorder.run)

    def do(self) -> bool:
        """Do all parts; return False if the job was stopped before the last."""
        if not self._state.is_prepared:
            made = prepare_arms(self._library, self._plan, progress=self._progress, control=self._control)
            self._state = replace(made, cells=self._state.cells)
            store_arms(self._library, self._recorder.run, made)
        self._report()
        if Arm.BASE in self._plan.arms and not self._cell(Arm.BASE, None):
            return False
        return all(
            self._cell(arm, seed)
            for seed in self._plan.seeds
            for arm in self._plan.trained
            if arm in self._state.arms
        )

    def outcome(self) -> ExperimentOutcome:
        """Return how much is done."""
        cells = self._state.cells.values()
        trainings, evaluations = self._parts()
        return ExperimentOutcome(
            trained=sum(bool(cell.training) for cell in cells),
            trainings=trainings,
            evaluated=sum(len(cell.evaluations) for cell in cells),
            evaluations=evaluations,
            failed=sum(bool(cell.failure) for cell in cells),
        )

    def _parts(self) -> tuple[int, int]:
        return parts_of(self._plan, self._state.absent)

    def _done(self) -> int:
        cells = self._state.cells.values()
        failed = sum(bool(cell.failure) * (1 + len(self._plan.messages)) for cell in cells)
        return failed + sum(bool(cell.training) + len(cell.evaluations) for cell in cells if not cell.failure)

    def _cell(self, arm: Arm, seed: int | None) -> bool:
        """Train a student, if it is one, and evaluate it under every message; return False after a stop."""
        cell = self._state.cells.get(cell_key(arm, seed)) or Cell(arm=arm, seed=seed)
        if cell.failure:
            return True
        adapter = None
        if seed is not None:
            try:
                training = self._train(arm, seed, cell)
            except FinalError as error:
                self._note(replace(cell, failure=str(error)))
                return True
            if training is None:
                return False
            cell, adapter = self._state.cells[cell.key], training.adapter_gguf
        return all(
            self._evaluate(cell.key, message, adapter)
            for message in self._plan.messages
            if message not in cell.evaluations
        )

    def _train(self, arm: Arm, seed: int, cell: Cell) -> Training | None:
        """Return the finished training of a cell; None after a stop."""
        records, plan = self._state.arms[arm], self._plan
        settings = replace(plan.settings, seed=seed, batch_tokens=records.batch_tokens)
        if cell.training and _is_usable(known := get_training(self._library, cell.training)):
            return known
        if found := finished_training(self._library, plan.base, records.snapshot, settings):
            self._note(replace(cell, training=found.id, reused=(*cell.reused, found.id)))
            return found
        made = train(
            self._library,
            plan.base,
            records.snapshot,
            settings=settings,
            progress=self._tell,
            control=self._control,
        )
        if not made.finished:
            return None
        self._note(replace(cell, training=made.run, seconds=cell.seconds + made.seconds))
        return get_training(self._library, made.run)

    def _evaluate(self, key: str, message: MessageKind, adapter: Path | None) -> bool:
        """Evaluate a cell's student under one message; return False after a stop."""
        library, cell = self._library, self._state.cells.get(key) or Cell(arm=Arm.BASE, seed=None)
        model = served_file(
            library, self._plan.base, adapter=adapter, progress=self._progress, control=self._control
        )
        if model is None:
            return False
        began = time.monotonic()
        found = evaluate(
            library,
            default_runner(library, model, adapter),
            self._tasks,
            system=system_for(message, self._instruction),
            sampling=self._plan.sampling,
            progress=self._tell,
            control=self._control,
            name=f"{self._recorder.run} {key.replace('/', ' ')}, {message}",
            reuse=True,
            forgetting=message is lost_under(self._plan, self._instruction),
        )
        if not found.finished:
            return False
        was_there = found.seconds == 0
        self._note(
            replace(
                cell,
                evaluations={**cell.evaluations, message: found.run},
                reused=(*cell.reused, found.run) if was_there else cell.reused,
                seconds=cell.seconds + (0.0 if was_there else time.monotonic() - began),
            )
        )
        return True

    def _note(self, cell: Cell) -> None:
        """Store a cell, and report it."""
        store_cell(self._library, self._recorder.run, cell)
        self._state = with_cell(self._state, cell)
        self._report()
        self._recorder.save_progress()
        self._on_cell(cell)

    def _tell(self, update: Update) -> None:
        """Pass on the progress of a part, with that of the whole experiment."""
        done, total = self._done(), max(1, sum(self._parts()))
        share = min(1.0, (done + (update.share or 0.0)) / total)
        overall = Overall(step=min(done + 1, total), steps=total, share=share)
        self._progress(replace(update, overall=overall))

    def _report(self) -> None:
        """Report how many parts are done, at the rate at which those that are left will be."""
        done, total = self._done(), sum(self._parts())
        seconds = self._seconds_left()
        rate = (total - done) / seconds if seconds else None
        self._recorder.report(Update(stage=STAGE, done=done, total=total, unit=UNIT, rate=rate))

    def _seconds_left(self) -> float | None:
        """Return the seconds that the rest takes if its parts take as long as the others of their kind.

        A training takes many times as long as an evaluation. None until one of each kind is known.
        """
        cells = self._state.cells.values()
        whole = [cell for cell in cells if not cell.failure]
        trained = [cell.training for cell in whole if cell.training]
        evaluated = [found for cell in whole for found in cell.evaluations.values()]
        trainings, evaluations = self._parts()
        failed = sum(bool(cell.failure) for cell in cells)
        training, evaluation = self._mean_seconds(trained), self._mean_seconds(evaluated)
        if training is None or evaluation is None:
            return None
        students = trainings - len(trained) - failed
        answers = evaluations - len(evaluated) - failed * len(self._plan.messages)
        return students * training + answers * evaluation

    def _mean_seconds(self, runs: Sequence[str]) -> float | None:
        known = [run.seconds for run in runs_of(self._library, runs).values()]
        times = [seconds for seconds in known if seconds is not None]
        return fmean(times) if times else None


def finished_training(
    library: Library, base: Path, snapshot: str, settings: TrainSettings
) -> Training | None:
    """Return the newest finished training with these inputs whose adapter is there; None without one."""
    wanted = settings.to_dict()
    for one in list_trainings(library):
        if (
            one.snapshot == snapshot
            and one.settings == wanted
            and one.base == base.resolve()
            and _is_usable(one)
        ):
            return one
    return None


def _is_usable(training: Training) -> bool:
    return (
        training.run.status == "done"
        and training.adapter_gguf is not None
        and training.adapter_gguf.is_file()
    )
