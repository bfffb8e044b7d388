"""What an import would do with a file's first rows, before anything is imported."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.survey import Survey
from orca_desk.formats.tasks import EXAMPLE, opened
from orca_desk.method.records import Task

LIMIT = 5_000  # rows
SHOWN = 100  # rows of each kind


@dataclass(frozen=True, kw_only=True)
class ImportPreview:
    """The first rows of a file as tasks.

    `file` and `survey` say how it is read, from the `whole` file or the first rows. `rows` are (line, task or
    problem) of the first rows, `problems` the first bad ones, `tasks` all good ones. `bad` counts the others.
    """

    file: TaskFile
    survey: Survey
    rows: tuple[tuple[int, Task | BadRow], ...]
    problems: tuple[BadRow, ...]
    tasks: tuple[Task, ...]
    bad: int

    @property
    def good(self) -> int:
        """How many rows are tasks."""
        return len(self.tasks)

    @property
    def whole(self) -> bool:
        """Whether all rows of the file were read."""
        return self.survey.whole

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns, in order of appearance."""
        return self.survey.columns

    @property
    def mapping(self) -> dict[str, str]:
        """Field -> column as it would be used."""
        return self.survey.mapping


def preview_tasks(
    source: Path | BinaryIO, asked: Asked | None = None, *, limit: int = LIMIT
) -> ImportPreview:
    """Read the first `limit` rows of a file as an import does.

    Unlike that, returns a preview even if no row is readable: another mapping may help. Raises UserError for
    a file that cannot be read, or has no rows.
    """
    with opened(source) as (stream, path):
        file = TaskFile(stream, path, asked or Asked())
        survey = file.survey(limit)
        if not survey.rows:
            raise UserError(f"{path} contains no tasks.", EXAMPLE)
        rows: list[tuple[int, Task | BadRow]] = []
        tasks: list[Task] = []
        problems: list[BadRow] = []
        bad = 0
        for line, row in islice(file.numbered_rows(), limit):
            if isinstance(row, Task):
                tasks.append(row)
            else:
                bad += 1
                problems += [row][: SHOWN - len(problems)]
            if len(rows) < SHOWN:
                rows.append((line, row))
        return ImportPreview(
            file=file, survey=survey, rows=tuple(rows), problems=tuple(problems), tasks=tuple(tasks), bad=bad
        )
