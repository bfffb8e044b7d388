"""Taking an import back, and making it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.tasks import delete_rows, free_records, get_tasks
from orca_desk.method.records import Task
from orca_desk.steps.collect.imported import ImportUndo
from orca_desk.steps.regrading import bring_back, replace_tasks


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What `take_back` removed and replaced: `put_back` makes the import again."""

    deleted: DeletedTasks
    replaced: tuple[Task, ...]


def take_back(library: Library, undo: ImportUndo) -> TakenBack:
    """Delete the tasks that an import added, and restore those that it replaced. Records stay.

    Those that only the import held out can be trained on again.
    """
    deleted = delete_rows(library, undo.added)
    free_records(library, undo.newly_held)
    return TakenBack(deleted=deleted, replaced=tuple(_swap(library, undo.replaced, undo.held_out)))


def put_back(library: Library, taken: TakenBack) -> None:
    """Undo `take_back`."""
    bring_back(library, taken.deleted)
    _swap(library, taken.replaced)


def _swap(library: Library, tasks: Sequence[Task], held_out: Mapping[int, bool] = {}) -> list[Task]:
    """Store these tasks in place of those with the same ids, which are returned; leave out deleted ones.

    Their records are graded by the references that are stored, and held out as `held_out` tells.
    """
    present = get_tasks(library, [task.id for task in tasks])
    stored = [task for task in tasks if task.id in present]
    return list(replace_tasks(library, stored, held_out=held_out).before)
