"""The tasks that strategies are measured on."""

from collections.abc import Iterable

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.first_tasks import first_by_id
from orca_desk.library.tasks import TaskFilter
from orca_desk.library.tasks import families as list_families
from orca_desk.method.records import Task

MOST_TASKS = 64  # of a family, unless more are asked for


def probe_tasks(
    library: Library, families: Iterable[str] | None, per_family: int, *, needs_answer: bool
) -> dict[str, list[Task]]:
    """Return the tasks to measure with: the first `per_family` training tasks of each family by id.

    Raises UserError for a family without any.
    """
    present = {one.family for one in list_families(library) if one.train}
    wanted = present if families is None else set(families)
    answered = True if needs_answer else None
    by_family = {
        family: first_by_id(
            library, TaskFilter(family=family, split="train", has_answer=answered), per_family
        )
        for family in sorted(wanted & present)
    }
    by_family = {family: tasks for family, tasks in by_family.items() if tasks}
    missing = set() if families is None else wanted - by_family.keys()
    if missing or not by_family:
        which = f"of {', '.join(sorted(missing))} " if missing else ""
        if not needs_answer:
            raise UserError(
                f"There is no training task {which}to compare strategies on.", "Import tasks first."
            )
        raise UserError(
            f"No training task {which}has a reference answer, so strategies cannot be compared.",
            "Import tasks with reference answers, grade by agreement or by a judge, or choose the family's"
            " strategy yourself.",
        )
    return by_family
