"""What the students of some evaluations lost, and measuring it for an evaluation that left it out."""

from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.inventory.run_models import find_model
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Evaluation, get_evaluation
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.candidates import evaluation_names
from orca_desk.steps.evaluate.comparison import distinct
from orca_desk.steps.evaluate.forgetting import ForgettingReport, forgetting_report, note_forgetting
from orca_desk.steps.recorder import find_or_create_run, record_run

KIND = "forgetting"


@dataclass(frozen=True, kw_only=True)
class StudentLoss:
    """The evaluation of a tuned student, named as among those that it is compared with.

    `report` is None where what it lost was not measured.
    """

    id: str
    name: str
    report: ForgettingReport | None


def student_losses(library: Library, evaluation_ids: Sequence[str]) -> tuple[StudentLoss, ...]:
    """Return what the tuned students among some evaluations lost."""
    evaluations = [get_evaluation(library, one) for one in evaluation_ids]
    names = distinct(evaluation_names(evaluations))
    return tuple(
        StudentLoss(id=one.id, name=names[one.id], report=forgetting_report(library, one.id))
        for one in evaluations
        if one.adapter is not None
    )


def measure_loss(
    library: Library,
    evaluation_id: str,
    *,
    runner: Runner | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> ForgettingReport | None:
    """Measure what the student of an evaluation lost, as a run of its own; None when stopped.

    `runner` says how to run it, as the defaults do otherwise. Raises UserError for an unknown evaluation, and
    for one of a model without an adapter or whose model is missing.
    """
    evaluation = get_evaluation(library, evaluation_id)
    if evaluation.adapter is None:
        raise UserError(
            f"{evaluation_id} is of a model without an adapter, which has no base to compare with.",
            "Choose an evaluation of a tuned student.",
        )
    runner = runner or _runner(library, evaluation)
    run = find_or_create_run(library, KIND, {"evaluation": evaluation_id}, {"evaluation": evaluation_id})
    with record_run(library, run, progress=progress) as recorder:
        recorder.finished = note_forgetting(
            library,
            evaluation_id,
            runner,
            evaluation.system or "",
            progress=recorder.report,
            control=control,
            log=recorder.log,
        )
    return forgetting_report(library, evaluation_id) if recorder.finished else None


def _runner(library: Library, evaluation: Evaluation) -> Runner:
    model = find_model(library, evaluation.model, evaluation.run.settings.get("model"))
    return default_runner(library, model, evaluation.adapter)
