"""A task together with what was made from it."""

from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, count_records, list_records
from orca_desk.library.tasks import tasks_at
from orca_desk.method.records import Task


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """A task, the number of its teacher records, how many were kept or dropped, and the id of the first."""

    task: Task
    records: int
    kept: int
    dropped: int
    first_record: str | None


def task_facts(library: Library, rowid: int) -> TaskFacts | None:
    """Return the task in row `rowid` with its facts, or None if it was deleted."""
    task = tasks_at(library, [rowid])[0]
    if task is None:
        return None
    first = list_records(library, RecordFilter(task_id=task.id, limit=1)).items
    return TaskFacts(
        task=task,
        records=count_records(library, RecordFilter(task_id=task.id)),
        kept=count_records(library, RecordFilter(task_id=task.id, decision="keep")),
        dropped=count_records(library, RecordFilter(task_id=task.id, decision="drop")),
        first_record=first[0].record.id if first else None,
    )
