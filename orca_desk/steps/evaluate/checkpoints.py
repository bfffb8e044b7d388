"""A training over time: its checkpoints answer the same held-out tasks, each as an evaluation of its own.

A training keeps the adapters of some checkpoints. Each is written as GGUF once, beside the training, and
evaluated; step 0 is the base without an adapter. What has been evaluated is not asked again, so the same call
resumes after a stop. In the end only the newest of the files are kept: they are made again when needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.moved_bases import training_with_base
from orca_desk.inventory.student_files import student_folder, student_gguf
from orca_desk.library.answers import heldout_families
from orca_desk.library.database import Library
from orca_desk.library.evaluations import OF_CHECKPOINT, list_evaluations, question_outcomes
from orca_desk.library.locations import CHECKPOINT_FOLDERS, log_folder
from orca_desk.library.samples import own_families
from orca_desk.library.settings import change_setting, get_setting
from orca_desk.library.tasks import TaskFilter, list_tasks
from orca_desk.library.trainings import Training, get_training
from orca_desk.method.records import Sampling, Task
from orca_desk.method.statistics import Share, share_of
from orca_desk.models.gguf_header import read_header
from orca_desk.processes.asking import Runner
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.evaluate.scoring import OVERALL, score

PER_FAMILY = 20  # held-out tasks
ADAPTERS = CHECKPOINT_FOLDERS[1]  # with their GGUF files
FILES_KEPT = 3  # GGUF files of the newest checkpoints, after all were evaluated
SETTING = "checkpoints"  # training id -> [[step, evaluation id], ...]


@dataclass(frozen=True, kw_only=True)
class CheckpointScore:
    """A family, or overall, at a checkpoint: correct answers, those that follow their strategy, tokens."""

    accuracy: Share
    adherence: Share
    mean_tokens: float


@dataclass(frozen=True, kw_only=True)
class EvaluatedCheckpoint:
    """A checkpoint's evaluation; step 0 is the base. `families` has "overall" last."""

    step: int
    evaluation: str
    families: dict[str, CheckpointScore]


@dataclass(frozen=True, kw_only=True)
class CheckpointCurve:
    """The evaluated checkpoints of a training, in order. `steps` are all that have an adapter, and 0.

    `without_file` of the evaluated ones have no GGUF file, by which their tokens could be scored.
    """

    training: str
    checkpoints: tuple[EvaluatedCheckpoint, ...]
    steps: tuple[int, ...]
    system: System = field(default_factory=System)
    without_file: int = 0
    finished: bool = True


def checkpoint_steps(training: Training) -> dict[int, Path]:
    """Return the adapters that a training kept, in PEFT's form, by their step."""
    folder = training.folder / "checkpoints"
    found = [*_steps(folder / "adapters", ""), *_steps(folder, "adapter")]
    return dict(sorted(found))


