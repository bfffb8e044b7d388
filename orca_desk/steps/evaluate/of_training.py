"""All evaluations of a training's student, and the plan of another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.evaluations import OF_CHECKPOINT
from orca_desk.library.samples import own_families
from orca_desk.library.tasks import families
from orca_desk.library.trainings import Training, get_training
from orca_desk.models.hashes import HashCache
from orca_desk.steps.evaluate.candidates import heldout_tasks, training_candidates
from orca_desk.steps.evaluate.comparison import ListedEvaluation, list_with_answers
from orca_desk.steps.evaluate.plan import Plan

STUDENTS = ("base", "tuned")  # what a training changed, and what it was before


@dataclass(frozen=True, kw_only=True)
class TrainingEvaluation:
    """An evaluation of a training's student; `is_earlier`: of an adapter that was replaced since."""

    listed: ListedEvaluation
    is_earlier: bool


def evaluations_of(
    library: Library, trainings: Sequence[Training]
) -> dict[str, tuple[TrainingEvaluation, ...]]:
    """Return the evaluations of each training's student that have answers, the newest first.

    Those of its checkpoints are left out: they have a plot of their own.
    """
    hashes = HashCache(library.folder)
    listed = [one for one in list_with_answers(library) if not one.evaluation.name.startswith(OF_CHECKPOINT)]
    found = {}
    for training in trainings:
        file = training.adapter_gguf
        now = hashes.sha256(file) if file is not None and file.is_file() else ""
        found[training.id] = tuple(
            TrainingEvaluation(listed=one, is_earlier=one.evaluation.run.settings.get("adapter") != now)
            for one in listed
            if one.evaluation.adapter is not None
            and (one.evaluation.adapter == file or one.evaluation.adapter.parent == training.folder)
        )
    return found


def plan_of_training(library: Library, training_id: str) -> Plan:
    """Return the plan that asks a training's student and its base all held-out tasks, one's own if there are.

    Raises UserError for an unknown training, one without an adapter, and without held-out tasks.
    """
    if get_training(library, training_id).adapter_gguf is None:
        raise UserError(f"{training_id} has no adapter to evaluate.", "Let the training finish first.")
    own = own_families(library)
    wanted = [
        one.family
        for one in families(library)
        if one.heldout and (own is None or one.family in own) and heldout_tasks(library, [one.family], 1)
    ]
    if not wanted:
        raise UserError(
            "There are no held-out tasks with an answer to evaluate on.", "Hold out some on the Tasks page."
        )
    candidates = [one for one in training_candidates(library, training_id, ()) if one.name in STUDENTS]
    return Plan(candidates=tuple(candidates), families=tuple(wanted))
