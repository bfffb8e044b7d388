"""The tasks that strategies are measured on."""

from collections import defaultdict
from collections.abc import Iterable

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Task

MOST_TASKS = 64  # of a family, unless more are asked for


def probe_tasks(
    library: Library, families: Iterable[str] | None, per_family: int, *, needs_answer: bool
) -> dict[str, list[Task]]:
    """Return the tasks to measure with: the first `per_family` training tasks of each family by id.

    Raises UserError for a family without any.
    """
    wanted = None if families is None else set(families)
    by_family: dict[str, list[Task]] = defaultdict(list)
    for task in iterate_tasks(library, TaskFilter(split="train", has_answer=True if needs_answer else None)):
        if wanted is None or task.family in wanted:
            by_family[task.family].append(task)
    missing = (wanted or set()) - by_family.keys()
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
    return {
        family: sorted(by_family[family], key=lambda one: one.id)[:per_family] for family in sorted(by_family)
    }