def evaluate_checkpoints(
    library: Library,
    training_id: str,
    *,
    per_family: int = PER_FAMILY,
    families: Sequence[str] = (),
    system: System | None = None,
    sampling: Sampling | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> CheckpointCurve:
    """Evaluate the base and every kept checkpoint of a training on the first held-out tasks per family.

    Raises UserError if the training kept none, if there are no tasks, and as `evaluate` does.
    """
    control = control or JobControl()
    training, system = training_with_base(library, training_id), system or System()
    adapters = checkpoint_steps(training)
    if not adapters:
        raise UserError(
            f"{training_id} has no checkpoint to evaluate.", "Train with checkpoints: see checkpoint_every."
        )
    tasks = _tasks(library, families, per_family)
    log = log_folder(library) / "checkpoints.log"
    base = student_gguf(library, training.base, progress=progress, control=control, log=log)
    folder = student_folder(library, training.base, progress=progress, control=control, log=log)
    finished = base is not None and folder is not None
    steps: list[tuple[int, Path | None]] = [(0, None), *adapters.items()]
    done: list[list[Any]] = []
    for place, (step, adapter) in enumerate(steps):
        if base is None or folder is None or control.stopped:
            finished = False
            break
        file = None if adapter is None else _gguf(training, step, adapter, folder, control, log)
        if adapter is not None and file is None:
            finished = False
            break
        found = evaluate(
            library,
            Runner(model=base, adapter=file),
            tasks,
            system=system,
            sampling=sampling,
            progress=_beside(progress, step, place, len(steps)),
            control=control,
            name=f"{OF_CHECKPOINT}{training_id}, {f'step {step}' if step else 'base'}",
            reuse=True,
        )
        if not found.finished:
            finished = False
            break
        done.append([step, found.run])
        _note(library, training_id, done, system)
    if finished:
        _thin(training)
    return replace(checkpoint_curve(library, training_id), finished=finished)


def checkpoint_curve(library: Library, training_id: str) -> CheckpointCurve:
    """Return what is known of a training's checkpoints, without asking any.

    Raises UserError if there is no such training.
    """
    training = get_training(library, training_id)
    stored = (get_setting(library, SETTING) or {}).get(training_id) or {}
    existing = {one.id for one in list_evaluations(library)}
    listed = [(step, run) for step, run in stored.get("evaluations", ()) if run in existing]
    files = {path.stem for path in (training.folder / ADAPTERS).glob("step-*.gguf")}
    return CheckpointCurve(
        training=training_id,
        checkpoints=tuple(_scored(library, step, run) for step, run in sorted(listed)),
        steps=(0, *checkpoint_steps(training)),
        system=System(**stored.get("system", {})),
        without_file=sum(step > 0 and f"step-{step}" not in files for step, _ in listed),
    )


def _scored(library: Library, step: int, evaluation: str) -> EvaluatedCheckpoint:
    found = score(library, evaluation)
    following: dict[str, list[bool]] = {}
    for one in question_outcomes(library, evaluation):
        if one.is_answered and one.paired is not None:
            for name in (one.family, OVERALL):
                following.setdefault(name, []).append(one.recognised == one.paired)
    scores = {**found.families, OVERALL: found.overall}
    return EvaluatedCheckpoint(
        step=step,
        evaluation=evaluation,
        families={
            name: CheckpointScore(
                accuracy=one.accuracy,
                adherence=share_of(sum(following.get(name, ())), len(following.get(name, ()))),
                mean_tokens=one.mean_tokens,
            )
            for name, one in scores.items()
        },
    )


def _steps(folder: Path, inside: str) -> list[tuple[int, Path]]:
    return [
        (int(path.name.removeprefix("step-")), path / inside)
        for path in folder.glob("step-*")
        if path.name.removeprefix("step-").isdecimal() and (path / inside / "adapter_config.json").is_file()
    ]


def _tasks(library: Library, families: Sequence[str], per_family: int) -> list[Task]:
    found: list[Task] = []
    for family in families or own_families(library) or heldout_families(library):
        wanted = TaskFilter(family=family, split="heldout", has_answer=True, limit=per_family)
        found += list_tasks(library, wanted).items
    if not found:
        raise UserError(
            "There are no held-out tasks with a reference answer.", "Hold some out on Tasks first."
        )
    return found


def _gguf(
    training: Training, step: int, adapter: Path, base: Path, control: JobControl, log: Path
) -> Path | None:
    """Return the GGUF file of a checkpoint's adapter, made once and again if damaged; None when stopped."""
    out = training.folder / ADAPTERS / f"step-{step}.gguf"
    if is_current(out, adapter):
        return out
    out.parent.mkdir(exist_ok=True)
    part = out.with_suffix(".part.gguf")
    job = {"adapter": str(adapter), "base": str(base), "out": str(part)}
    try:
        if not run_worker("export", job, on_events=lambda events: None, control=control, log=log):
            return None
    except UserError as error:
        if str(adapter) not in error.message:
            raise
        raise UserError(
            f"Step {step} of {training.id} cannot be evaluated: {error.message}",
            f"Remove {adapter}: the other checkpoints are then evaluated without it.",
        ) from error
    part.replace(out)
    return out


def _thin(training: Training) -> None:
    """Remove the GGUF files of all but the newest checkpoints."""
    files = sorted(
        (training.folder / ADAPTERS).glob("step-*.gguf"),
        key=lambda path: int(path.stem.removeprefix("step-")),
    )
    for file in files[:-FILES_KEPT]:
        file.unlink(missing_ok=True)


def is_current(file: Path, adapter: Path) -> bool:
    """Return whether a GGUF file can be read and is no older than the adapter: one cut off is made again."""
    try:
        newest = max(path.stat().st_mtime_ns for path in adapter.iterdir())
        if file.stat().st_mtime_ns < newest:
            return False
        read_header(file)
    except (OSError, UserError):
        return False
    return True


def _beside(progress: Progress, step: int, place: int, count: int) -> Progress:
    """Return a progress that says which checkpoint it is of."""

    def report(update: Update) -> None:
        name = f"step {step:,}" if step else "the base"
        stage = f"{update.stage}, {name} ({place + 1} of {count})"
        progress(
            Update(
                stage=stage,
                done=update.done,
                total=update.total,
                unit=update.unit,
                rate=update.rate,
                message=update.message,
            )
        )

    return report


def _note(library: Library, training_id: str, done: list[list[Any]], system: System) -> None:
    entry = {"evaluations": list(done), "system": {"kind": system.kind, "text": system.text}}
    change_setting(library, SETTING, lambda before: (before or {}) | {training_id: entry})
