"""Importing tasks as they are read, so that a file of any size needs little memory."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from orca_desk.formats.rows import BadRow
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks, same_tasks, update_tasks
from orca_desk.method.records import Task
from orca_desk.method.splits import hold_out
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.yielding import yielding

CHUNK = 2_000  # tasks between two checks for a stop
SHOWN = 20  # bad and differing rows to show


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The result of an import.

    `differing` counts rows whose question already existed with other content (answer, split, tags, ...), in
    the library or earlier in the file; `updated` says whether the file's content replaced it. `problems` and
    `examples` are the first 20 bad and differing rows.
    """

    added: int
    already_there: int
    differing: int
    updated: bool
    unreadable: int
    heldout: int
    problems: tuple[BadRow, ...]
    examples: tuple[Task, ...]
    finished: bool


def import_tasks(
    library: Library,
    rows: Iterable[Task | BadRow],
    *,
    heldout: float | None = None,
    update: bool = False,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Imported:
    """Add the tasks of `rows` (see `formats.tasks.read_tasks`); existing ones stay unchanged.

    `heldout` is the percentage to hold out, whatever the rows say. With `update`, a row replaces the task
    with the same question. Each chunk is committed at once, so an interrupted import can be repeated.
    """
    control = control or JobControl()
    meter = Meter(progress, stage="importing", total=None, unit="tasks")
    source = yielding(rows)
    added = same = held = unreadable = 0
    differing = 0
    problems: list[BadRow] = []
    examples: list[Task] = []
    while not control.stopped and (chunk := list(islice(source, CHUNK))):
        bad = [row for row in chunk if isinstance(row, BadRow)]
        tasks = [row for row in chunk if isinstance(row, Task)]
        if heldout is not None:
            tasks = [hold_out(task, heldout) for task in tasks]
        result = add_tasks(library, tasks)
        others = _differing(library, tasks)
        if update:
            update_tasks(library, others)
        added += len(result.added)
        same += len(result.duplicates)
        differing += len(others)
        held += sum(task.split == "heldout" for task in tasks)
        unreadable += len(bad)
        problems += bad[: SHOWN - len(problems)]
        examples += others[: SHOWN - len(examples)]
        meter.advance(len(chunk))
    return Imported(
        added=added,
        already_there=same - differing,
        differing=differing,
        updated=update,
        unreadable=unreadable,
        heldout=held,
        problems=tuple(problems),
        examples=tuple(examples),
        finished=not control.stopped,
    )


def _differing(library: Library, tasks: list[Task]) -> list[Task]:
    """Return the tasks that the library has with other content, under the ids that it has them by."""
    stored = same_tasks(library, tasks)
    found = [replace(task, id=stored[task.id].id) for task in tasks]
    return [task for given, task in zip(tasks, found, strict=True) if stored[given.id] != task]
