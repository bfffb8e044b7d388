"""Ask the teacher again about the task of one record: under another strategy, or with another seed."""

from dataclasses import dataclass

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import known_records
from orca_desk.library.records import get_record, stored_id
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import get_tasks
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.teaching import Ask, Teacher, identify_asks


@dataclass(frozen=True, kw_only=True)
class Regenerated:
    """The record that answers the same task, or None when stopped. `known`: the library already had it."""

    record: str | None
    known: bool


def regenerate(
    library: Library,
    teacher: Runner,
    record_id: str,
    *,
    strategy: str,
    sampling: Sampling,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Regenerated:
    """Have the teacher answer a record's task again. The old record does not change.

    Raises UserError when the task was deleted or the strategy is unknown, and as `generate` does.
    """
    old = get_record(library, record_id).record
    task = get_tasks(library, [old.task_id]).get(old.task_id)
    if task is None:
        raise UserError("The task of this record was deleted.", "Import the task again first.")
    asked = Ask(task=task, strategy=get_strategy(library, strategy))
    used = Teacher.of(library, teacher)
    (identity,) = identify_asks([asked], teacher=used, sampling=sampling)
    known = bool(known_records(library, [identity]))
    if not known:
        generate(
            library,
            teacher,
            [task],
            strategy=strategy,
            sampling=sampling,
            progress=progress,
            control=control,
        )
    return Regenerated(record=stored_id(library, identity), known=known)
