"""Exporting tasks to a file in chunks, so that an export of any size needs little memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from orca_desk.errors import cannot_write
from orca_desk.formats.tasks import write_tasks
from orca_desk.library.database import Library
from orca_desk.library.tasks import tasks_at
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent

CHUNK = 1_000  # tasks between two checks for a stop


def export_tasks(
    library: Library,
    path: Path,
    rowids: Sequence[int],
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> int | None:
    """Write the tasks in these rows to `path` as `write_tasks` does.

    Returns their number, or None if the job was stopped. Raises UserError if the file cannot be written.
    """
    control = control or JobControl()
    meter = Meter(progress, stage="exporting", total=len(rowids), unit="tasks")

    def read() -> Iterator[Task]:
        for start in range(0, len(rowids), CHUNK):
            control.require_running()
            chunk = rowids[start : start + CHUNK]
            yield from (task for task in tasks_at(library, chunk) if task is not None)
            meter.advance(len(chunk))

    try:
        return write_tasks(path, read())
    except StoppedError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
