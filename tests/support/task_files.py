"""Task files read in one go, as the worker reads them in batches."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from orca_desk.formats.layout import Asked, find_container
from orca_desk.formats.parts import Part
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import DEFAULT_FAMILY, opened, require_task
from orca_desk.method.records import Task


def read_tasks(
    source: Path | BinaryIO, mapping: Mapping[str, str] | None = None, *, family: str = DEFAULT_FAMILY
) -> Iterator[Task | BadRow]:
    """Yield the tasks of a file one by one, and a BadRow for each row that is not a task.

    `mapping` (field -> column) takes precedence over the columns' names; rows without a family get `family`.
    """
    with opened(source) as (stream, path):
        file = TaskFile(stream, path, Asked(mapping=dict(mapping or {}), family=family))
        good, first_bad = 0, None
        for row in file.rows():
            good += isinstance(row, Task)
            if isinstance(row, BadRow):
                first_bad = first_bad or row
            yield row
        require_task(good, first_bad, path)


def parts_of(source: Path) -> tuple[Part, ...]:
    """Return the parts of a source that holds several sets of rows; none for a file of one."""
    with opened(source) as (stream, path):
        container = find_container(stream, path, Asked())
        return container.parts() if container else ()
