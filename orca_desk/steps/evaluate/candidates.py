"""What is compared: models, each perhaps with an adapter, under a system message, on the same tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk.inventory.student_files import UNQUANTISED, student_gguf
from orca_desk.library.answers import questions
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation, list_evaluations
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.tasks import TaskFilter, get_tasks, iterate_tasks
from orca_desk.library.trainings import get_training
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.records import Sampling, Task
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.evaluation import Evaluated, System, evaluate

NAMES = "evaluations.names"
START = "desktop.start.evaluate"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One model to evaluate: a GGUF file, or a student's folder, whose GGUF file is then found or made."""

    name: str
    model: Path
    adapter: Path | None = None
    system: System = field(default_factory=System)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Candidates that answer the same tasks: all held-out ones of some families, or so many of each."""

    candidates: tuple[Candidate, ...]
    families: tuple[str, ...]
    per_family: int | None = None
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """What is left of a plan: its candidates, the first of them begun, and the tasks that they answer."""

    candidates: tuple[Candidate, ...]
    tasks: tuple[Task, ...]
    sampling: Sampling


def heldout_tasks(library: Library, families: Sequence[str], per_family: int | None = None) -> list[Task]:
    """Return the held-out tasks with answers of some families, the first `per_family` of each."""
    return [
        task
        for family in families
        for task in iterate_tasks(
            library, TaskFilter(family=family, split="heldout", has_answer=True, limit=per_family)
        )
    ]


def training_candidates(library: Library, training_id: str, models: Sequence[ModelFile]) -> list[Candidate]:
    """Return the base, the tuned student and the teacher of a training, as they are compared.

    Base and student get the message that the student was trained under. The teacher is the one of `models`
    that wrote most of the training's records; it gets each family's strategy, and is left out where it is
    not among `models`. Raises UserError for an unknown training.
    """
    training = get_training(library, training_id)
    snapshot = get_snapshot(library, training.snapshot)
    system = system_of(snapshot.instruction)
    model = _served(training.base)
    candidates = [Candidate(name="base", model=model, system=system)]
    if training.adapter_gguf is not None:
        candidates.append(Candidate(name="tuned", model=model, adapter=training.adapter_gguf, system=system))
    teacher = _teacher_of(library, training.snapshot, models)
    if teacher is not None:
        candidates.append(Candidate(name="teacher", model=teacher, system=System(kind="strategy")))
    return candidates


def system_of(message: str | None) -> System:
    """Return the system message as one is chosen; None stands for each family's strategy."""
    if message is None:
        return System(kind="strategy")
    if message == CAUTIOUS:
        return System(kind="cautious")
    return System(kind="empty") if message == EMPTY else System(kind="own", text=message)


def evaluate_candidate(
    library: Library,
    candidate: Candidate,
    tasks: Sequence[Task],
    *,
    sampling: Sampling,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Evaluated | None:
    """Evaluate one candidate and save its name. Returns None when stopped before the evaluation began.

    Raises what `evaluate` raises.
    """
    control = control or JobControl()
    model: Path | None = candidate.model
    if candidate.model.is_dir():
        model = student_gguf(library, candidate.model, progress=progress, control=control)
    if model is None:
        return None
    found = evaluate(
        library,
        default_runner(library, model, candidate.adapter),
        tasks,
        system=candidate.system,
        sampling=sampling,
        progress=progress,
        control=control,
    )
    set_setting(library, NAMES, {**get_setting(library, NAMES, {}), found.run: candidate.name})
    return found


def evaluation_names(library: Library, evaluations: Sequence[Evaluation]) -> dict[str, str]:
    """Return what each evaluation is called, by id: the name it was given, or what it looks like."""
    given = get_setting(library, NAMES, {})
    return {one.id: str(given.get(one.id) or _likely_name(one)) for one in evaluations}


def keep_start(library: Library, plan: Plan, waiting: Sequence[Candidate]) -> None:
    """Keep what was started, and which of its candidates are not done, for `resume`."""
    set_setting(library, START, {**plan_to_json(plan), "waiting": [_to_json(one) for one in waiting]})


def last_plan(library: Library) -> Plan | None:
    """Return the plan that was started last, if there is one that can be read."""
    kept = get_setting(library, START)
    try:
        return plan_from_json(kept) if kept else None
    except (KeyError, TypeError, ValueError):
        return None  # kept by another version of Orca Desk


def resume(library: Library, evaluation_id: str) -> Resumed:
    """Return what is left of an evaluation; for the newest one also the candidates queued behind it.

    Raises UserError for an unknown evaluation.
    """
    evaluation = get_evaluation(library, evaluation_id)
    ids = [one.task_id for one in questions(library, evaluation_id)]
    candidate = Candidate(
        name=evaluation_names(library, [evaluation])[evaluation_id],
        model=evaluation.model,
        adapter=evaluation.adapter,
        system=system_of(evaluation.system),
    )
    waiting: tuple[Candidate, ...] = ()
    if list_evaluations(library)[0].id == evaluation_id:
        kept = get_setting(library, START) or {}
        waiting = tuple(_from_json(one) for one in kept.get("waiting", []))
    if waiting:
        candidate = replace(candidate, name=waiting[0].name)
    sampling = evaluation.run.settings["sampling"]
    return Resumed(
        candidates=(candidate, *waiting[1:]),
        tasks=tuple(get_tasks(library, ids).values()),
        sampling=Sampling(**{**sampling, "stop": tuple(sampling["stop"])}),
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON values."""
    return {
        "arms": [_to_json(one) for one in plan.candidates],
        "families": list(plan.families),
        "per_family": plan.per_family,
        "sampling": asdict(plan.sampling),
    }


def plan_from_json(value: Mapping[str, Any]) -> Plan:
    """Return the plan that `plan_to_json` wrote."""
    sampling = value["sampling"]
    return Plan(
        candidates=tuple(_from_json(one) for one in value["arms"]),
        families=tuple(value["families"]),
        per_family=value["per_family"],
        sampling=Sampling(**{**sampling, "stop": tuple(sampling["stop"])}),
    )


def _to_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "model": str(candidate.model),
        "adapter": str(candidate.adapter) if candidate.adapter else None,
        "system": asdict(candidate.system),
    }


def _from_json(value: Mapping[str, Any]) -> Candidate:
    return Candidate(
        name=value["name"],
        model=Path(value["model"]),
        adapter=Path(value["adapter"]) if value["adapter"] else None,
        system=System(**value["system"]),
    )


def _served(base: Path) -> Path:
    """Return the GGUF file in a student's folder that `student_gguf` takes, or the folder without one."""
    inside = sorted(base.glob("*.gguf"))
    return min(inside, key=lambda path: identify(path).quantisation not in UNQUANTISED) if inside else base


def _teacher_of(library: Library, snapshot: str, models: Sequence[ModelFile]) -> Path | None:
    row = library.row(
        "SELECT r.model_sha256 FROM snapshot_records AS s JOIN records AS r ON r.id = s.teacher_record_id"
        " WHERE s.snapshot = ? GROUP BY r.model_sha256 ORDER BY count(*) DESC LIMIT 1",
        (snapshot,),
    )
    known = HashCache(library.folder).known()
    paths = (one.path for one in models if row and known.sha256_of(one.files) == row[0])
    return next(paths, None)


def _likely_name(evaluation: Evaluation) -> str:
    if evaluation.adapter is not None:
        return "tuned"
    return "teacher" if evaluation.system_kind == "strategy" else "base"
