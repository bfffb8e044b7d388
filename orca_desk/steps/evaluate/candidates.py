"""The candidates of an evaluation: a training's base, student and teacher; running and resuming them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.moved_bases import training_with_base
from orca_desk.inventory.run_models import find_model
from orca_desk.inventory.student_files import converted_gguf, known_student_gguf, served_file
from orca_desk.inventory.usage import teacher_file
from orca_desk.library.answers import questions
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation, list_evaluations
from orca_desk.library.pairings import unpaired_families
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.tasks import TaskFilter, get_tasks, iterate_tasks
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.records import Sampling, Task
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.evaluation import PER_TASK, System, asked_digest, evaluate
from orca_desk.steps.evaluate.plan import Candidate, Plan, queued_behind
from orca_desk.steps.evaluate.scoring import Evaluated
from orca_desk.steps.recorder import require_unfinished


@dataclass(frozen=True, kw_only=True)
class RemainingPlan:
    """The unfinished rest of a plan: its candidates, of which the first has begun, and their tasks.

    `per_family` limited the tasks of each family, if there was a limit.
    """

    candidates: tuple[Candidate, ...]
    tasks: tuple[Task, ...]
    per_family: int | None
    sampling: Sampling
    forgetting: bool = True


def heldout_tasks(library: Library, families: Sequence[str], per_family: int | None = None) -> list[Task]:
    """Return the held-out tasks of some families that have answers, the first `per_family` of each."""
    return [
        task
        for family in families
        for task in iterate_tasks(
            library, TaskFilter(family=family, split="heldout", has_answer=True, limit=per_family)
        )
    ]


def tasks_of(library: Library, plan: Plan) -> list[Task]:
    """Return the tasks of a plan. Raises UserError where a candidate needs a strategy that a family lacks."""
    if missing := families_without_strategy(library, plan):
        raise UserError(
            f"{_some(missing)}: no strategy yet, and a model gets each family's strategy.",
            "Pair these families on the Strategies page, deselect them, or choose another system message.",
        )
    return heldout_tasks(library, plan.families, plan.per_family)


def _some(families: Sequence[str]) -> str:
    """Return the first families, and how many more there are."""
    more = f" and {len(families) - 3:,} more" if len(families) > 3 else ""
    return f"{', '.join(families[:3])}{more}"


def families_without_strategy(library: Library, plan: Plan) -> tuple[str, ...]:
    """Return the families of a plan that lack a strategy which one of its candidates needs."""
    if not any(candidate.system.kind in PER_TASK for candidate in plan.candidates):
        return ()
    return unpaired_heldout(library, plan.families, plan.per_family)


def unpaired_heldout(
    library: Library, families: Sequence[str], per_family: int | None = None
) -> tuple[str, ...]:
    """Return those of some families that lack a strategy for the tasks that `heldout_tasks` returns."""
    return tuple(
        family
        for family in families
        if unpaired_families(
            library, TaskFilter(family=family, split="heldout", has_answer=True, limit=per_family)
        )
    )


def training_candidates(library: Library, training_id: str, models: Sequence[ModelFile]) -> list[Candidate]:
    """Return the base, the tuned student and the teacher of a training as candidates.

    Base and student get the system message that the student was trained with. The teacher is the one of
    `models` that wrote most of the training's records; it gets each family's strategy. It is missing if it is
    not among `models`. Raises UserError for an unknown training.
    """
    training = training_with_base(library, training_id)
    snapshot = get_snapshot(library, training.snapshot)
    system = system_of(snapshot.instruction)
    base = training.base
    model = known_student_gguf(library, base) or converted_gguf(library, base) or base
    candidates = [Candidate(name="base", model=model, system=system)]
    if training.adapter_gguf is not None:
        candidates.append(Candidate(name="tuned", model=model, adapter=training.adapter_gguf, system=system))
    teacher = teacher_file(library, training.snapshot, models)
    if teacher is not None:
        candidates.append(Candidate(name="teacher", model=teacher, system=System(kind="strategy")))
    return candidates


def system_of(message: str | None) -> System:
    """Return the kind and text of a system message; None means each family's strategy."""
    if message is None:
        return System(kind="strategy")
    if message == CAUTIOUS:
        return System(kind="cautious")
    return System(kind="empty") if message == EMPTY else System(kind="own", text=message)


def asked_under(evaluation: Evaluation) -> System:
    """Return the system message that an evaluation asks its questions under."""
    return System(kind="wrong") if evaluation.system_kind == "wrong" else system_of(evaluation.system)


def evaluate_candidate(
    library: Library,
    candidate: Candidate,
    tasks: Sequence[Task],
    *,
    sampling: Sampling,
    progress: Progress = silent,
    control: JobControl | None = None,
    request: Mapping[str, Any] | None = None,
    forgetting: bool = True,
) -> Evaluated | None:
    """Evaluate one candidate under its name. `request` is stored with the run, to resume it.

    With `forgetting`, a tuned student also answers the general probe.

    Returns None when stopped before the evaluation began. Raises whatever `evaluate` raises.
    """
    control = control or JobControl()
    model = served_file(
        library, candidate.model, adapter=candidate.adapter, progress=progress, control=control
    )
    if model is None:
        return None
    return evaluate(
        library,
        default_runner(library, model, candidate.adapter),
        tasks,
        system=candidate.system,
        sampling=sampling,
        progress=progress,
        control=control,
        name=candidate.name,
        request=request,
        forgetting=forgetting,
    )


def evaluation_names(evaluations: Sequence[Evaluation]) -> dict[str, str]:
    """Return the name of each evaluation by id: the one it was given, or one that fits its model."""
    return {one.id: one.name or _likely_name(one) for one in evaluations}


def remaining_plan(library: Library, evaluation_id: str) -> RemainingPlan:
    """Return the rest of an evaluation; for the newest one also the candidates queued behind it.

    Raises UserError for an unknown evaluation, one that is done or running, one whose model is missing, and
    one whose questions have changed.
    """
    evaluation = get_evaluation(library, evaluation_id)
    require_unfinished(evaluation.run)
    tasks = _unchanged_tasks(library, evaluation)
    candidate = Candidate(
        name=evaluation_names([evaluation])[evaluation_id],
        model=find_model(library, evaluation.model, evaluation.run.settings.get("model")),
        adapter=evaluation.adapter,
        system=asked_under(evaluation),
    )
    is_newest = list_evaluations(library)[0].id == evaluation_id
    queued = queued_behind(evaluation.run.request or {}) if is_newest else ()
    return RemainingPlan(
        candidates=(candidate, *queued),
        tasks=tasks,
        per_family=(evaluation.run.request or {}).get("per_family"),
        forgetting=(evaluation.run.request or {}).get("forgetting", True),
        sampling=Sampling.from_json(evaluation.run.settings["sampling"]),
    )


def _unchanged_tasks(library: Library, evaluation: Evaluation) -> tuple[Task, ...]:
    """Return the tasks of an evaluation. Raises UserError if the rest would be asked or graded otherwise."""
    ids = [one.task_id for one in questions(library, evaluation.id)]
    tasks = tuple(get_tasks(library, ids).values())
    hint = "Start a new evaluation, so that all answers are to the same questions."
    if gone := len(ids) - len(tasks):
        raise UserError(f"{gone:,} of its {len(ids):,} tasks were deleted since {evaluation.id} began.", hint)
    asked = evaluation.run.settings.get("asked")
    if asked != asked_digest(library, tasks, asked_under(evaluation)):
        what = "Tasks or strategies were edited" if asked else "Orca Desk was updated"
        raise UserError(f"{what} since {evaluation.id} began.", hint)
    return tasks


def _likely_name(evaluation: Evaluation) -> str:
    if evaluation.adapter is not None:
        return "tuned"
    return "teacher" if evaluation.system_kind == "strategy" else "base"
